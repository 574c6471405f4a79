//! The cause of a failure, from which its kind and its outcome follow.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::StatusCode;

use super::{Error, ErrorKind, Outcome};

/// The cause of a failure.
#[derive(Debug)]
pub(crate) enum Cause {
    Configuration(String),
    InvalidInput(String),
    NotSent(reqwest::Error),
    Lost(reqwest::Error),
    AttemptTimedOut(Duration),
    /// A timeout of the HTTP client that the caller passed in.
    HttpTimedOut(reqwest::Error),
    CallTimedOut(Duration),
    Status(StatusCode),
    Unreadable(Unreadable),
    /// Another task of this process has the turn.
    Busy,
    /// The current task has the lock.
    Reentrant,
    /// The user has held the lock since this time.
    HeldBefore(String),
    /// Another user has the lock. If a request was sent, its response says so.
    LockLost,
    /// The guard of the lock was released or kept.
    Released,
    /// The runtime ended before the lock or the unlock did.
    CutOff,
    /// The error of the caller's work.
    Work(Box<dyn StdError + Send + Sync>),
}

/// The state of the unlock that belongs to a failed call.
#[derive(Debug, Default)]
pub(crate) enum Unlocking {
    #[default]
    None,
    /// The unlock succeeded.
    Done,
    /// The unlock didn't fail, but a lock may still take effect, so another unlock follows after this time.
    Pending(Duration),
    Failed(Error),
    /// The failed call is the unlock itself, after work that succeeded.
    AfterWork,
}

/// Why a 2xx is not a success.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The body is cut off.
    Cut,
    /// The body is an HTML page: something in front of the service responded.
    Page,
    /// The body has errors.
    Errors,
    /// The body is longer than the cap.
    TooLarge,
    /// The body is not JSON or, for a lock, neither an object nor a list.
    NotJson,
    /// The body is empty, or a JSON object or list other than the documented one.
    Shape(serde_json::Error),
}

impl Cause {
    pub(crate) fn kind(&self) -> ErrorKind {
        self.meaning().0
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.meaning().1
    }

    /// The table in the docs of the module `error`.
    fn meaning(&self) -> (ErrorKind, Outcome) {
        use ErrorKind as Kind;
        use Outcome::{Applied, NotApplied, Unknown};

        match self {
            Self::Configuration(_) => (Kind::Configuration, NotApplied),
            Self::InvalidInput(_) => (Kind::InvalidInput, NotApplied),
            Self::NotSent(_) => (Kind::NotSent, NotApplied),
            Self::Lost(_) | Self::CutOff => (Kind::ConnectionLost, Unknown),
            Self::AttemptTimedOut(_) | Self::HttpTimedOut(_) | Self::CallTimedOut(_) => {
                (Kind::TimedOut, Unknown)
            }
            Self::Status(status) => match status.as_u16() {
                400 => (Kind::BadRequest, NotApplied),
                401 => (Kind::Unauthorized, NotApplied),
                403 => (Kind::Forbidden, NotApplied),
                404 => (Kind::NotFound, NotApplied),
                408 => (Kind::TimedOut, Unknown),
                409 | 412 | 423 => (Kind::Conflict, NotApplied),
                429 => (Kind::RateLimited, NotApplied),
                500..=599 => (Kind::ServerError, Unknown),
                _ if status.is_client_error() => (Kind::UnexpectedStatus, NotApplied),
                _ => (Kind::UnexpectedStatus, Unknown),
            },
            Self::Unreadable(Unreadable::Shape(_)) => (Kind::UnreadableSuccess, Applied),
            Self::Unreadable(_) => (Kind::UnreadableSuccess, Unknown),
            Self::Busy => (Kind::Busy, NotApplied),
            Self::Reentrant => (Kind::Reentrant, NotApplied),
            Self::HeldBefore(_) => (Kind::HeldBefore, NotApplied),
            Self::LockLost => (Kind::LockLost, NotApplied),
            Self::Released => (Kind::Released, NotApplied),
            Self::Work(_) => (Kind::Work, Unknown),
        }
    }
}
