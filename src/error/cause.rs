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
    /// By a timeout of the HTTP client that the caller handed in.
    HttpTimedOut(reqwest::Error),
    CallTimedOut(Duration),
    Status(StatusCode),
    Unreadable(Unreadable),
    /// Another task of this process has the turn.
    Busy,
    /// The current task has the lock.
    Reentrant,
    /// The user has held the lock since then.
    HeldBefore(String),
    /// Another user has the lock; the response says so, if a request was sent.
    LockLost,
    /// The guard of the lock was released or kept.
    Released,
    /// The runtime ended before the lock or the unlock did.
    CutOff,
    /// The caller's own.
    Work(Box<dyn StdError + Send + Sync>),
}

/// What is known of an unlock that belongs to a failed call.
#[derive(Debug, Default)]
pub(crate) enum Unlocking {
    #[default]
    None,
    /// It succeeded.
    Done,
    /// It didn't fail, but a lock may follow, so another unlock does after this time.
    Pending(Duration),
    Failed(Error),
    /// The failed call is the unlock itself, after work that succeeded.
    AfterWork,
}

/// Why a 2xx is not a success.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is cut off.
    Cut,
    /// It is a page for people: something in front of the service responded.
    Page,
    /// It has errors.
    Errors,
    /// It is longer than the cap.
    TooLarge,
    /// It is not JSON or, for a lock, neither an object nor a list.
    NotJson,
    /// It is a JSON object or list, but not that of the documentation; or it is empty.
    Shape(serde_json::Error),
}

impl Cause {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Configuration(_) => ErrorKind::Configuration,
            Self::InvalidInput(_) => ErrorKind::InvalidInput,
            Self::NotSent(_) => ErrorKind::NotSent,
            Self::Lost(_) | Self::CutOff => ErrorKind::ConnectionLost,
            Self::AttemptTimedOut(_) | Self::HttpTimedOut(_) | Self::CallTimedOut(_) => {
                ErrorKind::TimedOut
            }
            Self::Status(status) => match status.as_u16() {
                400 => ErrorKind::BadRequest,
                401 => ErrorKind::Unauthorized,
                403 => ErrorKind::Forbidden,
                404 => ErrorKind::NotFound,
                408 => ErrorKind::TimedOut,
                409 | 412 | 423 => ErrorKind::Conflict,
                429 => ErrorKind::RateLimited,
                500..=599 => ErrorKind::ServerError,
                _ => ErrorKind::UnexpectedStatus,
            },
            Self::Unreadable(_) => ErrorKind::UnreadableSuccess,
            Self::Busy => ErrorKind::Busy,
            Self::Reentrant => ErrorKind::Reentrant,
            Self::HeldBefore(_) => ErrorKind::HeldBefore,
            Self::LockLost => ErrorKind::LockLost,
            Self::Released => ErrorKind::Released,
            Self::Work(_) => ErrorKind::Work,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Configuration(_)
            | Self::InvalidInput(_)
            | Self::NotSent(_)
            | Self::Busy
            | Self::Reentrant
            | Self::HeldBefore(_)
            | Self::LockLost
            | Self::Released => Outcome::NotApplied,
            Self::Status(StatusCode::REQUEST_TIMEOUT) => Outcome::Unknown,
            Self::Status(status) if status.is_client_error() => Outcome::NotApplied,
            Self::Unreadable(Unreadable::Shape(_)) => Outcome::Applied,
            _ => Outcome::Unknown,
        }
    }
}
