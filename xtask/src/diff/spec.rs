//! A document as the comparison reads it: with its references followed.

use std::collections::{HashMap, HashSet};

use crate::document::Document;
use crate::finding::{BadInput, Finding};
use crate::node::{Node, escape};
use crate::openapi;

/// A document whose references all lead somewhere, and to an end.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub(super) document: &'a Document,
    components: HashMap<String, &'a Node>,
}

/// The keywords whose members describe the same value as the schema that holds them.
pub(super) const COMBINATORS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

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
        let mut seen = Vec::new();
        while let Some(target) = reference(node).and_then(|target| self.target(target)) {
            if seen.contains(&target.id) {
                break;
            }
            seen.push(target.id);
            node = target;
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
        let mut done = HashSet::new();
        let mut starts: Vec<_> = self.components.values().copied().collect();
        starts.sort_unstable_by_key(|node| node.id);
        for start in starts {
            if self.returns(start, &mut Vec::new(), &mut done) {
                let pointer = self.root().pointer_to(start.id);
                findings.push(Finding::new(
                    pointer,
                    "the definition is cyclic: its `$ref`s lead back to it without a value between",
                    "break the circle: one of its members must not refer back",
                ));
                return;
            }
        }
    }

    fn returns(&self, node: &'a Node, way: &mut Vec<u32>, done: &mut HashSet<u32>) -> bool {
        if way.contains(&node.id) {
            return true;
        }
        if !done.insert(node.id) {
            return false;
        }
        way.push(node.id);
        let members = COMBINATORS.iter().filter_map(|keyword| node.get(keyword));
        let returns = match reference(node).and_then(|target| self.target(target)) {
            Some(target) => self.returns(target, way, done),
            None => members
                .flat_map(Node::items)
                .any(|member| self.returns(member, way, done)),
        };
        way.pop();
        returns
    }
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

fn is_map_of_names(key: &str) -> bool {
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
