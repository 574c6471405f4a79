//! What progenitor can't take, found before it is asked: most of it would end in a panic there.

use xtask_spec::{Fault, Node, Operation, Spec};

use crate::lower::json_schema;

const BODIES: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for operation in Operation::all(spec) {
        faults.extend(request_body(spec, &operation));
        faults.extend(responses(spec, &operation));
        for (site, parameter) in operation.parameters(spec) {
            faults.extend(self::parameter(site, parameter));
        }
    }
    faults
}

fn request_body(spec: &Spec<'_>, operation: &Operation<'_>) -> Option<Fault> {
    let site = operation.node.get("requestBody")?;
    let fault = |message: String, remedy: &str| Some(Fault::new(site.id, message, remedy));
    let [(media_type, described)] = spec.resolve(site).map("content") else {
        let count = spec.resolve(site).map("content").len();
        return fault(
            format!("the request body has {count} media types; the generator takes one"),
            "keep the one that the client is to send",
        );
    };
    if !BODIES.contains(&media_type.split(';').next().unwrap_or_default()) {
        return fault(
            format!("the generator can't send a body of `{media_type}`"),
            &format!("use one of: {}", BODIES.join(", ")),
        );
    }
    if described.get("schema").is_none() {
        return fault(
            "the request body has no schema".to_owned(),
            "describe it with a `schema`",
        );
    }
    if described.map("encoding").is_empty() {
        return None;
    }
    fault(
        "the generator can't take an `encoding` of the request body".to_owned(),
        "remove `encoding`",
    )
}

/// Responses are lowered away, and with them any schema that isn't a component: see `crate::lower`.
fn responses(spec: &Spec<'_>, operation: &Operation<'_>) -> Vec<Fault> {
    let unnamed = |response: &Node| {
        let schema = json_schema(spec.resolve(response))?;
        schema.reference().is_none().then(|| {
            Fault::new(
                response.id,
                "the body of the response has a schema without a name, which gets no type",
                "move the schema to `components/schemas` and refer to it",
            )
        })
    };
    let responses = operation.node.map("responses").iter();
    responses
        .filter_map(|(_, response)| unnamed(response))
        .collect()
}

fn parameter(site: &Node, parameter: &Node) -> Vec<Fault> {
    let (location, style) = (
        parameter.field("in").unwrap_or_default(),
        parameter.field("style"),
    );
    let fault = |message: String, remedy: &str| Fault::new(site.id, message, remedy);
    let supported = match location {
        "cookie" => {
            return vec![fault(
                "the generator can't send cookie parameters".to_owned(),
                "leave it out of the description, and set it on the HTTP client",
            )];
        }
        "query" => "form",
        _ => "simple",
    };
    let style = style.filter(|style| *style != supported).map(|style| {
        fault(
            format!("the generator can't write a {location} parameter in the style `{style}`"),
            &format!("use the style `{supported}`"),
        )
    });
    let content = parameter.get("schema").is_none().then(|| {
        fault(
            "the generator can't take a parameter that is described by `content`".to_owned(),
            "describe it with a `schema`",
        )
    });
    style.into_iter().chain(content).collect()
}
