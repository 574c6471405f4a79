//! Do examples and defaults fit their schemas, and required marks their properties? Are enums without repeats?

use jsonschema::{Draft, Registry};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use xtask_spec::{Fault, Node, Spec};

use super::operations::doubled;
use crate::lower::make_optional;
use crate::sides::Schemas;

/// Where the validator finds the document's schemas.
const DOCUMENT: &str = "urn:openapi";

/// What a JSON pointer must escape to be the fragment of a URI.
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'~');

pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    let schemas = spec.schemas().iter();
    let mut faults: Vec<Fault> = schemas
        .flat_map(|schema| [required(schema), doubled(schema.list("enum"), Some)].concat())
        .collect();
    match misfits(spec, &samples(spec)) {
        Ok(misfits) => faults.extend(misfits),
        Err(unreadable) => faults.push(unreadable),
    }
    faults.sort();
    faults.dedup();
    faults
}

/// A required mark without a property is most often a misspelt name.
fn required(schema: &Node) -> Vec<Fault> {
    // With `allOf`, the property may be in one of its members.
    if schema.get("allOf").is_some() || schema.get("properties").is_none() {
        return Vec::new();
    }
    let described = schema.map("properties");
    let missing = schema.list("required").iter().filter_map(|node| {
        let name = node.text()?;
        (!described.iter().any(|(other, _)| **other == *name)).then_some((node.id, name))
    });
    let fault = |(id, name)| {
        let message = format!("`{name}` is required, but is not among the properties");
        Fault::new(id, message, "correct the name, or describe the property")
    };
    missing.map(fault).collect()
}

/// A schema, and a value that is to fit it.
type Sample<'a> = (&'a Node, &'a Node);

fn samples<'a>(spec: &Spec<'a>) -> Vec<Sample<'a>> {
    let mut samples = Vec::new();
    for schema in spec.schemas() {
        let values = ["example", "default"].into_iter();
        samples.extend(values.filter_map(|field| Some((*schema, schema.get(field)?))));
    }
    for holder in spec.described() {
        let Some(schema) = holder.get("schema") else {
            continue;
        };
        let named = holder.map("examples").iter();
        let named = named.filter_map(|(_, example)| spec.get(spec.resolve(example), "value"));
        samples.extend(
            holder
                .get("example")
                .into_iter()
                .chain(named)
                .map(|it| (schema, it)),
        );
    }
    samples
}

fn misfits(spec: &Spec<'_>, samples: &[Sample<'_>]) -> Result<Vec<Fault>, Fault> {
    let unreadable = |node: &Node, error: &dyn std::fmt::Display| {
        Fault::new(
            node.id,
            format!("the schema can't be read: {error}"),
            "correct what the message names",
        )
    };
    let registry = Registry::new()
        .draft(Draft::Draft4)
        .add(
            DOCUMENT,
            Draft::Draft4.create_resource(as_json_schema(spec)),
        )
        .and_then(jsonschema::RegistryBuilder::prepare)
        .map_err(|error| unreadable(spec.root(), &error))?;
    let mut faults = Vec::new();
    for (schema, sample) in samples {
        let pointer = spec.document().pointer(schema.id);
        let target = utf8_percent_encode(&pointer, FRAGMENT);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_registry(&registry)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(&json!({ "$ref": format!("{DOCUMENT}#{target}") }))
            .map_err(|error| unreadable(schema, &error))?;
        for error in validator.iter_errors(&sample.to_value()) {
            let node = sample.pointer(error.instance_path().as_str());
            faults.push(Fault::new(
                node.unwrap_or(sample).id,
                format!("does not fit its schema #{pointer}: {error}"),
                "correct the example or the schema",
            ));
        }
    }
    Ok(faults)
}

/// The document with its schemas in the dialect of JSON Schema nearest to OpenAPI 3.0 (draft 4,
/// where exclusive bounds are booleans), and what that lacks said by other means.
fn as_json_schema(spec: &Spec<'_>) -> Value {
    let mut root = spec.root().to_value();
    // An example may be of either side.
    let every: Schemas<'_> = spec
        .schemas()
        .iter()
        .map(|it| (spec.document().pointer(it.id), *it))
        .collect();
    make_optional(spec, &every, &every, &mut root);
    for node in spec.schemas() {
        let pointer = spec.document().pointer(node.id);
        let Some(Value::Object(schema)) = root.pointer_mut(&pointer) else {
            continue;
        };
        if let (true, Some(kind)) = (node.flag("nullable"), node.field("type")) {
            schema.insert("type".to_owned(), json!([kind, "null"]));
        }
        if node.field("format") == Some("int32") {
            schema.entry("minimum").or_insert(json!(i32::MIN));
            schema.entry("maximum").or_insert(json!(i32::MAX));
        }
    }
    root
}
