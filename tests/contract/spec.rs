//! The spec matches the documentation pages: no more, no less.

use std::collections::BTreeSet;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::documentation::{DATASET_ID, Field, PAGES, PROJECT_ID, Page, json as documented, sites};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The spec of this repository.
pub(crate) fn load() -> Value {
    let text = include_str!("../../openapi/llm-obs-datasets.yaml");
    to_json(&Yaml::load_from_str(text).unwrap()[0])
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => panic!("a YAML value that JSON doesn't have: {other:?}"),
    }
}

/// Follows a reference, if the value is one.
pub(crate) fn resolve<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"]
        .as_str()
        .and_then(|target| target.strip_prefix('#'))
    {
        Some(pointer) => spec.pointer(pointer).unwrap_or(&Value::Null),
        None => value,
    }
}

/// The name of the component that a reference leads to.
pub(crate) fn component(value: &Value) -> Option<&str> {
    Some(value["$ref"].as_str()?.rsplit_once('/')?.1)
}

/// The operations: path, method, Path Item Object, Operation Object.
pub(crate) fn operations(spec: &Value) -> Vec<(&str, &str, &Value, &Value)> {
    let paths = spec["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            METHODS
                .iter()
                .filter_map(move |method| Some((path.as_str(), *method, item, item.get(method)?)))
        })
        .collect()
}

/// The JSON content of a request body or a response.
fn content<'a>(spec: &'a Value, holder: &'a Value) -> Option<&'a Value> {
    resolve(spec, holder)
        .get("content")?
        .get("application/json")
}

/// The differences between the spec and the pages.
pub(crate) fn findings(spec: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    let operations = operations(spec);
    if operations.len() != PAGES.len() {
        findings.push(format!(
            "{} operations, {} pages",
            operations.len(),
            PAGES.len()
        ));
    }
    for page in PAGES {
        match operations
            .iter()
            .find(|(.., operation)| operation["operationId"] == page.operation)
        {
            Some(operation) => findings.extend(
                operation_findings(spec, page, *operation)
                    .into_iter()
                    .map(|finding| format!("{}: {finding}", page.operation)),
            ),
            None => findings.push(format!("{}: not in the spec", page.operation)),
        }
    }
    findings.extend(schema_examples(spec));
    findings
}

fn operation_findings(
    spec: &Value,
    page: &Page,
    (path, method, item, operation): (&str, &str, &Value, &Value),
) -> Vec<String> {
    let mut findings = endpoint_findings(spec, page, path, method);
    let mut expect = |what: &str, found: Value, expected: Value| {
        if found != expected {
            findings.push(format!(
                "{what}: {found} in the spec, {expected} on the page"
            ));
        }
    };
    expect(
        "preview mark",
        json!(operation["x-unstable"].is_string()),
        json!(true),
    );
    expect(
        "security",
        sent_keys(spec),
        json!([["DD-API-KEY", "DD-APPLICATION-KEY"]]),
    );
    expect("own security", operation["security"].clone(), Value::Null);

    let responses = operation["responses"].as_object().unwrap();
    expect(
        "statuses",
        responses.keys().cloned().collect(),
        page.responses
            .iter()
            .map(|(status, _)| status.to_string())
            .collect(),
    );
    for (status, example) in &page.responses {
        let response = content(
            spec,
            &responses
                .get(&status.to_string())
                .cloned()
                .unwrap_or_default(),
        )
        .cloned();
        expect(
            &format!("{status} has content"),
            json!(response.is_some()),
            json!(example.is_some()),
        );
        let response = response.unwrap_or_default();
        expect(
            &format!("{status} example"),
            examples(spec, &response),
            documented_examples(*example),
        );
    }
    let body = resolve(spec, &operation["requestBody"]);
    expect(
        "request body is required",
        json!(body["required"] == true),
        json!(page.request.is_some()),
    );
    let body = content(spec, body).cloned().unwrap_or_default();
    expect(
        "request example",
        examples(spec, &body),
        documented_examples(page.request),
    );
    expect(
        "parameter examples",
        parameter_examples(spec, item, operation),
        [PROJECT_ID, DATASET_ID]
            .map(str::to_owned)
            .into_iter()
            .chain(page.query().into_iter().map(|(_, value)| value))
            .collect(),
    );

    let mut parts = vec![("path".to_owned(), path_fields(spec, item, operation))];
    parts.push(("request".to_owned(), fields(spec, &body["schema"])));
    for (status, _) in &page.responses {
        let response = content(
            spec,
            &responses
                .get(&status.to_string())
                .cloned()
                .unwrap_or_default(),
        )
        .cloned()
        .unwrap_or_default();
        parts.push((status.to_string(), fields(spec, &response["schema"])));
    }
    for (part, found) in parts {
        let expected = page.fields(&part);
        findings.extend(
            found
                .difference(&expected)
                .map(|field| format!("{part}: not on the page: {field:?}")),
        );
        findings.extend(
            expected
                .difference(&found)
                .map(|field| format!("{part}: not in the spec: {field:?}")),
        );
    }
    findings
}

fn endpoint_findings(spec: &Value, page: &Page, path: &str, method: &str) -> Vec<String> {
    let server = &spec["servers"][0];
    let site = &server["variables"]["site"];
    let found: BTreeSet<String> = site["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|site| {
            server["url"]
                .as_str()
                .unwrap()
                .replace("{site}", site.as_str().unwrap())
        })
        .map(|server| format!("{} {server}{path}", method.to_uppercase()))
        .collect();
    let (documented_method, documented_path) = page.endpoint();
    let documented_path = documented_path.split('?').next().unwrap();
    let expected = sites()
        .into_iter()
        .map(|site| format!("{documented_method} {site}{documented_path}"))
        .collect();
    let mut findings: Vec<String> = found
        .symmetric_difference(&expected)
        .map(|endpoint| format!("only in one of spec and page: {endpoint}"))
        .collect();
    if site["default"] != "datadoghq.com" || spec["servers"].as_array().unwrap().len() != 1 {
        findings.push("the server is not the default site's".to_owned());
    }
    findings
}

