//! Parents with a discriminator, and the components that inherit from them by `allOf`: a value of a child is
//! one of its parent.

use std::collections::{HashMap, HashSet};

use xtask_spec::{Node, NodeId, Spec, unescape};

/// The families of a document.
#[derive(Debug)]
pub(super) struct Families<'a> {
    /// The names of components by what they are.
    names: HashMap<NodeId, &'a str>,
    /// The components that name another in their `allOf`.
    children: HashMap<NodeId, Vec<&'a Node>>,
}

impl<'a> Families<'a> {
    pub(super) fn of(spec: &Spec<'a>) -> Self {
        let mut families = Self {
            names: HashMap::new(),
            children: HashMap::new(),
        };
        let components = spec.root().get("components");
        for (name, node) in components.map(|it| it.map("schemas")).unwrap_or_default() {
            if node.reference().is_none() {
                families.names.insert(node.id, name);
            }
            for member in node.list("allOf") {
                let parent = spec.resolve(member);
                if member.reference().is_some() {
                    families.children.entry(parent.id).or_default().push(node);
                }
            }
        }
        families
    }

    /// The name of a component.
    pub(super) fn name(&self, node: &Node) -> Option<&'a str> {
        self.names.get(&node.id).copied()
    }

    /// Whether a component inherits from a parent directly.
    pub(super) fn is_child(&self, node: &Node, parent: &Node) -> bool {
        let children = self.children.get(&parent.id).into_iter().flatten();
        is_parent(parent) && children.into_iter().any(|child| child.id == node.id)
    }

    /// All that inherit from a parent with a discriminator.
    pub(super) fn descendants(&self, parent: &'a Node) -> Vec<&'a Node> {
        if !is_parent(parent) {
            return Vec::new();
        }
        let mut seen = HashSet::from([parent.id]);
        let mut open = vec![parent];
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            for child in self.children.get(&node.id).into_iter().flatten() {
                if seen.insert(child.id) {
                    found.push(*child);
                    open.push(child);
                }
            }
        }
        found
    }
}

/// Whether a schema stands for those that inherit from it: a discriminator beside alternatives tells these
/// apart.
fn is_parent(node: &Node) -> bool {
    let has = |keyword: &str| node.get(keyword).is_some();
    has("discriminator") && !has("oneOf") && !has("anyOf")
}

/// The values of a discriminator that lead to a component: those that are mapped to it, else its name.
pub(super) fn tags(discriminator: &Node, name: &str) -> Vec<String> {
    let mapping = discriminator.map("mapping").iter();
    let mapped =
        mapping.filter(|(_, target)| target.text().map(last_segment).as_deref() == Some(name));
    let mapped: Vec<String> = mapped.map(|(value, _)| value.to_string()).collect();
    if mapped.is_empty() {
        return vec![name.to_owned()];
    }
    mapped
}

/// The name of the component that a reference leads to.
pub(super) fn last_segment(reference: &str) -> String {
    unescape(reference.rsplit('/').next().unwrap_or(reference))
}
