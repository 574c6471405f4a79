//! The parts of two documents in which their generated code can differ. A generator that is given
//! these alone is done at once, however large the documents are.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use super::operations::Operation;
use crate::node::{Node, escape};

type Names<'a> = BTreeSet<&'a str>;
type Key<'a> = (&'a str, &'static str);

/// Both documents without the operations and components that are the same in both and lead to
/// nothing that isn't.
pub(super) fn parts(base: &Node, revision: &Node) -> (Value, Value) {
    let (old, new) = (Graph::of(base), Graph::of(revision));
    let mut affected: BTreeSet<String> = BTreeSet::new();
    for name in old.components.keys().chain(new.components.keys()) {
        let (before, after) = (old.components.get(name), new.components.get(name));
        if before.map(|it| it.node) != after.map(|it| it.node) {
            affected.insert(name.clone());
        }
    }
    while old.spread(&mut affected) | new.spread(&mut affected) {}
    let mut operations: BTreeSet<Key<'_>> = BTreeSet::new();
    for key in old.operations.keys().chain(new.operations.keys()) {
        let (before, after) = (old.operations.get(key), new.operations.get(key));
        let same = match (before, after) {
            (Some(before), Some(after)) => before.is_same(after) && !before.leads_to(&affected),
            _ => false,
        };
        if !same {
            operations.insert(*key);
        }
    }
    // Only with the others of its name does the generator see that it is taken.
    let taken: BTreeSet<String> = [&old, &new]
        .iter()
        .flat_map(|graph| graph.methods())
        .filter(|(key, _)| operations.contains(key))
        .map(|(_, method)| method)
        .collect();
    for (key, method) in old.methods().chain(new.methods()) {
        if taken.contains(&method) {
            operations.insert(key);
        }
    }
    // What one of the two needs is kept in both: it would be taken for new or gone.
    loop {
        let before = (affected.len(), operations.len());
        old.complete(&mut affected, &mut operations);
        new.complete(&mut affected, &mut operations);
        if before == (affected.len(), operations.len()) {
            break;
        }
    }
    (
        old.extract(&affected, &operations),
        new.extract(&affected, &operations),
    )
}

/// What refers to what in a document.
struct Graph<'a> {
    root: &'a Node,
    /// By the reference to it.
    components: BTreeMap<String, Component<'a>>,
    operations: BTreeMap<Key<'a>, Endpoint<'a>>,
}

struct Component<'a> {
    node: &'a Node,
    references: Names<'a>,
}

struct Endpoint<'a> {
    operation: Operation<'a>,
    references: Names<'a>,
    /// Those of its responses.
    received: Names<'a>,
}

impl Endpoint<'_> {
    fn is_same(&self, other: &Self) -> bool {
        let parameters = |it: &Self| it.operation.item.get("parameters").cloned();
        self.operation.node == other.operation.node && parameters(self) == parameters(other)
    }

    fn leads_to(&self, affected: &BTreeSet<String>) -> bool {
        self.references.iter().any(|name| affected.contains(*name))
    }
}

impl<'a> Graph<'a> {
    fn of(root: &'a Node) -> Self {
        let mut components = BTreeMap::new();
        for (section, members) in root
            .get("components")
            .map(Node::entries)
            .unwrap_or_default()
        {
            for (name, node) in members.entries() {
                let references = references(node);
                let pointer = format!("#/components/{section}/{}", escape(name));
                components.insert(pointer, Component { node, references });
            }
        }
        let operations = Operation::all(root).into_iter().map(|operation| {
            let mut all = references(operation.node);
            all.extend(
                operation
                    .item
                    .get("parameters")
                    .map(references)
                    .unwrap_or_default(),
            );
            let responses = operation.node.get("responses");
            let endpoint = Endpoint {
                operation,
                references: all,
                received: responses.map(references).unwrap_or_default(),
            };
            ((operation.path, operation.method), endpoint)
        });
        Self {
            root,
            operations: operations.collect(),
            components,
        }
    }

