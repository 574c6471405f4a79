//! Responses, as documented or as recorded from the service.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use chrono::{DateTime, SubsecRound as _, Utc};
use futures_util::{StreamExt as _, stream};
use llmobs_datasets_generated::types;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dataset::{Lock, Refusal};
use crate::fault::{Fault, Kind};

/// Which source the responses follow, where the service differs from its documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// The documentation pages: `application/json`, whole seconds, error objects on all statuses but 429.
    #[default]
    Documented,
    /// Recordings of the service: `application/vnd.api+json`, nanoseconds, error objects without
    /// status, strings on 403, rate-limit headers on every response that isn't a
    /// [fault](crate::Fault). They count down, but the sandbox doesn't enforce the limit.
    Observed,
}

/// Marks a response that is not sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hangup;

/// The rate limit that the observed profile shows: a number of requests in each period, which begin
/// with the minutes of the clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// The number of the current period since 1970.
    period: i64,
    /// The requests in it.
    used: u32,
    /// Seconds until the next one.
    reset: i64,
}

impl Limits {
    const LIMIT: u32 = 1000;
    const PERIOD: i64 = 60;

    pub(crate) fn count(&mut self, now: DateTime<Utc>) {
        let seconds = now.timestamp();
        let period = seconds.div_euclid(Self::PERIOD);
        if period != self.period {
            (self.period, self.used) = (period, 0);
        }
        self.used = self.used.saturating_add(1);
        self.reset = Self::PERIOD - seconds.rem_euclid(Self::PERIOD);
    }

    pub(crate) fn add_to(self, headers: &mut HeaderMap) {
        add_limits(
            headers,
            Self::LIMIT,
            Self::LIMIT.saturating_sub(self.used),
            self.reset,
        );
    }
}

fn add_limits(headers: &mut HeaderMap, limit: u32, remaining: u32, reset: impl Into<HeaderValue>) {
    headers.insert("x-ratelimit-limit", limit.into());
    headers.insert("x-ratelimit-period", Limits::PERIOD.into());
    headers.insert("x-ratelimit-remaining", remaining.into());
    headers.insert("x-ratelimit-reset", reset.into());
    headers.insert("x-ratelimit-name", HeaderValue::from_static("sandbox"));
}

impl Profile {
    fn media_type(self) -> &'static str {
        match self {
            Self::Documented => "application/json",
            Self::Observed => "application/vnd.api+json",
        }
    }

    pub(crate) fn draft_state(self, dataset: &str, lock: &Lock) -> Response<Body> {
        let since = match self {
            Self::Documented => lock.since.trunc_subsecs(0),
            Self::Observed => lock.since,
        };
        let state = types::LlmObsDatasetDraftStateResponse {
            data: types::LlmObsDatasetDraftStateData {
                attributes: types::LlmObsDatasetDraftStateDataAttributes {
                    drafting_since: since,
                    user: lock.user.clone(),
                },
                id: dataset.to_owned(),
                type_: types::LlmObsDatasetDraftStateTypeKnown::DraftStateData.into(),
            },
        };
        json_response(200, self.media_type(), &json!(state))
    }

    pub(crate) fn refusal(self, refusal: &Refusal) -> Response<Body> {
        let status = refusal.status;
        let reason = code(status).canonical_reason().unwrap_or("Error");
        let body = match (self, status) {
            (_, 429) => json!({ "errors": ["Too many requests"] }),
            (Self::Observed, 403) => json!({
                "status": "error",
                "code": 403,
                "errors": [reason],
                "statuspage": "http://status.datadoghq.com",
                "twitter": "http://twitter.com/datadogops",
                "email": "support@datadoghq.com",
            }),
            (Self::Observed, _) => {
                json!({ "errors": [{ "title": "Generic Error", "detail": refusal.detail }] })
            }
            (Self::Documented, _) => json!(types::JsonapiErrorResponse {
                errors: vec![types::JsonapiErrorItem {
                    detail: Some(refusal.detail.clone()),
                    meta: None,
                    source: refusal
                        .pointer
                        .clone()
                        .map(|pointer| types::JsonapiErrorItemSource {
                            pointer: Some(pointer),
                            ..Default::default()
                        }),
                    status: Some(status.to_string()),
                    title: Some(reason.to_owned()),
                }],
            }),
        };
        json_response(status, self.media_type(), &body)
    }
}

pub(crate) fn json_response(status: u16, media_type: &'static str, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = code(status);
    let media_type = HeaderValue::from_static(media_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Fault {
    /// Returns the response of a fault that is not just a delay.
    pub(crate) fn response(&self, profile: Profile) -> Response<Body> {
        let mut response = match &self.kind {
            Kind::Status(status @ 400..) => scripted(*status, profile),
            Kind::Status(status) => with_body(*status, Body::empty()),
            Kind::RateLimited(seconds) => {
                let mut response = scripted(429, profile);
                add_limits(response.headers_mut(), 10, 0, *seconds);
                response
            }
            Kind::Redirect(url) => {
                let mut response = with_body(307, Body::empty());
                if let Ok(url) = url.parse() {
                    response.headers_mut().insert(header::LOCATION, url);
                }
                response
            }
            Kind::Html => {
                let mut response = with_body(
                    200,
                    "<!DOCTYPE html><html><body>Sign in</body></html>".into(),
                );
                let html = HeaderValue::from_static("text/html");
                response.headers_mut().insert(header::CONTENT_TYPE, html);
                response
            }
            Kind::Huge(bytes) => with_body(200, " ".repeat(*bytes).into()),
            Kind::Endless => {
                let blanks = || Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096]));
                with_body(200, Body::from_stream(stream::repeat_with(blanks)))
            }
            Kind::Truncated => with_body(200, self.truncated_body()),
            Kind::Delay(_) | Kind::Reset => with_body(200, Body::empty()),
        };
        if let Some(body) = &self.body
            && !matches!(self.kind, Kind::Truncated | Kind::Endless)
        {
            *response.body_mut() = Body::from(body.clone());
            if self.kind != Kind::Html {
                response.headers_mut().remove(header::CONTENT_TYPE);
            }
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
            {
                response.headers_mut().insert(name, value);
            }
        }
        if self.kind == Kind::Reset {
            response.extensions_mut().insert(Hangup);
        }
        response
    }

    fn truncated_body(&self) -> Body {
        let start = self.body.clone();
        let start = start.unwrap_or_else(|| "{\"data\": {\"attributes\": ".to_owned());
        let start = stream::iter([Ok(Bytes::from(start))]);
        let cut = stream::once(async {
            // Lets the start be sent; the connection would be closed before it.
            tokio::task::yield_now().await;
            Err(std::io::Error::other("the fault script says so"))
        });
        Body::from_stream(start.chain(cut))
    }
}

fn scripted(status: u16, profile: Profile) -> Response<Body> {
    profile.refusal(&Refusal::new(status, "The fault script says so"))
}

fn with_body(status: u16, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = code(status);
    response
}
