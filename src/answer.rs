//! From what came over the wire to success or failure.

use std::mem;

use bytes::{Bytes, BytesMut};
use llmobs_datasets_generated::types;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Unreadable;

/// The status and the headers of a response.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// An answer with what could be read of its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    /// Whether the body goes on beyond the cap.
    pub(crate) too_large: bool,
}

impl Answer {
    /// An answer whose body is still to be read.
    pub(crate) fn new(response: &mut Response) -> Self {
        Self {
            head: Head {
                status: response.status(),
                headers: mem::take(response.headers_mut()),
            },
            body: Bytes::new(),
            too_large: false,
        }
    }

    /// Reads the body up to a cap. One chunk, which is the common case, is not copied. What was read
    /// stays if the future is dropped, or if the connection ends before the body does.
    pub(crate) async fn read_body(&mut self, mut response: Response, cap: usize) {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = cap - self.body.len();
            self.too_large = chunk.len() > room;
            if self.too_large {
                self.append(chunk.slice(..room));
                return;
            }
            self.append(chunk);
        }
    }

    fn append(&mut self, chunk: Bytes) {
        if self.body.is_empty() {
            self.body = chunk;
            return;
        }
        // `body` is the only handle of its bytes from the second chunk on, so this moves it.
        let mut joined = BytesMut::from(mem::take(&mut self.body));
        joined.extend_from_slice(&chunk);
        self.body = joined.freeze();
    }
}

/// A success of lock with what else may be in it, in one pass over the body. What the caller is not given
/// is not asked for: a lock that was granted doesn't fail for it.
#[derive(Deserialize)]
struct Locked {
    data: LockedData,
    errors: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct LockedData {
    attributes: types::LlmObsDatasetDraftStateDataAttributes,
}

/// A body of which only the errors matter.
#[derive(Deserialize)]
struct Errors {
    errors: Option<Value>,
    error: Option<Value>,
}

/// Whether there is an error in one of the fields that have them: anything else may be a way to say that
/// there is none.
fn has_errors(fields: [&Option<Value>; 2]) -> bool {
    fields.into_iter().flatten().any(|field| match field {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(failed) => *failed,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null => false,
    })
}

impl Answer {
    /// The draft state in a 2xx to lock.
    pub(crate) fn draft_state(
        &self,
    ) -> Result<types::LlmObsDatasetDraftStateDataAttributes, Unreadable> {
        self.refuse_what_is_not_the_service()?;
        match serde_json::from_slice::<Locked>(without_mark(&self.body)) {
            Ok(locked) if has_errors([&locked.errors, &locked.error]) => Err(Unreadable::Errors),
            Ok(locked) => Ok(locked.data.attributes),
            Err(_) if self.body_has_errors() => Err(Unreadable::Errors),
            Err(error) => match self.first_byte() {
                None | Some(b'{' | b'[') => Err(Unreadable::Shape(error)),
                Some(_) => Err(Unreadable::NotJson),
            },
        }
    }

    /// A 2xx to unlock or restore, whose body says nothing unless it speaks against the success.
    pub(crate) fn done(&self) -> Result<(), Unreadable> {
        self.refuse_what_is_not_the_service()?;
        if self.first_byte() == Some(b'{') && self.body_has_errors() {
            return Err(Unreadable::Errors);
        }
        Ok(())
    }

    fn refuse_what_is_not_the_service(&self) -> Result<(), Unreadable> {
        if self.is_page() {
            Err(Unreadable::Page)
        } else if self.too_large {
            Err(Unreadable::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Whether it is a page for people. A media type alone is no proof: the service sends JSON under
    /// others. With no body to look at, it is all there is.
    fn is_page(&self) -> bool {
        const HTML: &[u8] = b"text/html";
        match self.first_byte() {
            Some(first) => first == b'<',
            None => self.head.headers.get(CONTENT_TYPE).is_some_and(|value| {
                let start = value.as_bytes().get(..HTML.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(HTML))
            }),
        }
    }

    /// The first byte that is no blank.
    fn first_byte(&self) -> Option<u8> {
        let text = without_mark(&self.body).trim_ascii_start();
        text.first().copied()
    }

    /// Whether the body has errors, or names them where it can't be read: it may be cut short, in another
    /// encoding, or no JSON in the end, and still speaks against the success.
    fn body_has_errors(&self) -> bool {
        match serde_json::from_slice::<Errors>(without_mark(&self.body)) {
            Ok(body) => has_errors([&body.errors, &body.error]),
            Err(_) => names_errors(&self.body),
        }
    }
}

/// A body without the byte order mark that some servers begin with, and that no JSON parser takes.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn names_errors(body: &[u8]) -> bool {
    let has = |key: &[u8]| body.windows(key.len()).any(|window| window == key);
    has(b"\"errors\"") || has(b"\"error\"")
}
