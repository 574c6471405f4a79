//! Responses, as documented or as the service was seen to send them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use chrono::SubsecRound as _;
use futures_util::{StreamExt as _, stream};
use llmobs_datasets_generated::types;
use serde_json::{Value, json};

use crate::dataset::{Lock, Refusal};
use crate::fault::{Fault, Kind};

/// Which source the responses follow, where the service differs from its documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// The documentation pages: `application/json`, whole seconds, error objects on all statuses but 429.
    #[default]
    Documented,
    /// Recordings of the service: `application/vnd.api+json`, nanoseconds, strings on 403, rate-limit
    /// headers on every response that isn't a [fault](crate::Fault).
    Observed,
}

/// A response that must not be sent: the connection is closed in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hangup;

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
        self.json(200, &json!(state))
    }

    pub(crate) fn done(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        self.add_limits(response.headers_mut());
        response
    }

    pub(crate) fn refusal(self, refusal: &Refusal) -> Response<Body> {
        let status = refusal.status;
        let title = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let body = if self == Self::Observed && status == 403 {
            json!({
                "status": "error",
                "code": 403,
                "errors": [title],
                "statuspage": "http://status.datadoghq.com",
                "twitter": "http://twitter.com/datadogops",
                "email": "support@datadoghq.com",
            })
        } else {
            json!(types::JsonapiErrorResponse {
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
                    title: Some(title.to_owned()),
                }],
            })
        };
        self.json(status, &body)
    }

    fn json(self, status: u16, body: &Value) -> Response<Body> {
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = code(status);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.media_type()),
        );
        self.add_limits(headers);
        response
    }

    fn add_limits(self, headers: &mut HeaderMap) {
        if self == Self::Observed {
            for (name, value) in [
                ("x-ratelimit-limit", "1000"),
                ("x-ratelimit-period", "60"),
                ("x-ratelimit-remaining", "999"),
                ("x-ratelimit-reset", "60"),
                ("x-ratelimit-name", "sandbox"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Fault {
    /// Returns the response of a fault that is not just late.
    pub(crate) fn response(&self) -> Response<Body> {
        let body = match self.kind {
            Kind::Late | Kind::Answer | Kind::Reset => Body::from(self.body.clone()),
            Kind::Truncated => {
                let start = stream::iter([Ok(Bytes::from(self.body.clone()))]);
                let cut = stream::once(async {
                    // Lets the start be sent; the connection would be closed before it.
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("the fault script says so"))
                });
                Body::from_stream(start.chain(cut))
            }
            Kind::Endless => Body::from_stream(stream::repeat_with(|| {
                Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096]))
            })),
        };
        let mut response = Response::new(body);
        *response.status_mut() = code(self.status);
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
}
