//! Private code that fuzz targets run. Only a fuzz run, with `--cfg fuzzing`, has this module.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::{api_error, rate_limit};

/// Reads the errors in the body of a response.
pub fn error_body(body: &[u8]) {
    for error in api_error::read(body) {
        let _ = error.message(Some("Bad Request"));
        let _ = error.message(None);
    }
}

/// Reads the headers about rate limits, waits and time.
pub fn headers(headers: &HeaderMap) {
    let _ = rate_limit::RateLimit::from_headers(headers);
    let _ = rate_limit::date(headers);
    let _ = rate_limit::retry_hint(StatusCode::TOO_MANY_REQUESTS, headers);
    let _ = rate_limit::retry_hint(StatusCode::SERVICE_UNAVAILABLE, headers);
}
