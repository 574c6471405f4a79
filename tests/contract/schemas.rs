//! The JSON Schema that a model derives is the spec's schema of the same name.

use std::collections::BTreeMap;

use llmobs_datasets::generated::types;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::spec;

/// The derived schema of each schema of the spec.
fn derived() -> BTreeMap<&'static str, Value> {
    fn of<T: JsonSchema>() -> Value {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        SchemaGenerator::new(settings)
            .into_root_schema_for::<T>()
            .to_value()
    }
    BTreeMap::from([
        ("APIErrorResponse", of::<types::ApiErrorResponse>()),
        ("JSONAPIErrorItem", of::<types::JsonapiErrorItem>()),
        (
            "JSONAPIErrorItemSource",
            of::<types::JsonapiErrorItemSource>(),
        ),
        ("JSONAPIErrorResponse", of::<types::JsonapiErrorResponse>()),
        (
            "LLMObsDatasetDraftStateData",
            of::<types::LlmObsDatasetDraftStateData>(),
        ),
        (
            "LLMObsDatasetDraftStateDataAttributes",
            of::<types::LlmObsDatasetDraftStateDataAttributes>(),
        ),
        (
            "LLMObsDatasetDraftStateResponse",
            of::<types::LlmObsDatasetDraftStateResponse>(),
        ),
        (
            "LLMObsDatasetDraftStateType",
            of::<types::LlmObsDatasetDraftStateType>(),
        ),
        (
            "LLMObsDatasetDraftStateUser",
            of::<types::LlmObsDatasetDraftStateUser>(),
        ),
        (
            "LLMObsDatasetRestoreVersionDataAttributesRequest",
            of::<types::LlmObsDatasetRestoreVersionDataAttributesRequest>(),
        ),
        (
            "LLMObsDatasetRestoreVersionDataRequest",
            of::<types::LlmObsDatasetRestoreVersionDataRequest>(),
        ),
        (
            "LLMObsDatasetRestoreVersionRequest",
            of::<types::LlmObsDatasetRestoreVersionRequest>(),
        ),
        ("LLMObsDatasetType", of::<types::LlmObsDatasetType>()),
    ])
}

/// What the two dialects have in common, in one form: types, formats, properties, required marks,
/// items, enums. Any other keyword that is not words ends up as it is, and so in the comparison.
fn shape(spec: &Value, schema: &Value) -> Value {
    let schema = spec::resolve(spec, schema);
    let mut shape = json!({});
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        match keyword.as_str() {
            // Required marks are compared with the properties; the rest is words.
            "$schema" | "title" | "description" | "example" | "required" => {}
            // An object whose additional properties are of any kind is an open object.
            "additionalProperties" if *value == true => {}
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                shape["properties"] = properties
                    .map(|(name, property)| {
                        let required = schema["required"]
                            .as_array()
                            .is_some_and(|names| names.contains(&json!(name)));
                        let mut inner = self::shape(spec, property);
                        inner["required"] = json!(required);
                        if !required {
                            without_null(&mut inner);
                        }
                        (name.clone(), inner)
                    })
                    .collect::<serde_json::Map<_, _>>()
                    .into();
            }
            "items" => shape["items"] = self::shape(spec, value),
            "anyOf" | "oneOf" => join(spec, value, &mut shape),
            "const" => shape["enum"] = json!([value]),
            _ => shape[keyword] = value.clone(),
        }
    }
    shape
}

/// An optional field may be `null` in Rust, and in what the service sends.
fn without_null(shape: &mut Value) {
    if let Some(types) = shape["type"].as_array_mut() {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            shape["type"] = only.clone();
        }
    }
}

/// The alternatives that the derived schemas have: an optional object, and an open enum, which is the
/// enum of the spec beside any string.
fn join(spec: &Value, alternatives: &Value, shape: &mut Value) {
    let mut alternatives: Vec<Value> = alternatives
        .as_array()
        .unwrap()
        .iter()
        .map(|it| self::shape(spec, it))
        .collect();
    alternatives.retain(|it| *it != json!({ "type": "null" }));
    if let [known, unknown] = alternatives.as_slice()
        && known["enum"].is_array()
        && *unknown == json!({ "type": "string" })
    {
        alternatives.pop();
    }
    match alternatives.as_slice() {
        [Value::Object(only)] => {
            for (keyword, value) in only {
                shape[keyword] = value.clone();
            }
        }
        _ => shape["oneOf"] = alternatives.into(),
    }
}

/// The differences between the schemas of the spec and of the models.
pub(crate) fn findings(spec: &Value) -> Vec<String> {
    let mut derived = derived();
    let mut findings = Vec::new();
    for (name, schema) in spec["components"]["schemas"].as_object().unwrap() {
        let Some(model) = derived.remove(name.as_str()) else {
            findings.push(format!("{name}: no model in this test"));
            continue;
        };
        let (mut expected, found) = (shape(spec, schema), shape(spec, &model));
        drop_bound_that_rust_lacks(name, &mut expected);
        if found != expected {
            findings.push(format!(
                "{name}: the model has {found}, the spec {expected}"
            ));
        }
    }
    findings.extend(
        derived
            .into_keys()
            .map(|name| format!("{name}: a model without a schema")),
    );
    findings
}

#[test]
fn each_model_derives_the_schema_of_the_spec() {
    assert_eq!(findings(&spec::load()), Vec::<String>::new());
}

/// Removes the one part of the spec that the model lacks: progenitor generates an `i32` for an int32,
/// without its minimum. The wrapper's version type checks the minimum.
fn drop_bound_that_rust_lacks(name: &str, shape: &mut Value) {
    let attributes = "/properties/dataset_version";
    let place = match name {
        "LLMObsDatasetRestoreVersionDataAttributesRequest" => attributes.to_owned(),
        "LLMObsDatasetRestoreVersionDataRequest" => format!("/properties/attributes{attributes}"),
        "LLMObsDatasetRestoreVersionRequest" => {
            format!("/properties/data/properties/attributes{attributes}")
        }
        _ => return,
    };
    if let Some(Value::Object(version)) = shape.pointer_mut(&place)
        && version.get("minimum") == Some(&json!(0))
    {
        version.remove("minimum");
    }
}
