//! The rule `one-sided-property-optional`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use xtask_spec::{Spec, escape};

use crate::sides::{Schemas, marked, parts};

/// A required property is required of responses alone if it is `readOnly`, and of requests alone if it is
/// `writeOnly`. typify ignores both marks (no issue yet), so for the other side the property is optional, and has
/// no default, which would be sent. In a type of both sides validation refuses a required `writeOnly` property,
/// because requests stay strict.
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
                for (name, property) in properties(object).filter(|it| marked.contains(&**it.0)) {
                    if property
                        .as_object_mut()
                        .and_then(|it| it.remove("default"))
                        .is_some()
                    {
                        changed.insert(format!("{part}/properties/{}/default", escape(name)));
                    }
                }
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

fn properties(schema: &mut Map<String, Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flatten()
}
