//! Schemas whose types get one name. typify takes all of them for the first, without a word.

use std::collections::{BTreeMap, VecDeque};

use xtask_spec::fields::SCHEMA_OR_REFERENCE;
use xtask_spec::{Difference, Fault, Node, Operation, Spec, names, same};

use crate::inner::{Place, inner};

/// Keywords of schemas without which an inner schema gets no type of its own.
const OF_TYPES: [&str; 8] = [
    "allOf",
    "anyOf",
    "enum",
    "maxLength",
    "minLength",
    "oneOf",
    "pattern",
    "properties",
];

pub(super) fn check(spec: &Spec<'_>, operations: &[Operation<'_>]) -> Vec<Fault> {
    let mut first: BTreeMap<String, &Node> = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, schema) in named(spec, operations) {
        let other = *first.entry(name.clone()).or_insert(schema);
        if !same(
            (spec, spec),
            Difference::Code,
            &SCHEMA_OR_REFERENCE,
            (other, schema),
        ) {
            let message = format!("two types become `{name}` in Rust");
            let remedy = "move one to `components/schemas` under another name, and refer to it";
            faults.push(Fault::new(schema.id, message, remedy));
        }
    }
    faults
}

/// The schemas that get types of their own, with the names of these, from the outside to the inside.
pub(crate) fn named<'a>(spec: &Spec<'a>, operations: &[Operation<'a>]) -> Vec<(String, &'a Node)> {
    let mut open = roots(spec, operations);
    let mut named = Vec::new();
    while let Some((holder, schema, role)) = open.pop_front() {
        let title = schema.field("title").filter(|_| role != Role::Component);
        let name = title.map_or(holder, names::of_type);
        let has_type = OF_TYPES.iter().any(|it| schema.get(it).is_some());
        open.extend(inner(schema).map(|(place, it)| match place {
            Place::Property(property) => {
                (name.clone() + &names::of_type(property), it, Role::Inner)
            }
            Place::Item => (format!("{name}Item"), it, Role::Inner),
            Place::Value => (format!("{name}Value"), it, Role::Inner),
            Place::Combined | Place::Excluded => (name.clone(), it, Role::Member),
        }));
        match role {
            Role::Inner if !has_type => {}
            Role::Member if !has_type || title.is_none() => {}
            _ => named.push((name, schema)),
        }
    }
    named
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Component,
    Inner,
    /// An alternative, or a part of `allOf`, which is named only by its title.
    Member,
}

/// The name of a type, its schema, and what gave it the name.
type Named<'a> = (String, &'a Node, Role);

fn roots<'a>(spec: &Spec<'a>, operations: &[Operation<'a>]) -> VecDeque<Named<'a>> {
    let components = spec.root().pointer("/components/schemas");
    let components = components.map_or(&[][..], Node::entries).iter();
    let mut roots: VecDeque<_> = components
        .map(|(name, schema)| (names::of_type(name), schema, Role::Component))
        .collect();
    for operation in operations {
        let id = operation.id().unwrap_or_default();
        let body = operation.node.get("requestBody").map(|it| spec.resolve(it));
        let content = body.map_or(&[][..], |it| it.map("content")).iter();
        let body = content.map(|(_, it)| ("body", it));
        let parameters = operation.parameters(spec).into_iter();
        let parameters = parameters.map(|(_, it)| (it.field("name").unwrap_or_default(), it));
        roots.extend(body.chain(parameters).filter_map(|(name, holder)| {
            let name = names::of_type(&format!("{id}-{name}"));
            Some((name, holder.get("schema")?, Role::Inner))
        }));
    }
    roots
}
