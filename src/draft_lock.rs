//! Work under the draft lock, after which the lock is always given back.

mod guard;

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;

use self::guard::Guard;
use crate::{Dataset, DraftState, Error, Response, Result};

/// The draft lock of a dataset, held.
///
/// [`unlock`](Self::unlock) gives it back and tells whether that worked; [`keep`](Self::keep) leaves
/// the dataset locked.
///
/// ```
/// # use llmobs_datasets::DatasetVersion;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
/// # let keys = llmobs_datasets::Credentials::new(sandbox.api_key(), sandbox.application_key())?;
/// # let base_url: llmobs_datasets::BaseUrl = sandbox.url().parse()?;
/// # let client = llmobs_datasets::Client::builder(keys).endpoint(base_url).build()?;
/// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
/// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
/// let lock = dataset.draft_lock().await?;
/// println!("locked since {}", lock.state().drafting_since());
/// lock.dataset().restore(DatasetVersion::new(1)?).await?;
/// lock.unlock().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Drop
///
/// A lock that is dropped with neither (an early return, a panic, a cancelled task) is given back in
/// the background, on the present tokio runtime or else on the one that it was taken on, without anybody
/// to tell whether that worked, and with a warning through `tracing` in any case. If that runtime ends
/// before, the dataset may stay locked, and another warning says so. If the same user locks again before
/// it is done, it gives that lock back, too.
#[must_use = "the dataset is locked until `unlock`"]
pub struct DraftLock {
    guard: Guard,
    state: Response<DraftState>,
}

impl DraftLock {
    /// The answer to the lock: who holds it, and since when.
    pub fn state(&self) -> &Response<DraftState> {
        &self.state
    }

    /// The dataset that is locked.
    pub fn dataset(&self) -> &Dataset {
        &self.guard.dataset
    }

    /// Gives the lock back. If the future is dropped, that is done in the background.
    ///
    /// # Errors
    ///
    /// As of [`Dataset::unlock`]; the dataset may then still be locked.
    pub async fn unlock(self) -> Result<Response<()>> {
        self.guard.unlock().await
    }

    /// Leaves the dataset locked, for a later [`Dataset::unlock`].
    pub fn keep(mut self) -> Response<DraftState> {
        self.guard.keep();
        self.state
    }
}

impl fmt::Debug for DraftLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftLock")
            .field("dataset", self.dataset())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Why a dataset could not be locked.
///
/// If the lock may be held all the same (its [outcome](Error::outcome) is not
/// [`NotApplied`](crate::Outcome::NotApplied)), unlocking was attempted.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotLocked {
    /// The error of the lock.
    pub error: Error,
    /// What came of unlocking; `None` if that was not attempted, because the lock was certainly not
    /// taken.
    pub unlock: Option<Result<()>>,
}

impl fmt::Display for NotLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        match &self.unlock {
            None => Ok(()),
            Some(Ok(())) => f.write_str("; then it was unlocked"),
            Some(Err(error)) => write!(f, "; then it could not be unlocked: {error}"),
        }
    }
}

impl StdError for NotLocked {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Why work under the draft lock did not come to a good end.
///
/// `T` is what the work gives, and `E` its error. A `DraftLockError` is a [`std::error::Error`] if `T` is
/// `Debug` and `E` is an error itself, which `Box<dyn Error>` and `anyhow::Error` are not: with those, take
/// the variants apart instead of using `?`. Its `source()` is that of the error which it shows.
///
/// ```
/// use llmobs_datasets::{DatasetVersion, DraftLockError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
/// # let keys = llmobs_datasets::Credentials::new(sandbox.api_key(), sandbox.application_key())?;
/// # let base_url: llmobs_datasets::BaseUrl = sandbox.url().parse()?;
/// # let client = llmobs_datasets::Client::builder(keys).endpoint(base_url).build()?;
/// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
/// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
/// # let other_keys = (sandbox.api_key(), &*sandbox.users()[1].application_key);
/// # let other_keys = llmobs_datasets::Credentials::new(other_keys.0, other_keys.1)?;
/// # let other_client = llmobs_datasets::Client::builder(other_keys)
/// #     .endpoint(sandbox.url().parse::<llmobs_datasets::BaseUrl>()?).build()?;
/// # other_client.dataset(ids.0.parse()?, ids.1.parse()?).lock().await?;
/// let version = DatasetVersion::new(1)?;
/// let work = async |dataset: llmobs_datasets::Dataset| dataset.restore(version).await;
/// let said = match dataset.with_draft_lock(work).await {
///     Ok(_) => "restored".to_owned(),
///     Err(DraftLockError::Lock(not)) if not.error.is_conflict() => "somebody else is at it".to_owned(),
///     Err(DraftLockError::Unlock { error, .. }) => format!("restored, but perhaps locked: {error}"),
///     Err(error) => error.to_string(),
/// };
/// # assert_eq!(said, "somebody else is at it");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum DraftLockError<T, E> {
    /// The lock could not be taken, and the work was not begun.
    Lock(NotLocked),
    /// The work failed.
    #[non_exhaustive]
    Work {
        /// Its own error.
        error: E,
        /// Why the lock could not be given back, if it could not: the dataset may still be locked.
        unlock: Option<Error>,
    },
    /// The work was done, but the lock could not be given back: the dataset may still be locked.
    #[non_exhaustive]
    Unlock {
        /// What the work gave.
        value: T,
        /// Why the lock could not be given back.
        error: Error,
    },
}

