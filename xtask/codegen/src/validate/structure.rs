//! Is it an OpenAPI 3.0 document at all? One walk over it by the object model: unknown and missing
//! fields, values of another type. On the way it collects what the later checks need.

use serde_json::Value;

use super::object_model::{
    Any, Boolean, BooleanOrSchema, DOCUMENT, Keys, List, Map, Number, Object, OrReference, SCHEMA,
    Shape, Size, Text, Word,
};
use xtask_spec::document::escape;
use xtask_spec::finding::Finding;

/// A `$ref` of a document.
#[derive(Debug)]
pub(super) struct Reference {
    /// JSON pointer to the object that holds the `$ref`.
    pub(super) pointer: String,
    /// What it says.
    pub(super) target: String,
    /// The section of `components` that it must lead to.
    pub(super) section: &'static str,
}

/// What a walk over a document finds.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) findings: Vec<Finding>,
    pub(super) references: Vec<Reference>,
    /// JSON pointers to the Schema Objects, but for references to one.
    pub(super) schemas: Vec<String>,
    /// JSON pointers to what may hold a schema with examples of it: parameters, headers, media types.
    pub(super) described: Vec<String>,
}

impl Structure {
    /// Walks a document.
    pub(super) fn of(root: &Value) -> Self {
        let mut structure = Self::default();
        structure.object(String::new(), root, &DOCUMENT);
        structure
    }

    fn fault(&mut self, pointer: String, message: String, remedy: impl Into<String>) {
        self.findings.push(Finding::new(pointer, message, remedy));
    }

    fn value(&mut self, pointer: String, value: &Value, shape: &'static Shape) {
        let expected = match shape {
            Any => return,
            Boolean | BooleanOrSchema if value.is_boolean() => return,
            Number if value.is_number() => return,
            Size if value.is_u64() => return,
            Text if value.is_string() => return,
            Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => return,
                _ => return self.word(pointer, value, words),
            },
            Shape::Object(object) => return self.object(pointer, value, object),
            OrReference(object) => return self.object_or_reference(pointer, value, object),
            BooleanOrSchema => return self.object_or_reference(pointer, value, &SCHEMA),
            List(item) => {
                if let Some(items) = value.as_array() {
                    for (index, value) in items.iter().enumerate() {
                        self.value(format!("{pointer}/{index}"), value, item);
                    }
                    return;
                }
                "a list"
            }
            Map(keys, item) => {
                if let Some(entries) = value.as_object() {
                    for (key, value) in entries {
                        if !matches!(keys, Keys::Any | Keys::Component) && key.starts_with("x-") {
                            continue;
                        }
                        let pointer = format!("{pointer}/{}", escape(key));
                        self.key(&pointer, key, *keys);
                        self.value(pointer, value, item);
                    }
                    return;
                }
                "a mapping"
            }
            Boolean => "true or false",
            Number => "a number",
            Size => "a whole number of 0 or more",
            Text => "a string",
        };
        self.fault(
            pointer,
            format!("expected {expected}, found {}", kind(value)),
            format!("make it {expected}"),
        );
    }

    fn word(&mut self, pointer: String, value: &Value, words: &[&str]) {
        self.fault(
            pointer,
            format!("{value} is not a value of this field in OpenAPI 3.0"),
            format!("write one of: {}", words.join(", ")),
        );
    }

    fn key(&mut self, pointer: &str, key: &str, keys: Keys) {
        let (fits, rule) = match keys {
            Keys::Any => (true, ""),
            Keys::Path => (key.starts_with('/'), "a path begins with `/`"),
            Keys::Status => (
                key == "default" || is_status(key),
                "a response is keyed by a status from '100' to '599', by '1XX' to '5XX', or by `default`",
            ),
            Keys::Component => (
                !key.is_empty()
                    && key
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
                "a component's name holds only letters, digits, `.`, `-` and `_`",
            ),
        };
        if !fits {
            self.fault(
                pointer.to_owned(),
                format!("`{key}` is not a key for this place"),
                rule,
            );
        }
    }

    fn object_or_reference(&mut self, pointer: String, value: &Value, object: &'static Object) {
        match value.get("$ref") {
            None => self.object(pointer, value, object),
            Some(Value::String(target)) => self.references.push(Reference {
                pointer,
                target: target.clone(),
                section: object.section,
            }),
            Some(other) => self.fault(
                pointer,
                format!("expected a string in `$ref`, found {}", kind(other)),
                "write a reference such as '#/components/schemas/Name'",
            ),
        }
    }

    fn object(&mut self, pointer: String, value: &Value, object: &'static Object) {
        let Some(entries) = value.as_object() else {
            self.fault(
                pointer,
                format!(
                    "expected a mapping ({}), found {}",
                    object.name,
                    kind(value)
                ),
                format!("write the fields of a {}", object.name),
            );
            return;
        };
        for field in object.required {
            if !entries.contains_key(*field) {
                self.fault(
                    pointer.clone(),
                    format!("the field `{field}` is missing from this {}", object.name),
                    format!("add `{field}`"),
                );
            }
        }
        match object.name {
            "Callback Object" => return,
            "Schema Object" => self.schemas.push(pointer.clone()),
            "Parameter Object" | "Header Object" | "Media Type Object" => {
                self.described.push(pointer.clone());
            }
            _ => {}
        }
        for (field, value) in entries {
            if field.starts_with("x-") {
                continue;
            }
            let pointer = format!("{pointer}/{}", escape(field));
            match object.fields.iter().find(|(name, _)| name == field) {
                Some((_, shape)) => self.value(pointer, value, shape),
                None if field == "$ref" => self.fault(
                    pointer,
                    format!("a reference can't stand for a {}", object.name),
                    "write the object in place",
                ),
                None => self.unknown(pointer, field, object),
            }
        }
    }

    fn unknown(&mut self, pointer: String, field: &str, object: &Object) {
        let names: Vec<&str> = object.fields.iter().map(|(name, _)| *name).collect();
        let remedy = match similar::get_close_matches(field, &names, 1, 0.7).first() {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("remove it, or name it `x-{field}` if it is an extension"),
        };
        self.fault(
            pointer,
            format!(
                "`{field}` is not a field of a {} in OpenAPI 3.0",
                object.name
            ),
            remedy,
        );
    }
}

fn is_status(key: &str) -> bool {
    match key.as_bytes() {
        [b'1'..=b'5', b'X', b'X'] => true,
        [b'1'..=b'5', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
