//! A document as the comparison reads it: with its references followed.

use std::collections::{HashMap, HashSet};

use super::words;
use xtask_spec::document::Document;
use xtask_spec::finding::{BadInput, Finding};
use xtask_spec::node::{Data, Node, escape};
use xtask_spec::openapi::{self, METHODS};

/// A document whose references all lead somewhere, and to an end.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub(super) document: &'a Document,
    components: HashMap<String, &'a Node>,
}

/// The keywords whose members describe the same value as the schema that holds them.
const COMBINATORS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

impl<'a> Spec<'a> {
    /// Checks what the comparison relies on. Whatever else is wrong with a document is for
    /// `codegen` to say: a diff of it may still be wanted.
    pub(super) fn new(document: &'a Document) -> Result<Self, BadInput> {
        openapi::version(document)?;
        let root = &document.root;
        if !root.get("paths").is_some_and(Node::is_map) {
            return Err(document.refused(&[Finding::new(
                if root.get("paths").is_some() {
                    "/paths"
                } else {
                    ""
                },
                "is not an OpenAPI document: it has no mapping `paths`",
                "write an OpenAPI 3.0 document; `paths: {}` if it has none",
            )]));
        }
        let shapes = shapes(root);
        if !shapes.is_empty() {
            return Err(document.refused(&shapes));
        }
        let mut components = HashMap::new();
        for (section, members) in root
            .get("components")
            .map(Node::entries)
            .unwrap_or_default()
        {
            for (name, member) in members.entries() {
                let pointer = format!("#/components/{section}/{}", escape(name));
                components.insert(pointer, member);
            }
        }
        let spec = Self {
            document,
            components,
        };
        let mut findings = Vec::new();
        spec.check(root, false, &mut findings);
        if findings.is_empty() {
            spec.check_ends(&mut findings);
        }
        if findings.is_empty() {
            Ok(spec)
        } else {
            Err(document.refused(&findings))
        }
    }

    pub(super) fn root(&self) -> &'a Node {
        &self.document.root
    }

    /// The value that is meant, at the end of all references.
    pub(super) fn resolve(&self, mut node: &'a Node) -> &'a Node {
        // Circles are refused before anything is compared; the bound is for the way there.
        for _ in 0..=self.components.len() {
            match reference(node).and_then(|target| self.target(target)) {
                Some(target) => node = target,
                None => break,
            }
        }
        node
    }

    /// A key's value, resolved.
    pub(super) fn get(&self, node: &'a Node, key: &str) -> Option<&'a Node> {
        Some(self.resolve(node.get(key)?))
    }

    /// A component by its section and name.
    pub(super) fn component(&self, section: &str, name: &str) -> Option<&'a Node> {
        let pointer = format!("#/components/{section}/{}", escape(name));
        self.components.get(&pointer).copied()
    }

    fn target(&self, target: &str) -> Option<&'a Node> {
        match self.components.get(target) {
            Some(node) => Some(node),
            None => self.root().pointer(target.strip_prefix('#')?),
        }
    }

    /// Finds references that lead nowhere. Examples, defaults and extensions hold data, in which a
    /// `$ref` is nothing but a key; among properties it is a name.
    fn check(&self, node: &'a Node, names: bool, findings: &mut Vec<Finding>) {
        for item in node.items() {
            self.check(item, false, findings);
        }
        for (key, value) in node.entries() {
            let data =
                matches!(&**key, "example" | "default" | "enum" | "value") || key.starts_with("x-");
            if !names && data {
                continue;
            }
            match value.text() {
                Some(target) if !names && **key == *"$ref" => {
                    findings.extend(self.lost(value, target));
                }
                _ => self.check(value, !names && is_map_of_names(key), findings),
            }
        }
    }

    fn lost(&self, node: &Node, target: &str) -> Option<Finding> {
        let finding = |message, remedy: &str| {
            let pointer = self.root().pointer_to(node.id);
            Some(Finding::new(pointer, message, remedy))
        };
        if !target.starts_with('#') {
            return finding(
                format!("the reference `{target}` leads out of this document"),
                "copy what it leads to into `components` and refer to it there",
            );
        }
        match self.target(target) {
            Some(_) => None,
            None => finding(
                format!("the reference `{target}` leads nowhere: what it names doesn't exist"),
                "correct the name, or add what it names",
            ),
        }
    }

    /// Finds references that come back to themselves without a value between.
    fn check_ends(&self, findings: &mut Vec<Finding>) {
        let mut starts: Vec<_> = self.components.values().copied().collect();
        starts.sort_unstable_by_key(|node| node.id);
        // What is on the way, and what is known to come to an end.
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
                let pointer = self.root().pointer_to(node.id);
                findings.push(Finding::new(
                    pointer,
                    "the definition is cyclic: its `$ref`s lead back to it without a value between",
                    "break the circle: one of its members must not refer back",
                ));
                return;
            }
            open.push(Step::OutOf(node.id));
            if let Some(target) = reference(node).and_then(|target| self.target(target)) {
                open.push(Step::Into(target));
            } else {
                let members = COMBINATORS.iter().filter_map(|keyword| node.get(keyword));
                open.extend(members.flat_map(Node::items).map(Step::Into));
            }
        }
    }
}

