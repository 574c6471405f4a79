//! The errors of calls, and what you may assume about the server after each.
//!
//! | last attempt | kind | outcome |
//! |---|---|---|
//! | bad configuration or input | `Configuration`, `InvalidInput` | not applied |
//! | no connection: DNS, connecting, proxy, TLS handshake, no time left for them, or closed before the request | `NotSent` | not applied |
//! | connection lost after sending, before a status | `ConnectionLost` | unknown |
//! | no status within the attempt timeout or the call timeout | `TimedOut` | unknown |
//! | 408 | `TimedOut` | unknown |
//! | 400, 401, 403, 404 | `BadRequest`, `Unauthorized`, `Forbidden`, `NotFound` | not applied |
//! | 409, 412, 423 | `Conflict` | not applied |
//! | 429 | `RateLimited` | not applied |
//! | other 4xx | `UnexpectedStatus` | not applied |
//! | 5xx | `ServerError` | unknown |
//! | 1xx, 3xx, other | `UnexpectedStatus` | unknown |
//! | 2xx, and the body is cut off (connection or time ended before it), too large, HTML, or has errors | `UnreadableSuccess` | unknown |
//! | 2xx to unlock or restore, and the body is neither empty nor JSON | `UnreadableSuccess` | unknown |
//! | 2xx to lock, and the body is empty, or a JSON object or list without a complete draft state | `UnreadableSuccess` | applied |
//! | 2xx to lock, and the body is anything else | `UnreadableSuccess` | unknown |
//! | another task of this process, or the current one, holds the draft lock | `Busy`, `Reentrant` | not applied |
//! | the user held the draft lock before the call, and `adopt_held_lock` is off | `HeldBefore` | not applied |
//! | the unlock or the check found another user's draft lock, or none | `LockLost` | not applied |
//! | the draft lock was released or kept before the call | `Released` | not applied |
//! | the runtime of a draft lock ended before the call did | `ConnectionLost` | unknown |
//! | the work under a draft lock failed with an error of its own | `Work` | unknown |
//!
//! Any other 2xx is a success. If an earlier attempt of the same call may have taken effect, "not applied"
//! becomes "unknown".

mod cause;
mod lock;
mod message;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

pub(crate) use self::cause::{Cause, Unlocking, Unreadable};
pub use self::lock::DraftLockError;
pub(crate) use self::message::{chain, is_unsent, one_line, root, seconds};
use crate::api_error::ApiError;
use crate::rate_limit::{self, RateLimit};
use crate::raw_response::Head;
use crate::text::names;
use crate::{DatasetId, Operation, ProjectId};

/// The error of a failed call, or of a value or client that can't be built.
///
/// `Display` is one line for a log; `Debug` shows everything. Neither shows a key, headers or more of a body
/// than the [errors](Self::errors) in it.
///
/// The line includes the root cause, so `source()` doesn't repeat it.
/// [`http_error`](Self::http_error) returns the error of the HTTP client. `source()` is only the error of the
/// JSON parser, or the source of the work's error.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
/// # fn main() -> Done { run(async |sandbox, dataset| {
/// use llmobs_datasets::{DatasetVersion, ErrorKind, Outcome};
///
/// // The dataset is at version 2.
/// let Err(error) = dataset.restore(DatasetVersion::new(9)?).await else {
///     return Err("there is no version 9".into());
/// };
/// assert_eq!((error.kind(), error.outcome()), (ErrorKind::BadRequest, Outcome::NotApplied));
/// assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
/// for item in error.errors() {
///     assert_eq!(item.detail.as_deref(), Some("dataset_version must be between 0 and 2"));
///     assert_eq!(item.pointer.as_deref(), Some("/data/attributes/dataset_version"));
/// }
/// eprintln!("{error}"); // restore dataset 9f64e5c7-… of project a33671aa-…: 400 Bad Request: …
/// # Ok(()) }) }
/// ```
pub struct Error(pub(crate) Box<Details>);

