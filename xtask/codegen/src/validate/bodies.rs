//! Request bodies that progenitor would send in another way than the spec says, or not at all.

use xtask_spec::{Data, Fault, Node, Operation, Spec};

use super::parameters::{COMBINED, is_scalar};

const FORM: &str = "application/x-www-form-urlencoded";

const MEDIA_TYPES: [&str; 5] = [
    "application/json",
    FORM,
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

pub(super) fn check(spec: &Spec<'_>, operation: &Operation<'_>) -> Vec<Fault> {
    let Some(site) = operation.node.get("requestBody") else {
        return Vec::new();
    };
    let body = spec.resolve(site);
    let fault = |message: String, remedy: &str| vec![Fault::new(site.id, message, remedy)];
    let [(media_type, described)] = body.map("content") else {
        let count = body.map("content").len();
        return fault(
            format!("the request body has {count} media types; the generator takes one"),
            "keep the one that the client is to send",
        );
    };
    let (essence, parameter) = media_type.split_once(';').unwrap_or((media_type, ""));
    let (essence, parameter) = (essence.trim(), parameter.trim());
    if !MEDIA_TYPES.contains(&essence) {
        return fault(
            format!("the generator can't send a body of `{media_type}`"),
            &format!("use one of: {}", MEDIA_TYPES.join(", ")),
        );
    }
    let Some(schema) = spec.get(described, "schema") else {
        return fault(
            "the request body has no schema".to_owned(),
            "describe it with a `schema`",
        );
    };
    let mut faults = Vec::new();
    if !body.flag("required") {
        faults.extend(fault(
            "the generator ignores that the request body is optional: each call sends one"
                .to_owned(),
            "add `required: true`",
        ));
    }
    if !matches!(&*parameter.to_lowercase(), "" | "charset=utf-8") {
        faults.extend(fault(
            format!("the generator ignores `{parameter}`: it sends `{essence}` in UTF-8"),
            &format!("use `{essence}`"),
        ));
    }
    if !described.map("encoding").is_empty() {
        faults.extend(fault(
            "the generator can't take an `encoding` of the request body".to_owned(),
            "remove `encoding`",
        ));
    }
    if essence == FORM
        && let Some(part) = unwritable(spec, schema)
    {
        faults.extend(fault(
            format!("the generator can't write {part} a string, number, integer or boolean"),
            "give a form the type `object`, and each of its values one of these types",
        ));
    }
    faults
}

/// The part of a form that has no text of its own. The encoder fails on it when it is called.
fn unwritable(spec: &Spec<'_>, form: &Node) -> Option<String> {
    let is_scalar = |part: &Node| is_scalar(spec.resolve(part));
    let is_closed = match form.get("additionalProperties") {
        Some(others) => matches!(others.data, Data::Bool(false)) || is_scalar(others),
        None => !form.map("properties").is_empty(),
    };
    let is_combined = COMBINED.iter().any(|it| form.get(it).is_some());
    if form.field("type") != Some("object") || !is_closed || is_combined {
        return Some("a form whose values are not each".to_owned());
    }
    let mut properties = form.map("properties").iter();
    let (name, _) = properties.find(|(_, part)| !is_scalar(part))?;
    Some(format!("`{name}` in a form: its schema is not"))
}