/// A step of a walk.
enum Step<'a> {
    Into(&'a Node),
    OutOf(u32),
}

/// Whether two values are the same, references followed, with their words or without.
pub(super) fn same<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    base: &'a Node,
    revision: &'a Node,
    with_words: bool,
) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![(base, revision, false)];
    while let Some((old, new, names)) = open.pop() {
        let (old, new) = (specs.0.resolve(old), specs.1.resolve(new));
        if !seen.insert((old.id, new.id)) {
            continue;
        }
        match (&old.data, &new.data) {
            (Data::Map(_), Data::Map(_)) => {
                let fields = |node: &'a Node| {
                    let entries = node.entries().iter();
                    entries.filter(move |(key, _)| names || with_words || !words::is_words(key))
                };
                if fields(old).count() != fields(new).count() {
                    return false;
                }
                for (key, value) in fields(old) {
                    let Some(other) = new.get(key) else {
                        return false;
                    };
                    // Of these, the order means nothing.
                    let is_set = !names && matches!(&**key, "enum" | "required");
                    if let (true, Data::List(before), Data::List(after)) =
                        (is_set, &value.data, &other.data)
                    {
                        let has_all = |these: &[Node], others: &[Node]| {
                            others.iter().all(|it| these.contains(it))
                        };
                        if !has_all(before, after) || !has_all(after, before) {
                            return false;
                        }
                        continue;
                    }
                    open.push((value, other, !names && is_map_of_names(key)));
                }
            }
            (Data::List(before), Data::List(after)) => {
                if before.len() != after.len() {
                    return false;
                }
                let pairs = before.iter().zip(after);
                open.extend(pairs.map(|(old, new)| (old, new, false)));
            }
            _ if old != new => return false,
            _ => {}
        }
    }
    true
}

/// Values that aren't of the kind that the comparison goes through.
fn shapes(root: &Node) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let mut check = |node: Option<&Node>, is: fn(&Node) -> bool, kind: &str| {
        let wrong_kind = node.filter(|node| !is(node));
        wrong.extend(wrong_kind.map(|node| {
            Finding::new(
                root.pointer_to(node.id),
                format!("is not a {kind}"),
                format!("write a {kind}, as OpenAPI 3.0 has it here"),
            )
        }));
    };
    let is_list = |node: &Node| matches!(node.data, Data::List(_));
    check(root.get("components"), Node::is_map, "mapping");
    for (_, section) in root
        .get("components")
        .map(Node::entries)
        .unwrap_or_default()
    {
        check(Some(section), Node::is_map, "mapping");
    }
    check(root.get("servers"), is_list, "list");
    check(root.get("security"), is_list, "list");
    for (path, item) in root.get("paths").map(Node::entries).unwrap_or_default() {
        if path.starts_with("x-") {
            continue;
        }
        check(Some(item), Node::is_map, "mapping");
        check(item.get("parameters"), is_list, "list");
        for operation in METHODS.iter().filter_map(|method| item.get(method)) {
            check(Some(operation), Node::is_map, "mapping");
            check(operation.get("parameters"), is_list, "list");
            check(operation.get("responses"), Node::is_map, "mapping");
            check(operation.get("requestBody"), Node::is_map, "mapping");
            check(operation.get("security"), is_list, "list");
        }
    }
    wrong
}

/// What a `$ref` says.
pub(super) fn reference(node: &Node) -> Option<&str> {
    node.field("$ref")
}

/// The name of the component that a value refers to.
pub(super) fn component_name(node: &Node) -> Option<&str> {
    reference(node)?
        .strip_prefix("#/components/")?
        .split('/')
        .nth(1)
}

/// Whether the keys of what stands under a key are names, and not fields.
pub(super) fn is_map_of_names(key: &str) -> bool {
    matches!(
        key,
        "properties"
            | "schemas"
            | "responses"
            | "parameters"
            | "examples"
            | "requestBodies"
            | "headers"
            | "securitySchemes"
            | "links"
            | "callbacks"
            | "paths"
            | "content"
            | "encoding"
            | "variables"
            | "mapping"
            | "scopes"
    )
}

/// Whether two documents differ in nothing but words and the order of keys, of which the generator
/// makes doc comments only.
pub(super) fn same_code(base: &Node, revision: &Node, names: bool) -> bool {
    let counts = |key: &str| names || !words::is_words(key);
    match (&base.data, &revision.data) {
        (Data::Map(old), Data::Map(new)) => {
            // By key: to look up each entry would take the square of their number.
            let (old, new) = (by_key(old, counts), by_key(new, counts));
            old.len() == new.len()
                && old.iter().zip(&new).all(|((key, value), (other, now))| {
                    key == other && same_code(value, now, !names && is_map_of_names(key))
                })
        }
        (Data::List(old), Data::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(a, b)| same_code(a, b, false))
        }
        _ => base == revision,
    }
}

fn by_key(entries: &[(Box<str>, Node)], counts: impl Fn(&str) -> bool) -> Vec<&(Box<str>, Node)> {
    let mut sorted: Vec<_> = entries.iter().filter(|(key, _)| counts(key)).collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}
