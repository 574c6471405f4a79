//! When a call is retried, and how long it waits first.
//!
//! | attempt | lock | unlock | restore |
//! |---|---|---|---|
//! | nothing was sent: DNS, connecting, proxy, TLS handshake, no time left for them, or closed before the request | retry | retry | retry |
//! | 429 | retry | retry | retry |
//! | 408, 500, 502, 503, 504; connection lost or timeout after sending | retry | retry | **no**, unless [allowed](RetryPolicy::repeat_restore) |
//! | everything else | no | no | no |
//!
//! # Waits
//!
//! A retry waits for an exponential backoff with up to 100 % jitter, or for the server's hint if that is
//! later: `Retry-After` or, on a 429, `X-RateLimit-Reset`. Jitter is added to a hint, too, so that clients that
//! got the same hint don't return in the same instant. The call fails at once on a hint above
//! [`RetryPolicy::max_hint`], and on a wait after which the
//! [call timeout](crate::ClientBuilder::call_timeout) leaves no time to connect.
//!
//! # Budget
//!
//! All calls of a client and its clones share a budget of **100 retries**
//! ([`RetryPolicy::budget`]). Each retry takes 1 from it. Each successful call returns 0.1, and each second
//! returns 1. Occasional failures are therefore retried, and so is a first failure after a quiet time. In an
//! outage, calls stop multiplying the load: 1,000 calls of a client make 1,100 requests at once, not 4,000. An
//! error says so if its call was not retried for lack of budget.

mod budget;

use std::iter;
use std::time::Duration;

pub(crate) use self::budget::Budget;
use crate::Operation;
use crate::error::Cause;

/// The number of attempts of a call, and the waits between them. See the [module](self) for the rules.
///
/// ```
/// # use std::time::Duration;
/// # use llmobs_datasets::{Client, Credentials, RetryPolicy};
/// # let keys = Credentials::new("api-key", "application-key")?;
/// let patient = RetryPolicy::default()
///     .max_attempts(6)
///     .backoff(Duration::from_secs(1), Duration::from_secs(20))
///     .max_hint(Duration::from_secs(120));
/// let client = Client::builder(keys)
///     .retry(patient)
///     .call_timeout(Duration::from_secs(300)) // the default of 60 s would expire earlier
///     .build()?;
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "pass it to `ClientBuilder::retry`"]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    max_hint: Duration,
    jitter: bool,
    waits: bool,
    budget: Option<u32>,
    repeat_restore: bool,
}

impl Default for RetryPolicy {
    /// 4 attempts; backoff from 250 ms, doubled up to 5 s, with jitter; hints up to 30 s; a budget of 100
    /// retries.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(5),
            max_hint: Duration::from_secs(30),
            jitter: true,
            waits: true,
            budget: Some(100),
            repeat_restore: false,
        }
    }
}

impl RetryPolicy {
    /// One attempt and no retry, not even of a request that was certainly not sent.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of attempts of a call, including the first one. 4 by default; 0 counts as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the backoff before the first retry, which doubles with each retry, and its maximum. 250 ms and
    /// 5 s by default; a `max` below `initial` counts as `initial`. [Jitter](Self::jitter) is added.
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_backoff = initial;
        self.max_backoff = max.max(initial);
        self
    }

    /// Sets the longest wait that the server may ask for. 30 seconds by default. A longer one ends the call
    /// at once, and [`Error::retry_after`](crate::Error::retry_after) returns it.
    pub fn max_hint(mut self, hint: Duration) -> Self {
        self.max_hint = hint;
        self
    }

    /// Sets whether to add up to 100 % random jitter, so that clients that failed together don't return
    /// together. On by default.
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the size of the [retry budget](self#budget), which all calls of a client share. 100 by default;
    /// `None` means no limit, and 0 no retries.
    pub fn budget(mut self, retries: impl Into<Option<u32>>) -> Self {
        self.budget = retries.into();
        self
    }

    /// Retries at once, for tests: no backoff, and no wait that a server asks for. Everything else stays,
    /// so a hint above [`max_hint`](Self::max_hint) still ends the call.
    pub fn without_waits(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Sets whether to retry a restore whose outcome is unknown. Off by default: the dataset may
    /// **get one more version with each attempt**.
    pub fn repeat_restore(mut self, repeat: bool) -> Self {
        self.repeat_restore = repeat;
        self
    }

    /// The number of retries that a call may make.
    pub(crate) fn retries(&self) -> usize {
        self.max_attempts as usize - 1
    }

    pub(crate) fn budget_size(&self) -> Option<u32> {
        self.budget
    }

    /// An endless iterator over the waits before retries.
    pub(crate) fn backoffs(&self) -> impl Iterator<Item = Duration> + use<'_> {
        iter::successors(Some(self.initial_backoff), |backoff| {
            Some(backoff.saturating_mul(2).min(self.max_backoff))
        })
        .map(|backoff| backoff.saturating_add(self.jitter_up_to(backoff)))
    }

    fn jitter_up_to(&self, wait: Duration) -> Duration {
        wait.mul_f64(if self.jitter { fastrand::f64() } else { 0.0 })
    }

    /// Whether a failed attempt may be followed by another one: the table in the docs of this module.
    pub(crate) fn allows(&self, operation: Operation, cause: &Cause) -> bool {
        let repeatable = operation.is_idempotent() || self.repeat_restore;
        match cause {
            Cause::NotSent(_) => true,
            Cause::Lost(_) | Cause::AttemptTimedOut(_) | Cause::HttpTimedOut(_) => repeatable,
            Cause::Status(status) => match status.as_u16() {
                429 => true,
                408 | 500 | 502..=504 => repeatable,
                _ => false,
            },
            _ => false,
        }
    }

    /// The wait before a retry, given the backoff and the server's hint; `None` if the hint is too long.
    pub(crate) fn wait(&self, backoff: Duration, hint: Option<Duration>) -> Option<Duration> {
        match hint {
            Some(hint) if hint > self.max_hint => None,
            _ if !self.waits => Some(Duration::ZERO),
            // Clients that got the same hint return after it, but not in the same instant.
            Some(hint) => Some(backoff.max(hint.saturating_add(self.jitter_up_to(backoff)))),
            None => Some(backoff),
        }
    }
}
