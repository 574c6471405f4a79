//! The rule `any-of-values`.

use serde_json::Value;
use xtask_spec::{Node, Spec};

/// Alternatives of which one isn't an object become `oneOf`. Unless typify can tell that no value fits two
/// of them, it makes a struct of `anyOf` with all alternatives flattened into it, which reads objects only.
pub(super) fn distinguish(spec: &Spec<'_>, value: &mut Value) -> Vec<String> {
    let is_object = |member: &Node| {
        let member = spec.resolve(member);
        let has = |field| member.get(field).is_some();
        member.field("type") == Some("object") || has("properties") || has("allOf")
    };
    let with_values = spec.schemas().iter().filter(|schema| {
        schema.get("oneOf").is_none() && !schema.list("anyOf").iter().all(is_object)
    });
    let mut changed = Vec::new();
    // From the inside: a rename changes the pointers to what is within.
    for schema in with_values.rev() {
        let pointer = spec.document().pointer(schema.id);
        if let Some(Value::Object(object)) = value.pointer_mut(&pointer)
            && let Some(members) = object.remove("anyOf")
        {
            object.insert("oneOf".to_owned(), members);
            changed.push(pointer);
        }
    }
    changed.reverse();
    changed
}
