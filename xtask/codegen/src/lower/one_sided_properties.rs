//! The rule `one-sided-property-optional`.

use std::collections::BTreeSet;

use serde_json::Value;
use xtask_spec::Spec;

use crate::sides::{Schemas, marked, parts};

/// A required property is required of responses alone if it is `readOnly`, and of requests alone if it is
/// `writeOnly`. typify ignores both marks (no issue yet), so the other side lists it as optional. A type for both
/// sides has only one list: validation refuses the `writeOnly` ones there, because requests stay strict.
pub(crate) fn make_optional(
    spec: &Spec<'_>,
    sent: &Schemas<'_>,
    received: &Schemas<'_>,
    value: &mut Value,
) -> Vec<String> {
    let mut changed = BTreeSet::new();
    for (side, mark) in [(sent, "readOnly"), (received, "writeOnly")] {
        for schema in side.values() {
            let parts = parts(spec, schema);
            let marked = marked(spec, &parts, mark);
            for part in parts {
                let part = spec.document().pointer(part.id);
                let Some(Value::Object(object)) = value.pointer_mut(&part) else {
                    continue;
                };
                let Some(Value::Array(required)) = object.get_mut("required") else {
                    continue;
                };
                let before = required.len();
                required.retain(|it| it.as_str().is_none_or(|name| !marked.contains(name)));
                if required.len() < before {
                    changed.insert(format!("{part}/required"));
                }
                if required.is_empty() {
                    object.remove("required");
                }
            }
        }
    }
    changed.into_iter().collect()
}