/// The headers of each alternative of the security requirement.
fn sent_keys(spec: &Value) -> Value {
    let alternatives = spec["security"].as_array().unwrap().iter();
    alternatives
        .map(|all| {
            let schemes = all.as_object().unwrap().keys();
            schemes
                .map(|name| &spec["components"]["securitySchemes"][name])
                .map(
                    |scheme| match (scheme["type"].as_str(), scheme["in"].as_str()) {
                        (Some("apiKey"), Some("header")) => scheme["name"].clone(),
                        _ => Value::Null,
                    },
                )
                .collect::<Value>()
        })
        .collect()
}

fn parameters<'a>(spec: &'a Value, item: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    [item, operation]
        .into_iter()
        .filter_map(|holder| holder["parameters"].as_array())
        .flatten()
        .map(|parameter| resolve(spec, parameter))
        .collect()
}

/// The examples of the parameters, as text.
fn parameter_examples(spec: &Value, item: &Value, operation: &Value) -> Value {
    let parameters = parameters(spec, item, operation).into_iter();
    let examples = parameters.map(|it| match it["example"].as_str() {
        Some(text) => text.to_owned(),
        None => it["example"].to_string(),
    });
    examples.collect()
}

fn path_fields(spec: &Value, item: &Value, operation: &Value) -> BTreeSet<Field> {
    parameters(spec, item, operation)
        .into_iter()
        .map(|parameter| Field {
            parent: match parameter["in"].as_str().unwrap() {
                "path" => String::new(),
                elsewhere => elsewhere.to_owned(),
            },
            name: parameter["name"].as_str().unwrap().to_owned(),
            kind: kind(spec, &parameter["schema"]),
            required: parameter["required"] == true,
            values: Vec::new(),
        })
        .collect()
}

/// The fields of a schema, as the pages' tables have them.
pub(crate) fn fields(spec: &Value, schema: &Value) -> BTreeSet<Field> {
    let mut found = BTreeSet::new();
    collect_fields(spec, schema, "", &mut found);
    found
}

fn collect_fields(spec: &Value, schema: &Value, parent: &str, found: &mut BTreeSet<Field>) {
    let schema = resolve(spec, schema);
    if schema["type"] == "array" {
        return collect_fields(spec, &schema["items"], parent, found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let values = resolve(spec, property)["enum"]
            .as_array()
            .into_iter()
            .flatten();
        found.insert(Field {
            parent: parent.to_owned(),
            name: name.clone(),
            kind: kind(spec, property),
            required: schema["required"]
                .as_array()
                .is_some_and(|names| names.contains(&json!(name))),
            values: values
                .map(|value| value.as_str().unwrap().to_owned())
                .collect(),
        });
        collect_fields(spec, property, name, found);
    }
}

/// The type of a schema, as the pages name it.
fn kind(spec: &Value, schema: &Value) -> String {
    let schema = resolve(spec, schema);
    let word = |field: &str| schema[field].as_str().unwrap_or_default();
    if schema["additionalProperties"] == false || schema["nullable"] == true {
        return format!("closed or nullable {}", word("type"));
    }
    match (word("type"), word("format")) {
        ("array", "") => format!("[{}]", kind(spec, &schema["items"])),
        ("string", "") if schema["enum"].is_array() => "enum".to_owned(),
        ("string", "date-time") => "date-time".to_owned(),
        ("integer", "int32") if schema["minimum"] == 0 => "int32".to_owned(),
        (kind, "") if kind != "integer" => kind.to_owned(),
        (kind, format) => format!("{kind} {format}, minimum {}", schema["minimum"]),
    }
}

/// The examples of a media type, resolved.
fn examples(spec: &Value, media_type: &Value) -> Value {
    let named = media_type["examples"].as_object().into_iter().flatten();
    named
        .map(|(_, example)| resolve(spec, example)["value"].clone())
        .collect()
}

fn documented_examples(text: Option<&str>) -> Value {
    text.into_iter().map(documented).collect()
}

/// The examples of single fields are those of the documented bodies.
fn schema_examples(spec: &Value) -> Vec<String> {
    let mut shown = BTreeSet::new();
    for page in PAGES {
        for text in page
            .responses
            .iter()
            .filter_map(|(_, text)| *text)
            .chain(page.request)
        {
            collect_values(&documented(text), "", &mut shown);
        }
    }
    let schemas = spec["components"]["schemas"].as_object().unwrap();
    schemas
        .iter()
        .flat_map(|(schema, described)| {
            let properties = described["properties"].as_object().into_iter().flatten();
            properties.map(move |(name, property)| (schema, name, property))
        })
        .filter_map(|(schema, name, property)| {
            let example = resolve(spec, property).get("example")?;
            let value = (name.clone(), example.to_string());
            (!shown.contains(&value))
                .then(|| format!("{schema}.{name}: example {example} is on no page"))
        })
        .collect()
}

fn collect_values(value: &Value, name: &str, found: &mut BTreeSet<(String, String)>) {
    found.insert((name.to_owned(), value.to_string()));
    match value {
        Value::Object(entries) => entries
            .iter()
            .for_each(|(name, value)| collect_values(value, name, found)),
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_values(item, name, found)),
        _ => {}
    }
}

#[test]
fn the_spec_matches_the_pages() {
    assert_eq!(findings(&load()), Vec::<String>::new());
}
