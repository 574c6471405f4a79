//! Reads and checks requests, and removes keys from what is recorded of them.

use axum::body::{self, Body};
use axum::http::{HeaderMap, Version, header, request};
use llmobs_datasets_generated::types;
use serde_json::Value;

use crate::dataset::Refusal;
use crate::fault::Operation;

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Reads a body to its end. A call with an incomplete body has no effect.
pub(crate) async fn whole(body: Body) -> Result<Vec<u8>, Refusal> {
    match body::to_bytes(body, MAX_BODY).await {
        Ok(body) => Ok(body.into()),
        Err(error) if is_too_large(&error) => {
            let detail = format!("The body is larger than {MAX_BODY} bytes");
            Err(Refusal::new(413, detail))
        }
        Err(_) => Err(Refusal::new(400, "The body did not arrive whole")),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// Refuses a request that isn't as documented, though a lenient server would accept it.
pub(crate) fn deviation(
    operation: Operation,
    parts: &request::Parts,
    body: &[u8],
) -> Result<(), Refusal> {
    if parts.version == Version::HTTP_11 && !parts.headers.contains_key(header::HOST) {
        return Err(Refusal::new(400, "An HTTP/1.1 request needs a Host header"));
    }
    if operation != Operation::Restore {
        return match body {
            [] => Ok(()),
            _ => Err(Refusal::new(400, "The request must not have a body")),
        };
    }
    let media_type = parts.headers.get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let (essence, _) = media_type.split_once(';').unwrap_or((media_type, ""));
    if essence.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        415,
        "The Content-Type must be application/json",
    ))
}

/// Returns the version in the body of a restore.
pub(crate) fn requested_version(dataset: &str, body: &[u8]) -> Result<i32, Refusal> {
    let misfit = |pointer: String, error: serde_json::Error| {
        Refusal::at(
            pointer,
            format!("The body does not fit its schema: {error}"),
        )
    };
    let body: Value = serde_json::from_slice(body).map_err(|error| misfit(String::new(), error))?;
    // Serde would also accept a list in place of the object.
    for pointer in ["", "/data", "/data/attributes"] {
        if body.pointer(pointer).is_some_and(Value::is_array) {
            return Err(Refusal::at(pointer, "The value must be an object"));
        }
    }
    let request: types::LlmObsDatasetRestoreVersionRequest = serde_path_to_error::deserialize(body)
        .map_err(|error| {
            let parts: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            let pointer = parts
                .iter()
                .fold(String::new(), |pointer, part| pointer + "/" + part);
            misfit(pointer, error.into_inner())
        })?;
    if request.data.id != dataset {
        return Err(Refusal::at("/data/id", "The id is not the one in the path"));
    }
    Ok(request.data.attributes.dataset_version)
}

pub(crate) fn redacted(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "dd-api-key" | "dd-application-key" | "authorization" | "cookie" => {
                    "[redacted]".into()
                }
                _ => String::from_utf8_lossy(value.as_bytes()),
            };
            (name.to_string(), value.into_owned())
        })
        .collect()
}
