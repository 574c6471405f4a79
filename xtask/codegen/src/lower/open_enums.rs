//! The rule `open-response-enum`.

use serde_json::{Map, Value, json};
use xtask_spec::Node;
use xtask_spec::names::{self, KNOWN, UNKNOWN};

/// A value that the enum of a response doesn't list must not make the response unreadable: the
/// service may add values. typify emits closed enums only (it has no issue for open ones), and of
/// `anyOf: [enum, string]` it makes a struct that no string fits. Of `oneOf` it makes an untagged
/// enum, whose variants are named by what their titles do not share.
pub(super) fn open(pointer: &str, node: &Node, schema: &mut Map<String, Value>) -> Vec<String> {
    if node.field("type") != Some("string") || node.get("enum").is_none() {
        return Vec::new();
    }
    let name = names::of_type_at(pointer);
    let mut known = schema.clone();
    known.retain(|field, _| matches!(field.as_str(), "type" | "enum"));
    known.insert("title".to_owned(), json!(format!("{name}{KNOWN}")));
    known.insert(
        "description".to_owned(),
        json!("A value that the spec lists."),
    );
    schema.retain(|field, _| !matches!(field.as_str(), "type" | "enum" | "title"));
    schema.insert(
        "oneOf".to_owned(),
        json!([known, { "type": "string", "title": format!("{name}{UNKNOWN}") }]),
    );
    vec![pointer.to_owned()]
}