pub(crate) struct Details {
    cause: Cause,
    pub(crate) outcome: Outcome,
    call: Option<Call>,
    pub(crate) response: Option<ErrorResponse>,
    pub(crate) attempts: u32,
    pub(crate) unsettled: bool,
    waited: Option<Duration>,
    pub(crate) out_of_budget: bool,
    unlocking: Unlocking,
}

/// Which call failed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) project_id: ProjectId,
    pub(crate) dataset_id: DatasetId,
    pub(crate) host: String,
    pub(crate) keys: &'static str,
    pub(crate) connect_limit: Duration,
    pub(crate) proxy: Option<Arc<str>>,
}

/// The response to the last attempt.
pub(crate) struct ErrorResponse {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) errors: Vec<ApiError>,
    /// The host of the redirect, unless the host repeats a key.
    pub(crate) redirect_host: Option<String>,
}

names! {
    "error kind"
    /// The kind of a failure. The [module](crate::error) docs list which status maps to which kind.
    pub enum ErrorKind {
        /// The settings, the keys or the environment can't be used. No call was made.
        Configuration = "configuration",
        /// An id, a version number or a URL can't be sent. No call was made.
        InvalidInput = "invalid_input",
        /// The request was not sent: the host or proxy was not found or not reached in time, its certificate
        /// is not trusted, or the connection was closed before the first byte of the request.
        NotSent = "not_sent",
        /// The connection was lost after the request was sent, before a response arrived.
        ConnectionLost = "connection_lost",
        /// The response did not arrive in time, or the service stopped waiting for the request (408).
        TimedOut = "timed_out",
        /// The service rejected the request (400).
        BadRequest = "bad_request",
        /// The keys are missing or not valid (401).
        Unauthorized = "unauthorized",
        /// The keys do not permit the operation (403).
        Forbidden = "forbidden",
        /// The project or the dataset does not exist (404).
        NotFound = "not_found",
        /// The state of the dataset forbids it (409, 412, 423): assumed to mean that another user holds the
        /// draft lock. Datadog's documentation doesn't describe that response.
        Conflict = "conflict",
        /// Another task of this process holds the draft lock with the same application key, and
        /// [`lock_wait`](crate::ClientBuilder::lock_wait) ran out. Nothing was sent.
        Busy = "busy",
        /// The current task holds the draft lock: it was requested again in the closure of
        /// [`with_draft_lock`](crate::Dataset::with_draft_lock). Nothing was sent.
        Reentrant = "reentrant",
        /// The same user held the draft lock before the call, and
        /// [`adopt_held_lock`](crate::ClientBuilder::adopt_held_lock) is off. The lock stays held.
        HeldBefore = "held_before",
        /// The draft lock was lost before it was released: an unlock or a
        /// [check](crate::LockedDataset::check) found another user's lock, or none.
        LockLost = "lock_lost",
        /// A [`LockedDataset`](crate::LockedDataset) was used after its draft lock was released or kept.
        /// Nothing was sent, unless the release interrupted a check.
        Released = "released",
        /// The work under a draft lock failed with an error that isn't one of this crate.
        Work = "work",
        /// The rate limit is reached (429).
        RateLimited = "rate_limited",
        /// The service, or something in front of it, failed (5xx).
        ServerError = "server_error",
        /// A status that is neither documented nor of another kind, such as a redirect.
        UnexpectedStatus = "unexpected_status",
        /// A 2xx whose body is not the service's response, or can't be read.
        UnreadableSuccess = "unreadable_success",
    }
}

