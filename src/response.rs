//! The response to a successful call.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::DraftState;
use crate::answer::Head;
use crate::rate_limit::{self, RateLimit};

/// The value of a successful call, with the response's status and headers and the number of attempts.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = llmobs_sandbox::Sandbox::builder().profile(llmobs_sandbox::Profile::Observed).start().await?;
/// # let keys = llmobs_datasets::Credentials::new(sandbox.api_key(), sandbox.application_key())?;
/// # let base_url: llmobs_datasets::BaseUrl = sandbox.url().parse()?;
/// # let client = llmobs_datasets::Client::builder(keys).endpoint(base_url).build()?;
/// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
/// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
/// let locked = dataset.lock().await?;
/// println!("locked by {} since {}", locked.user().id, locked.drafting_since());
/// assert_eq!((locked.status().as_u16(), locked.attempts()), (200, 1));
/// let left = locked.rate_limit().and_then(|limit| limit.remaining);
/// assert_eq!(left, Some(999));
/// let state: llmobs_datasets::DraftState = locked.into_inner();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    head: Head,
    attempts: u32,
    unsettled: bool,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, head: Head, attempts: u32, unsettled: bool) -> Self {
        Self {
            value,
            head,
            attempts,
            unsettled,
        }
    }

    /// Whether an earlier attempt may take effect later.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status, a 2xx; 200 is the documented one.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers of the response, unmodified.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The number of attempts that the call made; 1 if there was no retry.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The rate limit that the call counts against, if the response has its headers.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(&self.head.headers)
    }

    /// The time of the response by the server's clock (`Date`), in whole seconds.
    pub fn date(&self) -> Option<SystemTime> {
        rate_limit::date(&self.head.headers)
    }
}

impl Response<DraftState> {
    /// The user who holds the draft lock.
    pub fn user(&self) -> &types::LlmObsDatasetDraftStateUser {
        &self.value.user
    }

    /// The time since when the user has held the draft lock, in UTC.
    pub fn drafting_since(&self) -> DateTime<Utc> {
        self.value.drafting_since
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("value", &self.value)
            .field("status", &self.status())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
