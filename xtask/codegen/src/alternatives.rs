//! How the alternatives of `oneOf` and `anyOf` are told apart.
//!
//! The generated code takes the first alternative that can be read, and drops what it doesn't know. Of `anyOf`
//! with objects typify makes a struct that holds all of them, flattened, unless a tag excludes all but one.

use std::collections::BTreeSet;

use xtask_spec::{Data, Fault, Node, Spec};

use crate::sides::parts;

const REMEDY: &str = "give each a `type` of its own, with lists before objects, or a required property with an \
                      `enum` of one value";

/// An alternative, together with the schema that it is an alternative of.
struct Alternative<'a> {
    node: &'a Node,
    types: BTreeSet<&'a str>,
    properties: Vec<(&'a str, &'a Node)>,
    required: BTreeSet<&'a str>,
    /// Whether it may have properties that it doesn't name, and keep them.
    is_map: bool,
}

fn alternatives<'a>(spec: &Spec<'a>, schema: &'a Node, keyword: &str) -> Vec<Alternative<'a>> {
    let alternative = |node| {
        let mut all = parts(spec, node);
        all.extend(parts(spec, schema));
        let properties = all.iter().flat_map(|it| it.map("properties"));
        let properties: Vec<_> = properties
            .map(|(name, it)| (&**name, spec.resolve(it)))
            .collect();
        let required = all.iter().flat_map(|it| it.list("required"));
        let is_open = |it: &&Node| {
            it.get("additionalProperties")
                .is_some_and(|it| !matches!(it.data, Data::Bool(false)))
        };
        Alternative {
            node,
            types: types(spec, &all),
            required: required.filter_map(Node::text).collect(),
            is_map: properties.is_empty() || all.iter().any(is_open),
            properties,
        }
    };
    schema.list(keyword).iter().map(alternative).collect()
}

/// The JSON types of a schema's values. None if they aren't known.
fn types<'a>(spec: &Spec<'a>, parts: &[&'a Node]) -> BTreeSet<&'a str> {
    let is_text = |it: &Node| matches!(it.data, Data::Text(_) | Data::Null);
    let alone = |it: &&'a Node| match it.field("type") {
        Some("integer") => Some("number"),
        None if it.get("properties").is_some() => Some("object"),
        None if !it.list("enum").is_empty() && it.list("enum").iter().all(is_text) => {
            Some("string")
        }
        other => other,
    };
    if let Some(kind) = parts.iter().find_map(alone) {
        return BTreeSet::from([kind]);
    }
    let unions = parts
        .iter()
        .flat_map(|it| [it.list("oneOf"), it.list("anyOf")]);
    let Some(members) = unions.into_iter().find(|it| !it.is_empty()) else {
        return BTreeSet::new();
    };
    let members = members.iter().map(|it| types(spec, &self::parts(spec, it)));
    let members: Vec<_> = members.collect();
    if members.iter().any(BTreeSet::is_empty) {
        return BTreeSet::new();
    }
    members.into_iter().flatten().collect()
}

impl<'a> Alternative<'a> {
    /// Required properties of one value, which the generated code insists on.
    fn tags(&self) -> impl Iterator<Item = &(&'a str, &'a Node)> {
        self.insisted().filter(|(_, it)| it.list("enum").len() == 1)
    }

    /// Properties without which the generated code doesn't read the alternative.
    fn insisted(&self) -> impl Iterator<Item = &(&'a str, &'a Node)> {
        let is_lenient = |node: &Node| {
            let has = |flag: &&str| node.flag(flag);
            node.get("default").is_some() || ["nullable", "readOnly", "writeOnly"].iter().any(has)
        };
        let properties = self.properties.iter();
        properties.filter(move |(name, it)| self.required.contains(name) && !is_lenient(it))
    }

    fn is(&self, types: &[&str]) -> bool {
        self.types.iter().eq(types)
    }

    fn is_tagged_apart(&self, other: &Self) -> bool {
        self.tags().any(|(name, value)| {
            let mut others = other.tags().filter(|(other, _)| other == name);
            others.any(|(_, other)| value.list("enum") != other.list("enum"))
        })
    }

    /// A struct is also read from a list of the values of its fields.
    fn is_of_another_type(&self, later: &Self) -> bool {
        let is_known = !self.types.is_empty() && !later.types.is_empty();
        let is_list = later.types.contains("array") && self.types.contains("object");
        is_known && !is_list && self.types.is_disjoint(&later.types)
    }

    /// Whether a value of a later alternative lacks a property that this one requires.
    fn requires_more(&self, later: &Self) -> bool {
        let is_unknown = |name| later.properties.iter().all(|(other, _)| *other != name);
        !later.is_map && self.is(&["object"]) && self.insisted().any(|(name, _)| is_unknown(*name))
    }

    /// Whether one struct of both would write a property twice, or a default of the one that isn't meant.
    fn is_mixed_up(&self, other: &Self) -> bool {
        let has_default = |(_, property): &(&str, &Node)| property.get("default").is_some();
        let mut names = self.properties.iter().map(|(name, _)| name);
        self.is_map
            || other.is_map
            || self
                .properties
                .iter()
                .chain(&other.properties)
                .any(has_default)
            || names.any(|name| other.properties.iter().any(|(other, _)| other == name))
    }
}

/// The pairs of a list, in its order.
fn pairs<T>(items: &[T]) -> impl Iterator<Item = (&T, &T)> {
    let rest = |index| items.iter().skip(index + 1);
    let indexed = items.iter().enumerate();
    indexed.flat_map(move |(index, first)| rest(index).map(move |later| (first, later)))
}

/// The tags by which the alternatives of a schema are told apart.
pub(crate) fn tags<'a>(spec: &Spec<'a>, schema: &'a Node) -> Vec<&'a Node> {
    let keywords = ["oneOf", "anyOf"].iter();
    let alternatives = keywords.flat_map(|it| alternatives(spec, schema, it));
    let tags = alternatives.flat_map(|it| it.tags().map(|it| it.1).collect::<Vec<_>>());
    tags.collect()
}

/// Whether typify may make one struct of `anyOf` that holds all of its alternatives.
pub(crate) fn is_struct(spec: &Spec<'_>, schema: &Node) -> bool {
    let alternatives = alternatives(spec, schema, "anyOf");
    is_flattened(&alternatives)
}

fn is_flattened(alternatives: &[Alternative<'_>]) -> bool {
    alternatives.iter().all(|it| it.is(&["object"]))
        && !pairs(alternatives).all(|(one, other)| one.is_tagged_apart(other))
}

/// Alternatives that would be read as another one, or written with a property twice.
pub(crate) fn check(spec: &Spec<'_>, schema: &Node) -> Vec<Fault> {
    let one_of = alternatives(spec, schema, "oneOf");
    let any_of = alternatives(spec, schema, "anyOf");
    let is_flattened = is_flattened(&any_of);
    let one_of = pairs(&one_of).filter(|(first, later)| !first.requires_more(later));
    let any_of = pairs(&any_of).filter(|(first, later)| {
        let are_strings = first.is(&["string"]) && later.is(&["string"]);
        !are_strings && (!is_flattened || first.is_mixed_up(later))
    });
    let overlapping = one_of
        .chain(any_of)
        .filter(|(first, later)| !first.is_of_another_type(later) && !first.is_tagged_apart(later));
    let fault = |(_, later): (_, &Alternative<'_>)| {
        let message = "the generator can't tell the alternative from one before it";
        Fault::new(later.node.id, message, REMEDY)
    };
    overlapping.map(fault).collect()
}
