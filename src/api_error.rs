//! The errors in the body of a response, in any of the forms that the service writes.

use llmobs_datasets_generated::types::{JsonapiErrorItem, JsonapiErrorItemSource};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One of the errors in the body of a response, from an object (`#/components/schemas/JSONAPIErrorItem`)
/// or a plain string (`#/components/schemas/APIErrorResponse`); see [`Error::errors`](crate::Error::errors).
/// Every part is optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiError {
    #[serde(flatten)]
    item: JsonapiErrorItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl ApiError {
    /// The kind of error. A plain string is the title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.item.title.as_deref()
    }

    /// A human-readable explanation of this occurrence.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.item.detail.as_deref()
    }

    /// An application-specific code. It is not documented, but sometimes sent.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The HTTP status as the service wrote it in the error. The status of the response is
    /// [`Error::status`](crate::Error::status).
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.item.status.as_deref()
    }

    /// JSON pointer to the value in the request body that caused the error.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.source()?.pointer.as_deref()
    }

    /// Name of the query parameter that caused the error.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.source()?.parameter.as_deref()
    }

    /// Name of the request header that caused the error.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.source()?.header.as_deref()
    }

    /// Further details, in no standard form.
    #[must_use]
    pub fn meta(&self) -> Option<&Map<String, Value>> {
        self.item.meta.as_ref()
    }

    fn source(&self) -> Option<&JsonapiErrorItemSource> {
        self.item.source.as_ref()
    }

    /// The error in one line, without a title that repeats the status.
    pub(crate) fn words(&self, status: Option<&str>) -> Option<String> {
        let says_status = |title: &&str| status.is_some_and(|it| it.eq_ignore_ascii_case(title));
        let title = self.title().filter(|title| !says_status(title));
        let words = match (title, self.detail()) {
            (Some(title), Some(detail)) if title != detail => format!("{title}: {detail}"),
            (Some(words), _) | (None, Some(words)) => words.to_owned(),
            (None, None) => self.code()?.to_owned(),
        };
        let place = self.pointer().or(self.parameter()).or(self.header());
        Some(match place {
            Some(place) => format!("{words} (at {place})"),
            None => words,
        })
    }
}

/// The errors in a body: of `errors`, a list of strings or objects, or else of a lone `error`.
pub(crate) fn read(body: &[u8]) -> Vec<ApiError> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
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

fn one(item: &Value) -> Option<ApiError> {
    match item {
        Value::String(title) => Some(ApiError {
            item: JsonapiErrorItem {
                title: Some(title.clone()),
                ..JsonapiErrorItem::default()
            },
            code: None,
        }),
        Value::Object(fields) => {
            let source = fields.get("source");
            let part = |name| source.and_then(|source| source.get(name)).and_then(text);
            Some(ApiError {
                item: JsonapiErrorItem {
                    title: fields.get("title").and_then(text),
                    detail: fields
                        .get("detail")
                        .or_else(|| fields.get("message"))
                        .and_then(text),
                    status: fields.get("status").and_then(text),
                    meta: fields.get("meta").and_then(Value::as_object).cloned(),
                    source: source.map(|_| JsonapiErrorItemSource {
                        header: part("header"),
                        parameter: part("parameter"),
                        pointer: part("pointer"),
                    }),
                },
                code: fields.get("code").and_then(text),
            })
        }
        _ => None,
    }
}

/// A string, or a number as one: a field of another type than the documented one is no reason to lose
/// the others, so each is read by itself.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_each_thing_once() {
        for (error, words) in [
            (r#"{"title":"No","detail":"because"}"#, Some("No: because")),
            (r#"{"title":"No","detail":"No"}"#, Some("No")),
            (
                r#"{"title":"Not Found","detail":"because"}"#,
                Some("because"),
            ),
            (r#"{"title":"Not Found"}"#, None),
            (r#"{"title":"not found"}"#, None),
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
            assert_eq!(error.words(Some("Not Found")).as_deref(), words);
        }
    }
}