impl<T, E: fmt::Display> fmt::Display for DraftLockError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock(error) => error.fmt(f),
            Self::Work { error, unlock } => {
                error.fmt(f)?;
                match unlock {
                    None => Ok(()),
                    Some(unlock) => write!(f, "; then the dataset could not be unlocked: {unlock}"),
                }
            }
            Self::Unlock { error, .. } => write!(f, "the work is done, but then: {error}"),
        }
    }
}

impl<T: fmt::Debug, E: StdError + 'static> StdError for DraftLockError<T, E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Each is shown itself, and would be told twice.
        match self {
            Self::Lock(error) => error.source(),
            Self::Work { error, .. } => error.source(),
            Self::Unlock { error, .. } => error.source(),
        }
    }
}

impl Dataset {
    /// Takes the draft lock as a guard, for work that doesn't fit
    /// [`with_draft_lock`](Self::with_draft_lock).
    ///
    /// If the future is dropped, a lock that was on its way is given back in the background, as
    /// [`DraftLock`] describes.
    ///
    /// # Errors
    ///
    /// [`NotLocked`]: the error of [`lock`](Self::lock), with what came of unlocking where that was
    /// needed. That includes a lock whose answer can't be read in full, because the guard shows that answer:
    /// it is given back.
    pub async fn draft_lock(&self) -> Result<DraftLock, NotLocked> {
        match Guard::lock(self.clone()).await? {
            (guard, Ok(state)) => Ok(DraftLock { guard, state }),
            (guard, Err(error)) => Err(guard.give_up(error).await),
        }
    }

    /// Takes the draft lock, does some work, and gives the lock back, whatever came of the work:
    ///
    /// - on success and on error; the error of the work stays the main one, with that of the unlock
    ///   beside it;
    /// - on a panic, which goes on after the unlock;
    /// - if the future is dropped: then in the background, with a warning, as [`DraftLock`] describes.
    ///
    /// If the answer to the lock is a draft state that lacks a documented part or has it in another form, the
    /// work is done all the same, with a warning: it is under a lock, though
    /// [`draft_lock`](Self::draft_lock) couldn't say whose and since when.
    ///
    /// A call of the work that was dropped, or whose outcome is unknown, may yet take effect after the
    /// unlock: the service is not known to refuse it then.
    ///
    /// ```
    /// # use llmobs_datasets::DatasetVersion;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
    /// # let keys = llmobs_datasets::Credentials::new(sandbox.api_key(), sandbox.application_key())?;
    /// # let base_url: llmobs_datasets::BaseUrl = sandbox.url().parse()?;
    /// # let client = llmobs_datasets::Client::builder(keys).endpoint(base_url).build()?;
    /// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
    /// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
    /// let version = DatasetVersion::new(1)?;
    /// dataset
    ///     .with_draft_lock(async |dataset| dataset.restore(version).await)
    ///     .await?;
    /// # let state = sandbox.dataset(ids.0, ids.1).ok_or("it is there")?;
    /// # assert_eq!((state.version(), state.holder()), (3, None));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DraftLockError`], which tells the lock, the work and the unlock apart.
    pub async fn with_draft_lock<T, E, F>(&self, work: F) -> Result<T, DraftLockError<T, E>>
    where
        F: AsyncFnOnce(Self) -> Result<T, E>,
    {
        let (guard, state) = Guard::lock(self.clone())
            .await
            .map_err(DraftLockError::Lock)?;
        if let Err(error) = state {
            let error: &(dyn StdError + 'static) = &error;
            tracing::warn!(
                error,
                "locked, though the draft state in the answer can't be read in full"
            );
        }
        // Nothing of what the panic may have left half-done is looked at here.
        let done = AssertUnwindSafe(async { work(self.clone()).await })
            .catch_unwind()
            .await;
        let unlocked = guard.unlock().await;
        match done {
            Ok(Ok(value)) => match unlocked {
                Ok(_) => Ok(value),
                Err(error) => Err(DraftLockError::Unlock { value, error }),
            },
            Ok(Err(error)) => Err(DraftLockError::Work {
                error,
                unlock: unlocked.err(),
            }),
            Err(panic) => {
                if let Err(error) = unlocked {
                    tracing::warn!(%error, "the dataset may still be locked after a panic");
                }
                resume_unwind(panic)
            }
        }
    }
}
