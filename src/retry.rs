//! When another attempt is made, and how long before it.
//!
//! | what the attempt met | lock | unlock | restore |
//! |---|---|---|---|
//! | certainly not sent: DNS, connect, TLS | retry | retry | retry |
//! | 429 | retry after the server's hint | same | same |
//! | 408, 500, 502, 503, 504; connection lost or time out after sending | retry | retry | **no**, unless [asked for](RetryPolicy::repeat_restore) |
//! | everything else | no | no | no |
//!
//! Before a retry comes a wait: exponential backoff with jitter, or the server's hint
//! (`Retry-After`, on 429 also `X-RateLimit-Reset`) if that is later. A hint beyond
//! [`RetryPolicy::max_hint`] ends the call at once, and so does a wait that would not end before the
//! [time for the whole call](crate::ClientBuilder::call_timeout).

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use reqwest::StatusCode;

use crate::Operation;
use crate::error::Cause;

/// How many attempts a call may make, and how long it waits between them.
///
/// By [default](Self::default) 4 attempts, with backoff from 250 ms, doubled up to 5 s, with jitter, and
/// hints of up to 30 s.
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
///     .call_timeout(Duration::from_secs(300)) // 60 s would end it before
///     .build()?;
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    max_hint: Duration,
    jitter: bool,
    waits: bool,
    repeat_restore: bool,
}

impl Default for RetryPolicy {
    /// 4 attempts; backoff from 250 ms, doubled up to 5 s, with jitter; hints up to 30 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(5),
            max_hint: Duration::from_secs(30),
            jitter: true,
            waits: true,
            repeat_restore: false,
        }
    }
}

impl RetryPolicy {
    /// One attempt and no retry, not even of what was certainly not sent.
    #[must_use]
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// The most attempts of a call, the first one included. 4 by default; 0 counts as 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The backoff before the first retry, and the most that doubling makes of it. 250 ms and 5 s by
    /// default; a `max` below `initial` counts as `initial`. [Jitter](Self::jitter) comes on top.
    #[must_use]
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_backoff = initial;
        self.max_backoff = max.max(initial);
        self
    }

    /// The longest wait that the server may ask for. 30 seconds by default. With a longer one the call
    /// ends at once, and [`Error::retry_after`](crate::Error::retry_after) tells it.
    #[must_use]
    pub fn max_hint(mut self, hint: Duration) -> Self {
        self.max_hint = hint;
        self
    }

    /// Whether a random part, up to as much again, is added to each backoff, so that clients that
    /// failed together don't come back together. On by default.
    #[must_use]
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Retries at once, for tests: no backoff, and no wait that a server asks for. Everything else stays,
    /// so a hint above [`max_hint`](Self::max_hint) still ends the call.
    #[must_use]
    pub fn without_waits(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Whether a restore whose outcome is unknown is made again. Off by default: the dataset may
    /// **get one more version with each attempt**.
    #[must_use]
    pub fn repeat_restore(mut self, repeat: bool) -> Self {
        self.repeat_restore = repeat;
        self
    }

    /// The waits of one call: one for each retry.
    pub(crate) fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        self.backoffs().take(self.max_attempts as usize - 1)
    }

    /// The waits without an end.
    pub(crate) fn backoffs(&self) -> ExponentialBackoff {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(self.initial_backoff)
            .with_max_delay(self.max_backoff)
            .without_max_times();
        let backoff = if self.jitter {
            backoff.with_jitter()
        } else {
            backoff
        };
        backoff.build()
    }

    /// Whether what an attempt met may be met by another one.
    pub(crate) fn allows(&self, operation: Operation, cause: &Cause) -> bool {
        match Retry::of(cause) {
            Retry::Always => true,
            Retry::IfRepeatable => operation.is_idempotent() || self.repeat_restore,
            Retry::Never => false,
        }
    }

    /// How long to wait, given the backoff and the server's hint; `None` if the hint is too long.
    pub(crate) fn wait(&self, backoff: Duration, hint: Option<Duration>) -> Option<Duration> {
        match hint {
            Some(hint) if hint > self.max_hint => None,
            _ if !self.waits => Some(Duration::ZERO),
            Some(hint) => Some(backoff.max(hint)),
            None => Some(backoff),
        }
    }
}

/// What the table in the docs of this module says of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// It can't have taken effect.
    Always,
    /// It may have taken effect, so it is repeated only where that does no harm.
    IfRepeatable,
    Never,
}

impl Retry {
    #[allow(clippy::match_same_arms, reason = "the arms are the rows of the table")]
    fn of(cause: &Cause) -> Self {
        match cause {
            Cause::NotSent(_) => Self::Always,
            Cause::Lost(_) | Cause::AttemptTimedOut(_) => Self::IfRepeatable,
            Cause::Status(StatusCode::TOO_MANY_REQUESTS) => Self::Always,
            Cause::Status(
                StatusCode::REQUEST_TIMEOUT
                | StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT,
            ) => Self::IfRepeatable,
            Cause::Status(_)
            | Cause::CallTimedOut(_)
            | Cause::Unreadable(_)
            | Cause::Configuration(_)
            | Cause::InvalidInput(_)
            | Cause::Busy
            | Cause::Reentrant
            | Cause::HeldBefore(_)
            | Cause::LockLost
            | Cause::CutOff
            | Cause::Work(_) => Self::Never,
        }
    }
}
