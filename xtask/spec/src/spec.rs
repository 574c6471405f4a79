//! A document whose references all lead somewhere, and to an end.

use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;

use crate::document::Document;
use crate::fault::{BadInput, Fault};
use crate::node::{Node, NodeId, escape};
use crate::walk::{Reference, Walk, closest};

/// A document of OpenAPI 3.0, with what it refers to.
#[derive(Debug)]
pub struct Spec<'a> {
    document: &'a Document,
    components: HashMap<String, &'a Node>,
    references: Vec<Reference<'a>>,
    schemas: Vec<&'a Node>,
    described: Vec<&'a Node>,
}

impl<'a> Spec<'a> {
    /// Accepts what can be compared, whatever else is wrong with it.
    pub fn new(document: &'a Document) -> Result<Self, BadInput> {
        version(document)?;
        let root = &document.root;
        if root.get("paths").is_none() {
            return Err(document.refused(&Fault::new(
                root.id,
                "is not an OpenAPI document: it has no mapping `paths`",
                "write an OpenAPI 3.0 document; `paths: {}` if it has none",
            )));
        }
        let walk = Walk::of(root);
        document.refuse(&walk.obstacles)?;
        Self::of(document, walk)
    }

    /// Accepts only valid objects.
    pub fn valid(document: &'a Document) -> Result<Self, BadInput> {
        version(document)?;
        let walk = Walk::of(&document.root);
        document.refuse(&walk.faults)?;
        Self::of(document, walk)
    }

    fn of(document: &'a Document, walk: Walk<'a>) -> Result<Self, BadInput> {
        let mut components = HashMap::new();
        for (section, members) in document.root.map("components") {
            for (name, member) in members.entries() {
                components.insert(reference_to(section, name), member);
            }
        }
        let spec = Self {
            document,
            components,
            references: walk.references,
            schemas: walk.schemas,
            described: walk.described,
        };
        let lost = spec.references.iter().filter_map(|it| spec.lost(it));
        document.refuse(&lost.collect::<Vec<_>>())?;
        document.refuse(&spec.endless())?;
        Ok(spec)
    }

    /// The document.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Its value.
    pub fn root(&self) -> &'a Node {
        &self.document.root
    }

    /// Its references.
    pub fn references(&self) -> &[Reference<'a>] {
        &self.references
    }

    /// Its Schema Objects, but for references to one.
    pub fn schemas(&self) -> &[&'a Node] {
        &self.schemas
    }

    /// What may hold a schema with examples of it: parameters, headers, media types.
    pub fn described(&self) -> &[&'a Node] {
        &self.described
    }

    /// The value at the end of all references.
    pub fn resolve(&self, mut node: &'a Node) -> &'a Node {
        // References may still be cyclic here, so the loop is bounded.
        for _ in 0..=self.components.len() {
            match node.reference().and_then(|target| self.target(target)) {
                Some(target) => node = target,
                None => break,
            }
        }
        node
    }

    /// The value of a key, resolved.
    pub fn get(&self, node: &'a Node, key: &str) -> Option<&'a Node> {
        Some(self.resolve(node.get(key)?))
    }

    /// A component by its section and name.
    pub fn component(&self, section: &str, name: &str) -> Option<&'a Node> {
        self.components.get(&reference_to(section, name)).copied()
    }

    fn target(&self, target: &str) -> Option<&'a Node> {
        if let Some(node) = self.components.get(target) {
            return Some(node);
        }
        // A fragment of a URI may have any character percent-encoded.
        let fragment = percent_decode_str(target.strip_prefix('#')?).decode_utf8();
        self.root().pointer(&fragment.ok()?)
    }

    /// Where a reference leads nowhere.
    fn lost(&self, reference: &Reference<'a>) -> Option<Fault> {
        let Reference {
            node,
            target,
            object,
        } = reference;
        let section = object.section;
        if !target.starts_with('#') {
            let message = format!("`{target}` leads out of this document");
            return Some(Fault::new(node.id, message, reference.remedy()));
        }
        if self.target(target).is_some() {
            return None;
        }
        let names = self.root().map("components").iter();
        let names = names.filter(|(name, _)| **name == *section);
        let names = names.flat_map(|(_, members)| members.entries());
        let names: Vec<&str> = names.map(|(name, _)| &**name).collect();
        let name = target.rsplit('/').next().unwrap_or_default();
        let remedy = match closest(name, &names) {
            Some(close) => format!("did you mean '{}'?", reference_to(section, close)),
            None => format!("correct the name, or add `{name}` to `components/{section}`"),
        };
        let message = format!("`{target}` doesn't exist");
        Some(Fault::new(node.id, message, remedy))
    }

    /// References that lead back to themselves within one value, so that following them never ends. A property
    /// or an item that refers back is fine: each step is a value of its own.
    fn endless(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let holders = self
            .references
            .iter()
            .filter_map(|it| self.target(it.target));
        let mut starts: Vec<&Node> = holders.collect();
        starts.sort_unstable_by_key(|node| node.id);
        // The references being followed, and those known to end.
        let mut way = HashSet::new();
        let mut done = HashSet::new();
        let mut open: Vec<Step<'_>> = starts.into_iter().rev().map(Step::Into).collect();
        while let Some(step) = open.pop() {
            let node = match step {
                Step::OutOf(id) => {
                    way.remove(&id);
                    done.insert(id);
                    continue;
                }
                Step::Into(node) if done.contains(&node.id) => continue,
                Step::Into(node) => node,
            };
            if !way.insert(node.id) {
                let pointer = self.document.pointer(node.id);
                let name = pointer.rsplit('/').next().unwrap_or_default();
                faults.push(Fault::new(
                    node.id,
                    format!("`{name}` is defined by itself: its references lead back to it"),
                    "break the circle: one of its members must not refer back",
                ));
                continue;
            }
            open.push(Step::OutOf(node.id));
            if let Some(target) = node.reference().and_then(|target| self.target(target)) {
                open.push(Step::Into(target));
            } else {
                let listed = ["allOf", "oneOf", "anyOf"].iter();
                let members = listed.flat_map(|keyword| node.list(keyword));
                open.extend(members.chain(node.get("not")).map(Step::Into));
            }
        }
        faults
    }
}

