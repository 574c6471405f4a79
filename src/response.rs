//! A success: what the service answered, and how the call went.

use std::fmt;
use std::ops::Deref;
use std::time::SystemTime;

use llmobs_datasets_generated::ResponseValue;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::rate_limit::{self, RateLimit};

/// The value of a successful call, with how the call went. It derefs to the value.
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
/// println!("locked since {}", locked.drafting_since); // a field of `DraftState`
/// assert_eq!((locked.status().as_u16(), locked.attempts()), (200, 1));
/// let left = locked.rate_limit().and_then(|limit| limit.remaining);
/// assert_eq!(left, Some(999));
/// let state = locked.into_inner();
/// # Ok(())
/// # }
/// ```
pub struct Response<T> {
    value: T,
    head: ResponseValue<()>,
    attempts: u32,
    unsettled: bool,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, head: ResponseValue<()>, attempts: u32, unsettled: bool) -> Self {
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

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status, one of 2xx. The documented one is 200.
    pub fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// The headers of the answer, as they came.
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// How many attempts the call took; 1 if there was no retry.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The rate limit that the call counts against, if the answer names it.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(self.head.headers())
    }

    /// The time of the answer by the server's clock (`Date`), in whole seconds.
    pub fn date(&self) -> Option<SystemTime> {
        rate_limit::date(self.head.headers())
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
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
