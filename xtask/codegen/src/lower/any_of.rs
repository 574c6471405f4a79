//! The rule `any-of-values`.

use serde_json::Value;
use xtask_spec::Spec;

use crate::alternatives;

/// Alternatives of which one isn't an object, or only one can fit, become `oneOf`. typify makes a struct of
/// `anyOf` with all alternatives flattened into it, which reads objects only.
pub(super) fn distinguish(spec: &Spec<'_>, value: &mut Value) -> Vec<String> {
    let with_values = spec
        .schemas()
        .iter()
        .filter(|schema| schema.get("oneOf").is_none() && !alternatives::is_struct(spec, schema));
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