/// A step of a walk.
enum Step<'a> {
    Into(&'a Node),
    OutOf(NodeId),
}

/// Checks that a document says it is OpenAPI 3.0.
fn version(document: &Document) -> Result<(), BadInput> {
    let root = &document.root;
    let (node, message) = match (root.get("openapi"), root.get("swagger")) {
        (Some(version), _) if version.text().is_some_and(|it| it.starts_with("3.0.")) => {
            return Ok(());
        }
        (Some(version), _) => (
            version,
            format!("is OpenAPI {version}; only 3.0 is supported"),
        ),
        (_, Some(version)) => (
            version,
            format!("is Swagger {version}; only OpenAPI 3.0 is supported"),
        ),
        _ => (
            root,
            "is not an OpenAPI document: it has no `openapi` field".to_owned(),
        ),
    };
    let remedy = "write an OpenAPI 3.0 document, with `openapi: 3.0.3`";
    Err(document.refused(&Fault::new(node.id, message, remedy)))
}

fn reference_to(section: &str, name: &str) -> String {
    format!("#/components/{section}/{}", escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> String {
        let text = format!("openapi: 3.0.3\ninfo: {{ title: T, version: '1' }}\n{document}");
        let document = Document::parse("spec.yaml".to_owned(), text).unwrap();
        let [new, valid] = [Spec::new(&document), Spec::valid(&document)].map(|spec| {
            spec.map(drop)
                .map_or_else(|error| error.to_string(), |()| String::new())
        });
        assert_eq!(new, valid);
        new
    }

    fn with_schemas(schemas: &str) -> String {
        format!("paths: {{}}\ncomponents: {{ schemas: {{ {schemas} }} }}\n")
    }

    #[test]
    fn references_without_end_are_refused() {
        let a = "{ $ref: '#/components/schemas/A' }";
        for schema in [
            a.to_owned(),
            format!("{{ allOf: [{a}] }}"),
            format!("{{ anyOf: [{{}}, {{ oneOf: [{a}] }}] }}"),
            format!("{{ not: {a} }}"),
        ] {
            let error = refused(&with_schemas(&format!("A: {schema}")));
            assert!(
                error.contains("#/components/schemas/A: `A` is defined by itself"),
                "{error}"
            );
        }
        let item = "paths: { /a: { $ref: '#/paths/~1b' }, /b: { $ref: '#/paths/~1a' } }\n";
        assert!(refused(item).contains("is defined by itself"));
        for inner in [format!("items: {a}"), format!("properties: {{ a: {a} }}")] {
            assert_eq!(refused(&with_schemas(&format!("A: {{ {inner} }}"))), "");
        }
    }

    #[test]
    fn references_that_lead_nowhere_are_refused() {
        let error = refused("paths: { /a: { $ref: '#/paths/~1b' } }\n");
        assert!(error.contains("`#/paths/~1b` doesn't exist"), "{error}");
        let error = refused(&with_schemas(
            "Pet: {}, A: { not: { $ref: '#/components/schemas/Pat' } }",
        ));
        assert!(
            error.contains("did you mean '#/components/schemas/Pet'?"),
            "{error}"
        );
        // A fragment may be percent-encoded.
        let encoded = "A: {}, B: { not: { $ref: '#/components/schemas/%41' } }";
        assert_eq!(refused(&with_schemas(encoded)), "");
        // Data may look like a reference.
        assert_eq!(
            refused(&with_schemas(
                "A: { example: { $ref: nowhere }, default: { $ref: x } }"
            )),
            ""
        );
    }

    #[test]
    fn a_long_way_of_references_comes_to_an_end() {
        let links = (0..100_000).map(|link| {
            let next = link + 1;
            format!("A{link}: {{ allOf: [{{ $ref: '#/components/schemas/A{next}' }}] }}, ")
        });
        let schemas = format!("{}A100000: {{}}", links.collect::<String>());
        assert_eq!(refused(&with_schemas(&schemas)), "");
    }
}
