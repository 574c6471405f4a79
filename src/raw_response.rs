//! A response before it is parsed, and the rules for whether a 2xx is a success.
//!
//! | body | lock | unlock, restore |
//! |---|---|---|
//! | cut off, too large, or HTML | unknown | unknown |
//! | has errors | unknown | unknown |
//! | a draft state | success | success |
//! | empty, or any other JSON object or list | applied | success |
//! | any other JSON | unknown | success |
//! | anything else | unknown | unknown |

use std::{fmt, mem};

use llmobs_datasets_generated::types;
use reqwest::header::{CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Response, StatusCode, Version};
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use serde_json::{Value, from_slice};

use crate::error::{Unreadable, one_line};
use crate::{Error, Outcome};

/// The status and the headers of a response.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl fmt::Debug for Head {
    /// Without the headers, which may repeat a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

/// A response, and the part of its body that was read.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    end: End,
}

/// How a body ended.
#[derive(Debug)]
enum End {
    Whole,
    /// The connection or the timeout ended the body early.
    Cut,
    /// The body is longer than the cap.
    TooLarge,
}

impl RawResponse {
    /// A response whose body isn't read yet.
    pub(crate) fn new(response: &mut Response) -> Self {
        Self {
            head: Head {
                status: response.status(),
                headers: mem::take(response.headers_mut()),
            },
            body: Vec::new(),
            end: End::Cut,
        }
    }

    /// Reads the body up to a cap. If the future is dropped or the connection ends, the part read so far stays.
    pub(crate) async fn read_body(&mut self, mut response: Response, cap: usize) {
        // Without a length, a closed connection may mean an empty body or one that was cut off.
        let has_end = response.content_length().is_some()
            || self.head.headers.contains_key(TRANSFER_ENCODING)
            || response.version() > Version::HTTP_11;
        while let Ok(chunk) = response.chunk().await {
            let Some(chunk) = chunk else {
                if has_end || !self.body.is_empty() {
                    self.end = End::Whole;
                }
                return;
            };
            let room = chunk.len().min(cap - self.body.len());
            self.body
                .extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if room < chunk.len() {
                self.end = End::TooLarge;
                return;
            }
        }
    }

    /// The draft state in a 2xx to lock.
    pub(crate) fn draft_state(
        &self,
    ) -> Result<types::LlmObsDatasetDraftStateDataAttributes, Unreadable> {
        let body = self.whole_body()?;
        let shape = match from_slice::<Body<Locked>>(body) {
            Ok(locked) if !locked.has_errors() => return Ok(locked.data.attributes),
            Ok(_) => return Err(Unreadable::Errors),
            Err(shape) => shape,
        };
        self.done()?;
        match body.first() {
            // The parser's error may quote the whole body.
            None | Some(b'{' | b'[') => Err(Unreadable::Shape(serde_json::Error::custom(
                one_line(&shape),
            ))),
            Some(_) => Err(Unreadable::NotJson),
        }
    }

    /// Checks a 2xx to unlock or restore, which has no content unless something is wrong.
    pub(crate) fn done(&self) -> Result<(), Unreadable> {
        let body = self.whole_body()?;
        match (body.first(), from_slice::<Body<Option<IgnoredAny>>>(body)) {
            (Some(b'<'), _) => Err(Unreadable::Page),
            (None, _) if self.is_html() => Err(Unreadable::Page),
            (None, _) => Ok(()),
            (_, Ok(body)) if body.has_errors() => Err(Unreadable::Errors),
            (_, Ok(_)) => Ok(()),
            (Some(first), Err(_)) if *first != b'{' && from_slice::<IgnoredAny>(body).is_ok() => {
                Ok(())
            }
            (_, Err(_)) => Err(Unreadable::NotJson),
        }
    }

    fn whole_body(&self) -> Result<&[u8], Unreadable> {
        match self.end {
            End::Whole => Ok(without_mark(&self.body).trim_ascii()),
            End::Cut => Err(Unreadable::Cut),
            End::TooLarge => Err(Unreadable::TooLarge),
        }
    }

    /// Whether the media type is HTML. This counts only for an empty body: the service sends JSON under other
    /// media types.
    fn is_html(&self) -> bool {
        let media_type = self.head.headers.get(CONTENT_TYPE);
        let media_type = media_type.map(|value| value.as_bytes().to_ascii_lowercase());
        media_type.is_some_and(|value| value.starts_with(b"text/html"))
    }
}

/// The parts of a response that callers get, and its errors, parsed in one pass. Other fields are not required,
/// so their absence can't fail a granted lock.
#[derive(Deserialize)]
struct Body<T> {
    data: T,
    errors: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Locked {
    attributes: types::LlmObsDatasetDraftStateDataAttributes,
}

impl<T> Body<T> {
    /// Whether `errors` or `error` has a value other than an empty one.
    fn has_errors(&self) -> bool {
        let mut fields = self.errors.iter().chain(&self.error);
        fields.any(|field| match field {
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            Value::String(text) => !text.is_empty(),
            Value::Bool(failed) => *failed,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Null => false,
        })
    }
}

/// Strips the byte order mark that some servers send, and that JSON parsers reject.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Whether the response to a lock is a draft state, even an incomplete one. An empty or cut body is not: it may
/// be about another user's lock.
pub(crate) fn is_draft_state(error: &Error) -> bool {
    let body = error.raw_body().map(without_mark).unwrap_or_default();
    let body: Value = from_slice(body).unwrap_or_default();
    error.outcome() == Outcome::Applied && body.get("data").is_some_and(Value::is_object)
}
