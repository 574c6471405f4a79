//! What the headers of an answer say of rate limits, waits and time.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::{Deserialize, Serialize};

/// The state of a rate limit, from the `X-RateLimit-*` headers of a response:
/// [`Response::rate_limit`](crate::Response::rate_limit),
/// [`Error::rate_limit`](crate::Error::rate_limit).
///
/// The headers are not documented for these operations; the service sends them anyway. A header that is
/// absent or unreadable is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RateLimit {
    /// Calls allowed in a period (`X-RateLimit-Limit`).
    pub limit: Option<u64>,
    /// Calls left in the current period (`X-RateLimit-Remaining`).
    pub remaining: Option<u64>,
    /// Length of a period (`X-RateLimit-Period`, seconds).
    pub period: Option<Duration>,
    /// Time until the current period ends (`X-RateLimit-Reset`, seconds).
    pub reset: Option<Duration>,
    /// Name of the limit (`X-RateLimit-Name`).
    pub name: Option<String>,
}

impl RateLimit {
    /// Reads the headers; `None` if there are none.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let number = |name| text(headers, name)?.parse().ok();
        let found = Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            period: text(headers, "x-ratelimit-period").and_then(seconds),
            reset: text(headers, "x-ratelimit-reset").and_then(seconds),
            name: text(headers, "x-ratelimit-name").map(str::to_owned),
        };
        (found != Self::default()).then_some(found)
    }
}

/// How long the server asks to wait before another attempt: the later of `Retry-After` (seconds or a
/// date) and, for a rate-limited call, `X-RateLimit-Reset`.
pub(crate) fn retry_hint(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, RETRY_AFTER.as_str()).and_then(|value| {
        seconds(value).or_else(|| {
            let at = httpdate::parse_http_date(value).ok()?;
            // By the server's clock, if it says what that is: ours may be off.
            let now = date(headers).unwrap_or_else(SystemTime::now);
            Some(at.duration_since(now).unwrap_or_default())
        })
    });
    let reset = match status {
        StatusCode::TOO_MANY_REQUESTS => text(headers, "x-ratelimit-reset").and_then(seconds),
        _ => None,
    };
    after.max(reset)
}

/// The server's date.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, DATE.as_str())?).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// Seconds, whole or with a fraction. One too large to count is the longest wait there is.
fn seconds(text: &str) -> Option<Duration> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    reqwest::header::HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_headers_of_a_limit_are_read_one_by_one() {
        let read = RateLimit::from_headers(&headers(&[
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "-1"),
            ("x-ratelimit-period", "60"),
            ("x-ratelimit-reset", "2121"),
            ("x-ratelimit-name", "llm_obs"),
        ]));
        let expected = RateLimit {
            limit: Some(100),
            remaining: None,
            period: Some(Duration::from_secs(60)),
            reset: Some(Duration::from_secs(2121)),
            name: Some("llm_obs".to_owned()),
        };
        assert_eq!(read, Some(expected));
        assert_eq!(RateLimit::from_headers(&HeaderMap::new()), None);
    }

    #[test]
    fn the_hint_is_the_later_of_the_headers() {
        const NOW: (&str, &str) = ("date", "Tue, 20 Jan 2026 09:20:00 GMT");
        let limited = StatusCode::TOO_MANY_REQUESTS;
        let wait = |pairs: &[(&'static str, &str)]| retry_hint(limited, &headers(pairs));
        let secs = |n| Some(Duration::from_secs(n));
        assert_eq!(wait(&[("retry-after", "7")]), secs(7));
        assert_eq!(
            wait(&[("x-ratelimit-reset", "9"), ("retry-after", "7")]),
            secs(9)
        );
        assert_eq!(
            wait(&[("x-ratelimit-reset", "5"), ("retry-after", "7")]),
            secs(7)
        );
        assert_eq!(
            wait(&[NOW, ("retry-after", "Tue, 20 Jan 2026 09:20:30 GMT")]),
            secs(30)
        );
        assert_eq!(
            wait(&[NOW, ("retry-after", "Tue, 20 Jan 2026 09:19:30 GMT")]),
            secs(0)
        );
        assert_eq!(wait(&[("retry-after", "1e300")]), Some(Duration::MAX));
        assert_eq!(
            wait(&[("retry-after", "0.5")]),
            Some(Duration::from_millis(500))
        );
        for garbage in ["-5", "soon", "", "NaN", "inf", "+3"] {
            assert_eq!(wait(&[("retry-after", garbage)]), None, "{garbage}");
        }
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let both = headers(&[("x-ratelimit-reset", "9"), ("retry-after", "7")]);
        assert_eq!(retry_hint(unavailable, &both), secs(7));
    }
}
