//! Do examples and defaults fit their schemas, and required marks their properties?

use jsonschema::{Draft, Registry, Resource};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::schema;
use xtask_spec::document::escape;
use xtask_spec::finding::Finding;

/// Where the validator finds the document's schemas.
const DOCUMENT: &str = "urn:openapi";

/// What a JSON pointer must escape to be the fragment of a URI.
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'~');

pub(super) fn check(root: &Value, schemas: &[String], described: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = schemas
        .iter()
        .filter_map(|pointer| Some((pointer, root.pointer(pointer)?)))
        .flat_map(|(pointer, schema)| required(pointer, schema))
        .collect();
    let mut samples = Vec::new();
    for pointer in schemas {
        for field in ["example", "default"] {
            let sample = format!("{pointer}/{field}");
            if let Some(value) = root.pointer(&sample) {
                samples.push((pointer.clone(), sample, value));
            }
        }
    }
    for pointer in described {
        let Some(holder) = root
            .pointer(pointer)
            .filter(|holder| holder.get("schema").is_some())
        else {
            continue;
        };
        let schema = format!("{pointer}/schema");
        if let Some(value) = holder.get("example") {
            samples.push((schema.clone(), format!("{pointer}/example"), value));
        }
        let named = holder.get("examples").and_then(Value::as_object);
        for (name, example) in named.into_iter().flatten() {
            let place = match schema::reference(example) {
                Some(target) => target.to_owned(),
                None => format!("{pointer}/examples/{}", escape(name)),
            };
            if let Some(value) = schema::resolve(root, example).get("value") {
                samples.push((schema.clone(), format!("{place}/value"), value));
            }
        }
    }
    match misfits(root, schemas, &samples) {
        Ok(misfits) => findings.extend(misfits),
        Err(unreadable) => findings.push(unreadable),
    }
    findings.sort_by(|a, b| (&a.pointer, &a.message).cmp(&(&b.pointer, &b.message)));
    findings.dedup();
    findings
}

/// A required mark without a property is most often a misspelt name.
fn required(pointer: &str, schema: &Value) -> Vec<Finding> {
    if schema.get("allOf").is_some() {
        // The property may be in one of its members.
        return Vec::new();
    }
    let (Some(names), Some(properties)) = (
        schema.get("required").and_then(Value::as_array),
        schema.get("properties").and_then(Value::as_object),
    ) else {
        return Vec::new();
    };
    names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let name = name.as_str()?;
            (!properties.contains_key(name)).then(|| {
                Finding::new(
                    format!("{pointer}/required/{index}"),
                    format!("`{name}` is required, but is not among the properties"),
                    "correct the name, or describe the property",
                )
            })
        })
        .collect()
}

type Sample<'a> = (String, String, &'a Value);

fn misfits(
    root: &Value,
    schemas: &[String],
    samples: &[Sample<'_>],
) -> Result<Vec<Finding>, Finding> {
    let unreadable = |pointer: &str, error: &dyn std::fmt::Display| {
        Finding::new(
            pointer,
            format!("the schema can't be read: {error}"),
            "correct what the message names",
        )
    };
    let registry = Registry::new()
        .draft(Draft::Draft4)
        .add(
            DOCUMENT,
            Resource::from_contents(as_json_schema(root, schemas)),
        )
        .and_then(jsonschema::RegistryBuilder::prepare)
        .map_err(|error| unreadable("", &error))?;
    let mut findings = Vec::new();
    for (schema, place, value) in samples {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_registry(&registry)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(
                &json!({ "$ref": format!("{DOCUMENT}#{}", utf8_percent_encode(schema, FRAGMENT)) }),
            )
            .map_err(|error| unreadable(schema, &error))?;
        for error in validator.iter_errors(value) {
            findings.push(Finding::new(
                format!("{place}{}", error.instance_path()),
                format!("does not fit its schema #{schema}: {error}"),
                "correct the example or the schema",
            ));
        }
    }
    Ok(findings)
}

/// The document with its schemas in the dialect of JSON Schema nearest to OpenAPI 3.0 (draft 4,
/// where exclusive bounds are booleans), and what that lacks said by other means.
fn as_json_schema(root: &Value, schemas: &[String]) -> Value {
    let mut root = root.clone();
    for pointer in schemas {
        let Some(Value::Object(schema)) = root.pointer_mut(pointer) else {
            continue;
        };
        if schema.get("nullable") == Some(&Value::Bool(true))
            && let Some(kind) = schema.get("type").cloned()
        {
            schema.insert("type".to_owned(), json!([kind, "null"]));
        }
        if schema.get("format") == Some(&json!("int32")) {
            schema.entry("minimum").or_insert(json!(i32::MIN));
            schema.entry("maximum").or_insert(json!(i32::MAX));
        }
    }
    root
}
