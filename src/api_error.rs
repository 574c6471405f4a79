//! The errors in the body of a response, in all forms that the service uses.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One of the errors in the body of a response, from an object (`#/components/schemas/JSONAPIErrorItem`)
/// or a plain string (`#/components/schemas/APIErrorResponse`); see [`Error::errors`](crate::Error::errors).
/// Every part is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ApiError {
    /// The kind of error. A plain string is the title.
    pub title: Option<String>,
    /// A human-readable explanation of this occurrence.
    pub detail: Option<String>,
    /// An application-specific code. It is not documented, but sometimes sent.
    pub code: Option<String>,
    /// The HTTP status as the service wrote it in the error. The status of the response is
    /// [`Error::status`](crate::Error::status).
    pub status: Option<String>,
    /// JSON pointer to the value in the request body that caused the error.
    pub pointer: Option<String>,
    /// Name of the query parameter that caused the error.
    pub parameter: Option<String>,
    /// Name of the request header that caused the error.
    pub header: Option<String>,
    /// Further details, in no standard form.
    pub meta: Option<Map<String, Value>>,
}

impl ApiError {
    /// The message of the error, without text that repeats the status or the title.
    pub(crate) fn message(&self, status: Option<&str>) -> Option<String> {
        let repeats = |text: &str, other: Option<&str>| {
            other.is_some_and(|other| other.eq_ignore_ascii_case(text.trim_end_matches('.')))
        };
        let (title, detail) = (self.title.as_deref(), self.detail.as_deref());
        let title = title.filter(|it| !repeats(it, status));
        let detail = detail.filter(|it| !repeats(it, status) && !repeats(it, title));
        let message = match (title, detail) {
            (Some(title), Some(detail)) => format!("{title}: {detail}"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => self.code.clone()?,
        };
        let parameter = self.parameter.as_ref();
        let place = self.pointer.as_ref().or(parameter).or(self.header.as_ref());
        Some(match place {
            Some(place) => format!("{message} (at {place})"),
            None => message,
        })
    }
}

/// The errors in a body: those of `errors`, a list of strings or objects, or else of a single `error`.
pub(crate) fn read(body: &[u8]) -> Vec<ApiError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |name| match body.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(item) => Vec::from_iter(one(item)),
        None => Vec::new(),
    };
    let errors = of("errors");
    if errors.is_empty() {
        return of("error");
    }
    errors
}

/// Reads each field by itself, so that one with an undocumented type doesn't lose the others.
fn one(item: &Value) -> Option<ApiError> {
    let text = |value: Option<&Value>| match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let field = |name| text(item.get(name));
    let source = |name| text(item.get("source")?.get(name));
    match item {
        Value::String(title) => Some(ApiError {
            title: Some(title.clone()),
            ..ApiError::default()
        }),
        Value::Object(fields) => Some(ApiError {
            title: field("title"),
            detail: field("detail").or_else(|| field("message")),
            code: field("code"),
            status: field("status"),
            pointer: source("pointer"),
            parameter: source("parameter"),
            header: source("header"),
            meta: fields.get("meta").and_then(Value::as_object).cloned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_repetitions() {
        for (error, message) in [
            (r#"{"title":"No","detail":"because"}"#, Some("No: because")),
            (r#"{"title":"No","detail":"No"}"#, Some("No")),
            (
                r#"{"title":"Not Found","detail":"because"}"#,
                Some("because"),
            ),
            (r#"{"title":"Not Found"}"#, None),
            (r#"{"title":"not found"}"#, None),
            (r#"{"title":"Not Found","detail":"Not found."}"#, None),
            (r#"{"detail":"Not found"}"#, None),
            (r#"{"title":"No","detail":"no."}"#, Some("No")),
            (r#"{"title":"No","code":"c"}"#, Some("No")),
            (
                r#"{"code":7,"source":{"parameter":"p","header":"h"}}"#,
                Some("7 (at p)"),
            ),
            (
                r#"{"title":"No","source":{"header":"h"}}"#,
                Some("No (at h)"),
            ),
        ] {
            let error = one(&serde_json::from_str(error).unwrap()).unwrap();
            assert_eq!(error.message(Some("Not Found")).as_deref(), message);
        }
    }
}
