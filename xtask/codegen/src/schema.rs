//! Steps from a Schema Object to the schemas in it.

use serde_json::Value;

use xtask_spec::document::escape;

/// How a schema stands to the one that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It describes the same value (`allOf`, `oneOf`, `anyOf`, `not`).
    Same,
    /// It describes a value within the value (`properties`, `items`, `additionalProperties`).
    Inner,
}

/// The schemas directly in a schema, each with its pointer relative to it.
pub fn parts(schema: &Value) -> Vec<(Part, String, &Value)> {
    let mut parts = Vec::new();
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let listed = schema.get(keyword).and_then(Value::as_array);
        for (index, part) in listed.into_iter().flatten().enumerate() {
            parts.push((Part::Same, format!("/{keyword}/{index}"), part));
        }
    }
    if let Some(part) = schema.get("not") {
        parts.push((Part::Same, "/not".to_owned(), part));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, part) in properties.into_iter().flatten() {
        parts.push((Part::Inner, format!("/properties/{}", escape(name)), part));
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(part @ Value::Object(_)) = schema.get(keyword) {
            parts.push((Part::Inner, format!("/{keyword}"), part));
        }
    }
    parts
}

/// The JSON pointer that a value's `$ref` leads to, if it has one to its own document.
pub fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix('#')
}

/// Follows references from a value to the value that is meant.
pub fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> &'a Value {
    // A document has passed the check for cycles; the bound is for those that have not.
    for _ in 0..64 {
        match reference(value).and_then(|pointer| root.pointer(pointer)) {
            Some(target) => value = target,
            None => break,
        }
    }
    value
}
