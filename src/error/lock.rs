//! The error of work under a draft lock.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::{Error, Outcome, Result, Unlocking};
use crate::Response;

/// The error of [`Dataset::with_draft_lock`](crate::Dataset::with_draft_lock): which of lock, work and
/// unlock failed.
///
/// `?` turns it into an [`Error`], an `anyhow::Error` or a `Box<dyn std::error::Error + Send + Sync>`; the
/// last two need a return value of the work (`T`) that is `Send`, `Sync` and `'static`.
///
/// ```
/// use llmobs_datasets::{DraftLockError, Outcome};
///
/// fn status<T>(failed: &DraftLockError<T>) -> u16 {
///     match failed.outcome() {
///         Outcome::Applied => 200, // the work succeeded; the dataset may still be locked
///         _ if failed.is_conflict() => 409,
///         _ if failed.retry_after().is_some() => 503,
///         _ => 502,
///     }
/// }
/// ```
#[non_exhaustive]
pub enum DraftLockError<T> {
    /// The dataset could not be locked. The work never started.
    Lock(Error),
    /// The work failed. [`work_error`](Error::work_error) returns its error if that isn't one of this crate,
    /// or already includes the unlock of another lock. [`unlock_error`](Error::unlock_error) returns the error
    /// of the unlock, if the unlock failed, too.
    Work(Error),
    /// The work succeeded, but unlocking failed.
    #[non_exhaustive]
    Unlock {
        /// The work's return value.
        value: T,
        /// The error of the unlock.
        error: Error,
    },
}

impl<T> DraftLockError<T> {
    /// The result of work that was followed by an unlock.
    pub(crate) fn of_work<E: Into<Box<dyn StdError + Send + Sync>>>(
        worked: Result<T, E>,
        unlocked: Result<Response<()>>,
    ) -> Result<T, Self> {
        match (worked, unlocked) {
            (Ok(value), Ok(_)) => Ok(value),
            (Ok(value), Err(error)) => {
                let error = error.with_unlock(Unlocking::AfterWork);
                Err(Self::Unlock { value, error })
            }
            (Err(error), unlocked) => Err(Self::Work(Error::of_work(error.into(), unlocked.err()))),
        }
    }

    /// The error of the step that failed.
    #[must_use]
    pub fn error(&self) -> &Error {
        match self {
            Self::Lock(error) | Self::Work(error) | Self::Unlock { error, .. } => error,
        }
    }

    /// The outcome of the work: `NotApplied` if it never started, `Applied` if it succeeded. If the work
    /// failed, the [outcome](Error::outcome) of its error, with `Unknown` instead of `Applied`: one call that
    /// took effect is not all of the work.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Lock(_) => Outcome::NotApplied,
            Self::Work(error) => match error.outcome() {
                Outcome::Applied => Outcome::Unknown,
                outcome => outcome,
            },
            Self::Unlock { .. } => Outcome::Applied,
        }
    }

    /// Whether somebody else holds the draft lock: see [`Error::is_conflict`]. `false` if the work succeeded.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        !matches!(self, Self::Unlock { .. }) && self.error().is_conflict()
    }

    /// The time that the service asks to wait: see [`Error::retry_after`]. `None` if the work succeeded, so
    /// that nobody repeats the work.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unlock { .. } => None,
            Self::Lock(error) | Self::Work(error) => error.retry_after(),
        }
    }

    /// Whether the dataset may still be locked by this user: see [`Error::may_be_locked`].
    #[must_use]
    pub fn may_be_locked(&self) -> bool {
        match self {
            Self::Lock(error) | Self::Unlock { error, .. } => error.may_be_locked(),
            Self::Work(error) => error.unlock_error().is_some_and(Error::may_be_locked),
        }
    }
}

impl<T> fmt::Debug for DraftLockError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self {
            Self::Lock(_) => "Lock",
            Self::Work(_) => "Work",
            Self::Unlock { .. } => "Unlock",
        };
        f.debug_tuple(step).field(self.error()).finish()
    }
}

impl<T> fmt::Display for DraftLockError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl<T> StdError for DraftLockError<T> {
    /// The source of the failed step's error. `Display` shows that error itself.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error().source()
    }
}

impl<T> From<DraftLockError<T>> for Error {
    /// Returns the error of the step that failed, and drops the work's return value.
    fn from(failed: DraftLockError<T>) -> Self {
        match failed {
            DraftLockError::Lock(error)
            | DraftLockError::Work(error)
            | DraftLockError::Unlock { error, .. } => error,
        }
    }
}
