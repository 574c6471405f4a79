//! The headers of a response about rate limits, waits and time.

use std::iter;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::parse_http_date;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
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
        let text = |name| texts(headers, name).next();
        let number = |name| text(name)?.parse().ok();
        let found = Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            period: text("x-ratelimit-period").and_then(seconds),
            reset: wait(headers, "x-ratelimit-reset"),
            name: text("x-ratelimit-name").map(str::to_owned),
        };
        (found != Self::default()).then_some(found)
    }
}

/// The time that the server asks to wait before another attempt: `Retry-After` or, for a rate-limited call,
/// `X-RateLimit-Reset`, whichever is later.
pub(crate) fn retry_hint(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let limited = status == StatusCode::TOO_MANY_REQUESTS;
    let reset = limited.then(|| wait(headers, "x-ratelimit-reset"));
    wait(headers, "retry-after").max(reset.flatten())
}

/// The server's date.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    parse_http_date(texts(headers, "date").next()?).ok()
}

fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter();
    values.filter_map(|value| Some(value.to_str().ok()?.trim()))
}

/// Numbers from here on are Unix times: as a wait, this is 31 years.
const FIRST_UNIX_TIME: Duration = Duration::from_secs(1_000_000_000);

/// A longer wait than this counts as unreadable.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);

/// The first readable wait of a header. Proxies repeat headers, or join them with commas.
fn wait(headers: &HeaderMap, name: &str) -> Option<Duration> {
    // The server's clock, if the response has its time: ours may be off.
    let now = date(headers).unwrap_or_else(SystemTime::now);
    let until = |time: SystemTime| time.duration_since(now).unwrap_or_default();
    let wait = |text: &str| match seconds(text.trim()) {
        Some(time) if time >= FIRST_UNIX_TIME => Some(until(UNIX_EPOCH.checked_add(time)?)),
        Some(wait) => Some(wait),
        None => parse_http_date(&text.replace("UTC", "GMT")).ok().map(until),
    };
    texts(headers, name)
        .flat_map(|text| iter::once(text).chain(text.split(',')))
        .find_map(|text| wait(text).filter(|wait| *wait <= LONGEST_WAIT))
}

/// Seconds, whole or with a fraction, with or without their unit.
fn seconds(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s').unwrap_or(text);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = number.parse().ok().filter(|_| is_number)?;
    Duration::try_from_secs_f64(number).ok()
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
        assert_eq!(
            wait(&[("retry-after", "0.5")]),
            Some(Duration::from_millis(500))
        );
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let both = headers(&[("x-ratelimit-reset", "9"), ("retry-after", "7")]);
        assert_eq!(retry_hint(unavailable, &both), secs(7));
    }

    #[test]
    fn hints_are_read_in_all_their_forms() {
        // 2026-01-20 09:20:00 UTC, and half a minute later.
        const NOW: (&str, &str) = ("date", "Tue, 20 Jan 2026 09:20:00 GMT");
        let wait = |pairs: &[(&'static str, &str)]| {
            retry_hint(
                StatusCode::TOO_MANY_REQUESTS,
                &headers(&[&[NOW], pairs].concat()),
            )
        };
        let secs = |n| Some(Duration::from_secs(n));
        for half_a_minute in [
            &[("retry-after", "30")][..],
            &[("retry-after", "30s")],
            &[("retry-after", "30, 30")],
            &[("retry-after", "30, 60")],
            &[("retry-after", "soon, 30")],
            &[("retry-after", "30"), ("retry-after", "60")],
            &[("retry-after", "soon"), ("retry-after", "30")],
            &[("retry-after", "Tue, 20 Jan 2026 09:20:30 GMT")],
            &[("retry-after", "Tue, 20 Jan 2026 09:20:30 UTC")],
            &[("retry-after", "Tuesday, 20-Jan-26 09:20:30 GMT")],
            &[("x-ratelimit-reset", "30")],
            &[("x-ratelimit-reset", "1768900830")],
            &[("x-ratelimit-reset", "1768900830.0")],
            &[("x-ratelimit-reset", "soon"), ("retry-after", "30")],
        ] {
            assert_eq!(wait(half_a_minute), secs(30), "{half_a_minute:?}");
        }
        assert_eq!(wait(&[("x-ratelimit-reset", "1768900700")]), secs(0));
        // The largest wait observed, and the longest that is accepted.
        assert_eq!(wait(&[("x-ratelimit-reset", "2121")]), secs(2121));
        assert_eq!(wait(&[("retry-after", "31536000")]), secs(31_536_000));
        for name in ["retry-after", "x-ratelimit-reset"] {
            for garbage in [
                "-5",
                "soon",
                "",
                ",",
                "NaN",
                "inf",
                "+3",
                "1e3",
                "1e300",
                "0x1e",
                ".",
                "s",
                "5 minutes",
                "31536001",
                "99999999999",
                "1768900830000",
                "99999999999999999999999999",
                "Tue, 20 Jan 2126 09:20:30 GMT",
                "Tue, 99 Jan 2026 09:20:30 GMT",
            ] {
                assert_eq!(wait(&[(name, garbage)]), None, "{name}: {garbage}");
            }
        }
    }
}
