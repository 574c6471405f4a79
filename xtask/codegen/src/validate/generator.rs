//! What progenitor can't take, found before it is asked: most of it would end in a panic there.

use serde_json::Value;

use crate::operations::Operation;
use crate::schema;
use xtask_spec::finding::Finding;

const BODIES: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

pub(super) fn check(root: &Value) -> Vec<Finding> {
    Operation::all(root)
        .iter()
        .flat_map(|operation| {
            let mut findings = Vec::from_iter(request_body(root, operation));
            findings.extend(responses(root, operation));
            for (pointer, parameter) in operation.parameters(root) {
                findings.extend(self::parameter(&pointer, parameter));
            }
            findings
        })
        .collect()
}

fn request_body(root: &Value, operation: &Operation<'_>) -> Option<Finding> {
    let body = schema::resolve(root, operation.value.get("requestBody")?);
    let pointer = format!("{}/requestBody", operation.pointer);
    let content = body.get("content")?.as_object()?;
    let mut types = content.iter();
    let (Some((media_type, described)), None) = (types.next(), types.next()) else {
        return Some(Finding::new(
            pointer,
            format!(
                "the request body has {} media types; the generator takes one",
                content.len()
            ),
            "keep the one that the client is to send",
        ));
    };
    let essence = media_type.split(';').next().unwrap_or_default();
    if !BODIES.contains(&essence) {
        return Some(Finding::new(
            pointer,
            format!("the generator can't send a body of `{media_type}`"),
            format!("use one of: {}", BODIES.join(", ")),
        ));
    }
    if described.get("schema").is_none() {
        return Some(Finding::new(
            pointer,
            "the request body has no schema",
            "describe it with a `schema`",
        ));
    }
    if described
        .get("encoding")
        .and_then(Value::as_object)
        .is_some_and(|it| !it.is_empty())
    {
        return Some(Finding::new(
            pointer,
            "the generator can't take an `encoding` of the request body",
            "remove `encoding`",
        ));
    }
    None
}

/// Responses are lowered away, and with them any schema that isn't a component: see
/// `crate::lower`.
fn responses(root: &Value, operation: &Operation<'_>) -> Vec<Finding> {
    let responses = operation.value.get("responses").and_then(Value::as_object);
    responses
        .into_iter()
        .flatten()
        .filter_map(|(status, response)| {
            let response = schema::resolve(root, response);
            let described = response.pointer("/content/application~1json/schema")?;
            schema::reference(described).is_none().then(|| {
                Finding::new(
                    format!("{}/responses/{status}", operation.pointer),
                    "the body of the response has a schema without a name, which gets no type",
                    "move the schema to `components/schemas` and refer to it",
                )
            })
        })
        .collect()
}

fn parameter(pointer: &str, parameter: &Value) -> Vec<Finding> {
    let text = |field| parameter.get(field).and_then(Value::as_str);
    let (location, style) = (text("in").unwrap_or_default(), text("style"));
    let mut findings = Vec::new();
    let mut refuse = |message: String, remedy: &str| {
        findings.push(Finding::new(pointer, message, remedy));
    };
    let supported = match location {
        "cookie" => {
            refuse(
                "the generator can't send cookie parameters".to_owned(),
                "leave it out of the description, and set it on the HTTP client",
            );
            return findings;
        }
        "query" => "form",
        _ => "simple",
    };
    if let Some(style) = style.filter(|style| *style != supported) {
        refuse(
            format!("the generator can't write a {location} parameter in the style `{style}`"),
            &format!("use the style `{supported}`"),
        );
    }
    if parameter.get("schema").is_none() {
        refuse(
            "the generator can't take a parameter that is described by `content`".to_owned(),
            "describe it with a `schema`",
        );
    }
    findings
}
