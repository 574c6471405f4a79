//! The schemas directly in a schema.

use xtask_spec::Node;

/// Where a schema is in its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// In `allOf`, `oneOf` or `anyOf`.
    Combined,
    Property(&'a str),
    /// In `items`.
    Item,
    /// In `additionalProperties`.
    Value,
    /// In `not`.
    Excluded,
}

pub(crate) fn inner(schema: &Node) -> impl Iterator<Item = (Place<'_>, &Node)> {
    let combined = ["allOf", "oneOf", "anyOf"].into_iter();
    let combined = combined.flat_map(|it| schema.list(it));
    let properties = schema.map("properties").iter();
    let alone = [
        ("items", Place::Item),
        ("additionalProperties", Place::Value),
        ("not", Place::Excluded),
    ];
    let alone = alone.into_iter();
    combined
        .map(|it| (Place::Combined, it))
        .chain(properties.map(|(name, it)| (Place::Property(name), it)))
        .chain(alone.filter_map(|(field, place)| Some((place, schema.get(field)?))))
        .filter(|(_, it)| it.is_map())
}