    /// The operations with the names of their methods.
    fn methods(&self) -> impl Iterator<Item = (Key<'a>, String)> {
        let operations = self.operations.iter();
        operations.map(|(key, it)| (*key, it.operation.name().to_snake_case()))
    }

    /// Adds what refers to what is affected. Whether there was any.
    fn spread(&self, affected: &mut BTreeSet<String>) -> bool {
        let more: Vec<String> = self
            .components
            .iter()
            .filter(|(name, component)| {
                !affected.contains(*name)
                    && component.references.iter().any(|it| affected.contains(*it))
            })
            .map(|(name, _)| name.clone())
            .collect();
        let any = !more.is_empty();
        affected.extend(more);
        any
    }

    /// What references lead to, directly and indirectly.
    fn reach<'n>(&'n self, from: impl IntoIterator<Item = &'n str>) -> BTreeSet<&'n str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = from.into_iter().collect();
        while let Some(name) = open.pop() {
            if let Some((name, component)) = self.components.get_key_value(name)
                && reached.insert(name.as_str())
            {
                open.extend(component.references.iter().copied());
            }
        }
        reached
    }

    /// The components that some components and operations lead to, these included.
    fn needed<'n>(
        &'n self,
        components: &'n BTreeSet<String>,
        operations: &BTreeSet<Key<'a>>,
    ) -> Names<'n> {
        let endpoints = operations.iter().filter_map(|key| self.operations.get(key));
        let sent = endpoints.flat_map(|it| it.references.iter().copied());
        self.reach(sent.chain(components.iter().map(String::as_str)))
    }

    /// What leads to one of some components, these included.
    fn leading(&self, to: &Names<'_>) -> BTreeSet<String> {
        let mut leading: BTreeSet<String> = to.iter().map(|name| (*name).to_owned()).collect();
        while self.spread(&mut leading) {}
        leading
    }

    /// Adds what is needed by what is there already.
    fn complete(&self, components: &mut BTreeSet<String>, operations: &mut BTreeSet<Key<'a>>) {
        let needed = self.needed(components, operations);
        let endpoints = operations.iter().filter_map(|key| self.operations.get(key));
        let mut received = self.reach(endpoints.flat_map(|it| it.received.iter().copied()));
        // What a response holds is generated in another way, so that it must be held by one here too.
        let missing: Names<'_> = needed.difference(&received).copied().collect();
        let leading = self.leading(&missing);
        for (key, endpoint) in &self.operations {
            let from = endpoint.received.iter().copied();
            let from: Names<'_> = from.filter(|name| leading.contains(*name)).collect();
            if from.is_empty() || operations.contains(key) {
                continue;
            }
            let reached = self.reach(from);
            if reached
                .iter()
                .any(|it| missing.contains(it) && !received.contains(it))
            {
                received.extend(reached);
                operations.insert(*key);
            }
            if missing.is_subset(&received) {
                break;
            }
        }
        let needed = self.needed(components, operations);
        let needed: Vec<String> = needed.into_iter().map(str::to_owned).collect();
        components.extend(needed);
    }

    fn extract(&self, components: &BTreeSet<String>, operations: &BTreeSet<Key<'a>>) -> Value {
        let mut out = Map::new();
        for (field, value) in self.root.entries() {
            let value = match &**field {
                "paths" => self.paths(operations),
                "components" => self.sections(components),
                _ => value.to_value(),
            };
            out.insert(field.to_string(), value);
        }
        Value::Object(out)
    }

    fn paths(&self, operations: &BTreeSet<Key<'a>>) -> Value {
        let mut paths = Map::new();
        for (path, item) in self
            .root
            .get("paths")
            .map(Node::entries)
            .unwrap_or_default()
        {
            let methods: Vec<&str> = operations
                .iter()
                .filter(|(of, _)| **of == **path)
                .map(|(_, method)| *method)
                .collect();
            if methods.is_empty() {
                continue;
            }
            let fields = item.entries().iter().filter(|(field, _)| {
                !crate::openapi::METHODS.contains(&&**field) || methods.contains(&&**field)
            });
            let item = fields.map(|(field, value)| (field.to_string(), value.to_value()));
            paths.insert(path.to_string(), item.collect::<Map<_, _>>().into());
        }
        paths.into()
    }

    fn sections(&self, kept: &BTreeSet<String>) -> Value {
        let mut sections = Map::new();
        for (section, members) in self
            .root
            .get("components")
            .map(Node::entries)
            .unwrap_or_default()
        {
            let members = members.entries().iter().filter(|(name, _)| {
                kept.contains(&format!("#/components/{section}/{}", escape(name)))
            });
            let members = members.map(|(name, member)| (name.to_string(), member.to_value()));
            sections.insert(section.to_string(), members.collect::<Map<_, _>>().into());
        }
        sections.into()
    }
}