names! {
    "outcome"
    /// What you may assume about the server after a call that did not succeed.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |sandbox, dataset| {
    /// # use llmobs_sandbox::{Fault, Operation};
    /// use llmobs_datasets::{DatasetVersion, Outcome};
    ///
    /// # sandbox.script(Operation::Restore, [Fault::reset().after_effect()]);
    /// let restored = dataset.restore(DatasetVersion::new(1)?).await;
    /// let message = match restored.as_ref().map_err(|error| error.outcome()) {
    ///     Ok(_) | Err(Outcome::Applied) => "restored",
    ///     Err(Outcome::NotApplied) => "not restored: try again, or give up",
    ///     Err(_) => "perhaps restored: check the dataset first",
    /// };
    /// # assert!(message.starts_with("perhaps"));
    /// # Ok(()) }) }
    /// ```
    pub enum Outcome {
        /// The call had no effect.
        NotApplied = "not_applied",
        /// The call took effect, but its response could not be read.
        Applied = "applied",
        /// The call may have taken effect, or may yet do so.
        Unknown = "unknown",
    }
}

/// The result of a call, or of building a value or client.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Cause::Configuration(message.into()))
    }

    pub(crate) fn invalid_input(message: String) -> Self {
        Self::new(Cause::InvalidInput(message))
    }

    fn new(cause: Cause) -> Self {
        Self(Box::new(Details {
            outcome: cause.outcome(),
            cause,
            call: None,
            response: None,
            attempts: 0,
            unsettled: false,
            waited: None,
            out_of_budget: false,
            unlocking: Unlocking::None,
        }))
    }

    /// The error of failed work, with the error of the unlock. If the work's error is one of this crate that is
    /// about another lock, it is wrapped, so that the two locks aren't confused.
    pub(crate) fn of_work(error: Box<dyn StdError + Send + Sync>, unlock: Option<Self>) -> Self {
        let another = |error: &Self, unlock: &Self| {
            let ids = |error: &'_ Self| (error.project_id().cloned(), error.dataset_id().cloned());
            error.may_be_locked() && ids(error) != ids(unlock)
        };
        let mut failed = match error.downcast::<Self>() {
            Ok(error) => match (&error.0.unlocking, &unlock) {
                (Unlocking::None, None) => *error,
                (Unlocking::None, Some(unlock)) if !another(&error, unlock) => *error,
                _ => Self::new(Cause::Work(error)),
            },
            Err(error) => Self::new(Cause::Work(error)),
        };
        if let Some(unlock) = unlock {
            failed.0.unlocking = Unlocking::Failed(unlock);
        }
        failed
    }

    /// The error of a call that made no attempt.
    pub(crate) fn of_call(call: Call, cause: Cause) -> Self {
        let mut error = Self::new(cause);
        error.0.unsettled = error.0.outcome == Outcome::Unknown;
        error.0.call = Some(call);
        error
    }

    /// The error of the HTTP client, if there was no response. `Display` already includes its text.
    pub fn http_error(&self) -> Option<&reqwest::Error> {
        match &self.0.cause {
            Cause::NotSent(error) | Cause::Lost(error) | Cause::HttpTimedOut(error) => Some(error),
            _ => None,
        }
    }

    /// Whether an attempt may take effect later.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.0.unsettled
    }

    pub(crate) fn after_waiting(mut self, waited: Option<Duration>) -> Self {
        self.0.waited = waited;
        self
    }

    pub(crate) fn with_unlock(mut self, unlocking: Unlocking) -> Self {
        self.0.unlocking = unlocking;
        self
    }

    /// This error, after an earlier request that may take effect late.
    pub(crate) fn unsettled(mut self) -> Self {
        if self.0.outcome == Outcome::NotApplied {
            self.0.outcome = Outcome::Unknown;
        }
        self.0.unsettled = true;
        self
    }

    /// This error, of a request that found the lock released or held by somebody else.
    pub(crate) fn lost(mut self) -> Self {
        self.0.cause = Cause::LockLost;
        self
    }

    /// The kind of the failure: see the table of the [module](crate::error).
    pub fn kind(&self) -> ErrorKind {
        self.0.cause.kind()
    }

    /// What you may assume about the server: see the table of the [module](crate::error).
    pub fn outcome(&self) -> Outcome {
        match self.0.unlocking {
            // The call that the caller made is the work.
            Unlocking::AfterWork => Outcome::Applied,
            _ => self.0.outcome,
        }
    }

    /// The operation that failed; `None` if no call was made.
    pub fn operation(&self) -> Option<Operation> {
        Some(self.0.call.as_ref()?.operation)
    }

    /// The project of the call; `None` if no call was made.
    pub fn project_id(&self) -> Option<&ProjectId> {
        Some(&self.0.call.as_ref()?.project_id)
    }

    /// The dataset of the call; `None` if no call was made.
    pub fn dataset_id(&self) -> Option<&DatasetId> {
        Some(&self.0.call.as_ref()?.dataset_id)
    }

    /// The status of the response to the last attempt, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.0.response.as_ref()?.head.status)
    }

    /// The headers of the response to the last attempt, unmodified: unlike the body, they are not searched
    /// for keys.
    pub fn headers(&self) -> Option<&HeaderMap> {
        Some(&self.0.response.as_ref()?.head.headers)
    }

    /// The errors in the body of the response to the last attempt, whether they are strings or objects. Empty
    /// if the body has no readable errors.
    pub fn errors(&self) -> &[ApiError] {
        self.0
            .response
            .as_ref()
            .map_or(&[], |response| &response.errors)
    }

    /// The body of the response to the last attempt, up to
    /// [`ClientBuilder::max_response_bytes`](crate::ClientBuilder::max_response_bytes), with keys replaced by
    /// `[redacted]`.
    pub fn raw_body(&self) -> Option<&[u8]> {
        Some(&self.0.response.as_ref()?.body)
    }

    /// The rate limit, if the response to the last attempt has its headers.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(self.headers()?)
    }

    /// The time that the server asks to wait before another call: `Retry-After` or, on a 429,
    /// `X-RateLimit-Reset`, whichever is later.
    pub fn retry_after(&self) -> Option<Duration> {
        rate_limit::retry_hint(self.status()?, self.headers()?)
    }

    /// The number of attempts that were made, which may be 0.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the draft lock is in use: by another user ([`ErrorKind::Conflict`]), by another task of this
    /// process ([`ErrorKind::Busy`]) or by this user since before the call ([`ErrorKind::HeldBefore`]).
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Conflict | ErrorKind::Busy | ErrorKind::HeldBefore
        )
    }

    /// The time that the call waited for a lock that somebody else held; `None` if it failed for another
    /// reason.
    pub fn waited(&self) -> Option<Duration> {
        self.0.waited
    }

    /// Whether the dataset may be locked by this user because of the failed call. After a lock whose outcome
    /// is unknown, this is true even if unlocking succeeded, because the lock may take effect late.
    pub fn may_be_locked(&self) -> bool {
        match (&self.0.unlocking, self.operation()) {
            (Unlocking::Failed(unlock), Some(Operation::Lock)) => {
                self.is_unsettled() || unlock.may_be_locked()
            }
            (Unlocking::Failed(unlock), _) => unlock.may_be_locked(),
            (Unlocking::Pending(_), _) => true,
            (Unlocking::Done, _) => false,
            (_, Some(Operation::Lock)) => {
                self.outcome() != Outcome::NotApplied || self.kind() == ErrorKind::HeldBefore
            }
            (_, Some(Operation::Unlock)) => {
                self.0.outcome != Outcome::Applied
                    && !matches!(
                        self.kind(),
                        ErrorKind::Conflict | ErrorKind::LockLost | ErrorKind::NotFound
                    )
            }
            _ => false,
        }
    }

    /// The error of the work under a draft lock, for downcasting; `None` unless the kind is
    /// [`ErrorKind::Work`].
    pub fn work_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        match &self.0.cause {
            Cause::Work(error) => Some(&**error),
            _ => None,
        }
    }

    /// The error of the unlock that followed the failed call, if the unlock failed, too.
    pub fn unlock_error(&self) -> Option<&Self> {
        match &self.0.unlocking {
            Unlocking::Failed(unlock) => Some(unlock),
            _ => None,
        }
    }
}
