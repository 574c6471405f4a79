//! What parameters and headers have in common: a value under a schema, or under a media type.

use std::collections::BTreeSet;

use xtask_spec::{Node, NodeId, Spec};

use crate::schema::{Effective, Site};

/// The schema of a parameter or a header, which may stand under a media type.
pub(super) fn site<'a>(spec: &Spec<'a>, node: &'a Node) -> Site<'a> {
    let schema = node.get("schema").or_else(|| {
        let (_, media_type) = spec.get(node, "content")?.entries().first()?;
        media_type.get("schema")
    });
    Site::of(schema, node.id)
}

/// Its schema, out of all `allOf` of one.
pub(super) fn schema<'a>(spec: &Spec<'a>, node: &'a Node) -> Option<&'a Node> {
    let mut schema = spec.get(node, "schema")?;
    while let ([_], [member]) = (schema.entries(), schema.list("allOf")) {
        schema = spec.resolve(member);
    }
    Some(schema)
}

/// Its media type, if it has one.
pub(super) fn media_type(node: &Node) -> Option<&str> {
    node.map("content").first().map(|(name, _)| &**name)
}

/// Whether its value is no list and no object, as far as it says.
pub(super) fn is_single<'a>(spec: &Spec<'a>, node: &'a Node) -> bool {
    let mut open: Vec<Vec<&'a Node>> = vec![node.get("schema").into_iter().collect()];
    let mut seen: BTreeSet<NodeId> = BTreeSet::new();
    while let Some(schemas) = open.pop() {
        let effective = Effective::of(spec, &schemas);
        let types = effective.types().unwrap_or_default();
        if types.contains("array") || types.contains("object") {
            return false;
        }
        let alternatives = effective.unions.iter().flat_map(|union| union.node.items());
        open.extend(
            alternatives
                .filter(|it| seen.insert(it.id))
                .map(|it| vec![it]),
        );
    }
    true
}
