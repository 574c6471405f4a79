//! The response to a successful call.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use llmobs_datasets_generated::types;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::rate_limit::{self, RateLimit};
use crate::raw_response::Head;
use crate::{DraftState, Result};

/// The value of a successful call, with the response's status and headers and the number of attempts.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
/// # fn main() -> Done { run(async |sandbox, dataset| {
/// let locked = dataset.lock().await?;
/// println!("locked by {} since {}", locked.user().id, locked.drafting_since());
/// assert_eq!((locked.status().as_u16(), locked.attempts()), (200, 1));
/// println!("calls left: {:?}", locked.rate_limit().and_then(|limit| limit.remaining));
/// let state: llmobs_datasets::DraftState = locked.into_inner();
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
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

    /// Whether an attempt of the call may take effect later.
    pub(crate) fn may_follow(result: &Result<Self>) -> bool {
        match result {
            Ok(response) => response.unsettled,
            Err(error) => error.is_unsettled(),
        }
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the value, and drops the rest of the response.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status: a 2xx, of which only 200 is documented.
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

    /// The time when the user's hold on the draft lock began, in UTC.
    pub fn drafting_since(&self) -> DateTime<Utc> {
        self.value.drafting_since
    }

    /// The time when the call began by the server's clock; `None` unless the lock was held before.
    pub(crate) fn held_before(&self, elapsed: Duration) -> Option<DateTime<Utc>> {
        // Both times are the server's, but one is in whole seconds, and they may come from two machines.
        const TOLERANCE: TimeDelta = TimeDelta::seconds(2);
        let elapsed = TimeDelta::from_std(elapsed).ok()?;
        let called = DateTime::<Utc>::from(self.date()?).checked_sub_signed(elapsed)?;
        let latest = self.drafting_since().checked_add_signed(TOLERANCE)?;
        (latest < called).then_some(called)
    }
}
