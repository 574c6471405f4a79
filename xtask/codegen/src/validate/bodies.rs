//! Request bodies that progenitor would send in another way than the spec says, or not at all.

use xtask_spec::{Data, Fault, Node, Operation, Spec};

use super::failed;
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
    let content = body.map("content");
    let [(media_type, described)] = content else {
        let message = format!(
            "the request body has {} media types; the generator takes one",
            content.len()
        );
        return vec![Fault::new(
            site.id,
            message,
            "keep the one that the client is to send",
        )];
    };
    let (essence, parameter) = media_type.split_once(';').unwrap_or((media_type, ""));
    let (essence, parameter) = (essence.trim(), parameter.trim());
    let schema = spec.get(described, "schema");
    let form = schema.filter(|_| essence == FORM);
    let unwritable = form.and_then(|it| unwritable(spec, it));
    let is_sent = MEDIA_TYPES.contains(&essence);
    failed(
        site,
        [
            (
                !is_sent,
                format!("the generator can't send a body of `{media_type}`"),
                &*format!("use one of: {}", MEDIA_TYPES.join(", ")),
            ),
            (
                schema.is_none(),
                "the request body has no schema".to_owned(),
                "describe it with a `schema`",
            ),
            (
                !body.flag("required"),
                "the generator ignores that the request body is optional: each call sends one"
                    .to_owned(),
                "add `required: true`",
            ),
            (
                is_sent && !matches!(&*parameter.to_lowercase(), "" | "charset=utf-8"),
                format!("the generator ignores `{parameter}`: it sends `{essence}` in UTF-8"),
                &*format!("use `{essence}`"),
            ),
            (
                !described.map("encoding").is_empty(),
                "the generator can't take an `encoding` of the request body".to_owned(),
                "remove `encoding`",
            ),
            (
                unwritable.is_some(),
                format!(
                    "the generator can't write {} a string, number, integer or boolean",
                    unwritable.unwrap_or_default()
                ),
                "give a form the type `object`, and each of its values one of these types",
            ),
        ],
    )
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
