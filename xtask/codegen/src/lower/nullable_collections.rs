//! The rule `nullable-response-collection`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use xtask_spec::{Node, escape};

/// An optional list or map may also be `null` in a response. typify makes `#[serde(default)]` of
/// it, which allows it to be absent but not to be `null` (serde-rs/serde#2173), and which forgets
/// an empty one when it is written again.
pub(super) fn allow_null(
    pointer: &str,
    node: &Node,
    schema: &mut Map<String, Value>,
) -> Vec<String> {
    let required: BTreeSet<&str> = node
        .list("required")
        .iter()
        .filter_map(Node::text)
        .collect();
    let is_optional_collection = |name: &str| {
        let property = node.get("properties").and_then(|it| it.get(name));
        let collection = property.is_some_and(|it| match it.field("type") {
            Some("array") => true,
            Some("object") => it.get("properties").is_none(),
            _ => false,
        });
        collection && !required.contains(name)
    };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return Vec::new();
    };
    let mut changed = Vec::new();
    for (name, property) in properties {
        if let (true, Value::Object(property)) = (is_optional_collection(name), property) {
            property.insert("nullable".to_owned(), json!(true));
            changed.push(format!("{pointer}/properties/{}", escape(name)));
        }
    }
    changed
}