fn references(node: &Node) -> Names<'_> {
    let mut names = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        names.extend(node.field("$ref"));
        open.extend(node.items());
        open.extend(node.entries().iter().map(|(_, value)| value));
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Document;

    fn spec(changed: &str) -> Node {
        let operation = |id: &str, schema: &str| {
            json!({ "post": { "operationId": id, "responses": { "200": { "content": {
                "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } },
            } } } } })
        };
        let text = json!({
            "paths": {
                "/a": operation("a", "Holder"),
                "/b": operation("b", "Other"),
                "/c": operation("c", "Shared"),
            },
            "components": { "schemas": {
                "Holder": { "properties": {
                    "inner": { "$ref": "#/components/schemas/Inner" },
                    "shared": { "$ref": "#/components/schemas/Shared" },
                } },
                "Inner": { "type": changed },
                "Shared": { "type": "string" },
                "Other": { "type": "string" },
            } },
        });
        let name = "spec.json".to_owned();
        Document::parse(name, text.to_string()).unwrap().root
    }

    #[test]
    fn what_leads_to_a_change_is_kept_with_all_that_it_needs() {
        let (base, revision) = parts(&spec("string"), &spec("integer"));
        for part in [&base, &revision] {
            let keys = |value: &Value| -> Vec<String> {
                value.as_object().unwrap().keys().cloned().collect()
            };
            assert_eq!(keys(&part["paths"]), ["/a"]);
            assert_eq!(
                keys(&part["components"]["schemas"]),
                ["Holder", "Inner", "Shared"]
            );
        }
        assert_eq!(base["components"]["schemas"]["Inner"]["type"], "string");
        assert_eq!(
            revision["components"]["schemas"]["Inner"]["type"],
            "integer"
        );
    }

    #[test]
    fn what_only_one_document_leads_to_is_kept_in_both() {
        let refers_to = |target: &str| {
            let text = json!({
                "paths": { "/a": { "post": { "responses": { "200": { "content": {
                    "application/json": { "schema": {
                        "$ref": format!("#/components/schemas/{target}"),
                    } },
                } } } } } },
                "components": { "schemas": {
                    "One": { "type": "string" },
                    "Other": { "type": "string" },
                } },
            });
            let name = "spec.json".to_owned();
            Document::parse(name, text.to_string()).unwrap().root
        };
        let (base, revision) = parts(&refers_to("One"), &refers_to("Other"));
        for part in [base, revision] {
            let schemas = part["components"]["schemas"].as_object().unwrap();
            assert_eq!(schemas.keys().collect::<Vec<_>>(), ["One", "Other"]);
        }
    }

    #[test]
    fn the_same_documents_have_no_parts() {
        let (base, _) = parts(&spec("string"), &spec("string"));
        assert_eq!(base["paths"], json!({}));
        assert_eq!(base["components"]["schemas"], json!({}));
    }
}
