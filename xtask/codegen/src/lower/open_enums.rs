//! The rule `open-response-enum`.

use serde_json::{Map, Value, json};
use xtask_spec::names::{self, KNOWN, UNKNOWN};
use xtask_spec::{Data, Node};

/// The segments of the pointer to a component: none, `components`, `schemas`, its name.
const COMPONENT: usize = 4;

/// A value that the enum of a response doesn't list must not make the response unreadable: the
/// service may add values. typify emits closed enums only (it has no issue for open ones), and of
/// `anyOf: [enum, string]` it makes a struct that no string fits. Of `oneOf` it makes an untagged
/// enum, whose variants are named by what their titles do not share.
pub(super) fn open(pointer: &str, node: &Node, schema: &mut Map<String, Value>) -> Vec<String> {
    let values = node.list("enum");
    let words: Vec<&str> = values.iter().filter_map(Node::text).collect();
    let is_of_strings = match node.field("type") {
        Some(kind) => kind == "string",
        None => values
            .iter()
            .all(|it| matches!(it.data, Data::Text(_) | Data::Null)),
    };
    if words.is_empty() || !is_of_strings {
        return Vec::new();
    }
    let name = names::of_type_at(pointer);
    let mut known = Map::new();
    known.insert("type".to_owned(), json!("string"));
    known.insert("enum".to_owned(), json!(words));
    known.insert("title".to_owned(), json!(format!("{name}{KNOWN}")));
    known.insert(
        "description".to_owned(),
        json!("A value that the spec lists."),
    );
    schema.retain(|field, _| !matches!(field.as_str(), "type" | "enum" | "title"));
    // typify gives a nullable component and what is in it one name.
    let of_unknown = pointer.split('/').count() == COMPONENT && node.flag("nullable");
    if of_unknown {
        schema.remove("nullable");
    }
    let title = format!("{name}{UNKNOWN}");
    let unknown = json!({ "type": "string", "title": title, "nullable": of_unknown });
    schema.insert("oneOf".to_owned(), json!([known, unknown]));
    vec![pointer.to_owned()]
}
