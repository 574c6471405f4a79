//! Which schemas requests and responses hold.

use std::collections::{BTreeMap, BTreeSet};

use xtask_spec::{Node, Operation, Spec};

use crate::inner::inner;

/// Schemas by their places.
pub(crate) type Schemas<'a> = BTreeMap<String, &'a Node>;

/// All schemas that a response may hold, through references and inner schemas.
pub(crate) fn received<'a>(spec: &Spec<'a>, operations: &[Operation<'a>]) -> Schemas<'a> {
    let responses = operations.iter().flat_map(|it| it.node.map("responses"));
    reached(spec, responses.map(|(_, response)| response))
}

/// The same for the body of a request.
pub(crate) fn sent<'a>(spec: &Spec<'a>, operations: &[Operation<'a>]) -> Schemas<'a> {
    let bodies = operations.iter();
    reached(spec, bodies.filter_map(|it| it.node.get("requestBody")))
}

fn reached<'a>(spec: &Spec<'a>, holders: impl Iterator<Item = &'a Node>) -> Schemas<'a> {
    let mut found = BTreeMap::new();
    let contents = holders.flat_map(|holder| spec.resolve(holder).map("content"));
    let mut open: Vec<&Node> = contents.filter_map(|(_, it)| it.get("schema")).collect();
    while let Some(schema) = open.pop() {
        let schema = spec.resolve(schema);
        let pointer = spec.document().pointer(schema.id);
        if found.insert(pointer, schema).is_none() {
            open.extend(inner(schema).map(|(_, it)| it));
        }
    }
    found
}

/// A schema with the members of its `allOf`, and theirs.
pub(crate) fn parts<'a>(spec: &Spec<'a>, schema: &'a Node) -> Vec<&'a Node> {
    let mut parts = vec![spec.resolve(schema)];
    let mut next = 0;
    while let Some(part) = parts.get(next).copied() {
        for member in part.list("allOf").iter().map(|it| spec.resolve(it)) {
            if parts.iter().all(|it| it.id != member.id) {
                parts.push(member);
            }
        }
        next += 1;
    }
    parts
}

/// The names of the properties with a mark, `readOnly` or `writeOnly`, in the parts of a schema.
pub(crate) fn marked<'a>(spec: &Spec<'a>, parts: &[&'a Node], mark: &str) -> BTreeSet<&'a str> {
    let properties = parts.iter().flat_map(|it| it.map("properties"));
    let marked = properties.filter(|(_, property)| spec.resolve(property).flag(mark));
    marked.map(|(name, _)| &**name).collect()
}
