//! Work under the draft lock, which is released however the work ends.

mod lease;
mod turn;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;

use self::lease::{Known, Lease};
use self::turn::Key;
use crate::error::Unlocking;
use crate::{Dataset, DatasetVersion, DraftLockError, DraftState, Error, Response, Result};

/// A dataset whose draft lock is held: what work under the lock needs. It doesn't hold the lock itself.
#[derive(Clone, Debug)]
pub struct LockedDataset {
    dataset: Dataset,
    known: Arc<Known>,
    state: Option<Arc<DraftState>>,
    held_before: bool,
}

impl LockedDataset {
    /// The dataset.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Who holds the lock, and since when. `None` if the response lacked a documented part.
    #[must_use]
    pub fn state(&self) -> Option<&DraftState> {
        self.state.as_deref()
    }

    /// Whether this user held the lock before the call, so that it was adopted: after a crash, or from
    /// another process with the same application key. See
    /// [`adopt_held_lock`](crate::ClientBuilder::adopt_held_lock), also for the locks that this misses.
    #[must_use]
    pub fn held_before(&self) -> bool {
        self.held_before
    }

    /// Same as [`Dataset::restore`].
    ///
    /// # Errors
    ///
    /// Same as [`Dataset::restore`].
    pub async fn restore(&self, version: DatasetVersion) -> Result<Response<()>> {
        self.dataset.restore(version).await
    }

    /// Asks the service whether the lock is lost: `true` if it is known to be, `false` if it is not known
    /// to be. Call it before a step that must not happen twice.
    ///
    /// It locks again, and compares `drafting_since`. That a second lock by its holder keeps
    /// `drafting_since` is an assumption: if the service starts it anew, a lock that is still held is
    /// reported as lost. If the lock was lost and is free again, the call acquires it, and `true` still
    /// means that somebody may have been in between.
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::lock`], but for a conflict: then the lock is lost.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a request that was in flight is taken into account when the lock is released.
    pub async fn is_lost(&self) -> Result<bool> {
        self.known.is_lost(self).await
    }
}

/// A held draft lock, for work that doesn't fit [`Dataset::with_draft_lock`].
///
/// [`unlock`](Self::unlock) releases it and reports whether that worked; [`keep`](Self::keep) leaves the
/// dataset locked.
///
/// ```no_run
/// # async fn example(dataset: llmobs_datasets::Dataset) -> llmobs_datasets::Result<()> {
/// let lock = dataset.draft_lock().await?;
/// lock.locked().restore("1".parse()?).await?;
/// lock.unlock().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Drop
///
/// A lock that is dropped (an early return, a panic, a cancelled task) is released in the background, with a
/// warning in the log. The release runs on the runtime that the lock was acquired on, or, if that has ended,
/// on a thread of its own. [`Client::shutdown`](crate::Client::shutdown) waits for it.
#[must_use = "dropping a lock releases it"]
pub struct DraftLock(Lease);

impl DraftLock {
    /// The locked dataset, to work on.
    pub fn locked(&self) -> &LockedDataset {
        &self.0.locked
    }

    /// Releases the lock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LockLost`](crate::ErrorKind::LockLost) if somebody else has the lock by now, and the
    /// errors of [`Dataset::unlock`]. [`Error::may_be_locked`] reports whether the dataset may still be
    /// locked.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future doesn't stop the release.
    pub async fn unlock(self) -> Result<Response<()>> {
        self.0.release().await
    }

    /// Leaves the dataset locked, for a later [`Dataset::unlock`]. [`LockedDataset::is_lost`] of the result
    /// locks like [`Dataset::lock`]: outside any turn.
    pub fn keep(self) -> LockedDataset {
        let locked = self.locked().clone();
        self.0.keep();
        locked
    }
}

impl fmt::Debug for DraftLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DraftLock").field(self.locked()).finish()
    }
}

impl Dataset {
    /// Acquires the draft lock as a guard, for work that doesn't fit
    /// [`with_draft_lock`](Self::with_draft_lock).
    ///
    /// Tasks of this process that use the same application key take turns, in order of arrival, whichever
    /// clients they use; they wait without a limit unless
    /// [`lock_wait`](crate::ClientBuilder::lock_wait) is set. A task that requests a
    /// second guard for the same dataset deadlocks. Another user's lock is refused at once, or waited for if `lock_wait` is set.
    /// **Other processes with the same application key are not kept out:** the service takes them for the
    /// same user. Give each a key of a different user, or put a lock of your own around.
    ///
    /// # Errors
    ///
    /// Those of [`lock`](Self::lock), and [`Busy`](crate::ErrorKind::Busy),
    /// [`Reentrant`](crate::ErrorKind::Reentrant) and [`HeldBefore`](crate::ErrorKind::HeldBefore). If the
    /// lock may be held, it was unlocked as a precaution; [`Error::may_be_locked`] reports whether it may
    /// still be.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, or on one without I/O and time.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future leaves the queue and starts no further request. If a request is in
    /// flight, its lock is released in the background.
    pub async fn draft_lock(&self) -> Result<DraftLock> {
        Lease::acquire(self.clone()).await.map(DraftLock)
    }

    /// Acquires the draft lock, does some work, and always releases the lock: when the work succeeds, fails
    /// or panics, and in the background if the future is dropped.
    ///
    /// Who is kept out, and who waits for whom, is as for [`draft_lock`](Self::draft_lock): **other processes
    /// with the same application key are not kept out.** Locking the dataset again within the work fails
    /// with [`Reentrant`](crate::ErrorKind::Reentrant); within a task that the work spawns and waits for, it
    /// waits for ever.
    ///
    /// A request of the work that was dropped, or whose outcome is unknown, may take effect after the
    /// unlock: the service is not known to refuse it.
    ///
    /// ```no_run
    /// # async fn example(dataset: llmobs_datasets::Dataset) -> llmobs_datasets::Result<()> {
    /// dataset
    ///     .with_draft_lock(async |locked| locked.restore("1".parse()?).await)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The work may also be a function, a generic `F: FnOnce(LockedDataset) -> Fut`, or a box:
    ///
    /// ```
    /// use futures_util::future::BoxFuture;
    /// use llmobs_datasets::{Dataset, LockedDataset, Result};
    ///
    /// type Work = Box<dyn FnOnce(LockedDataset) -> BoxFuture<'static, Result<()>> + Send>;
    ///
    /// async fn spawn(dataset: Dataset, work: Work) -> Result<()> {
    ///     let task = tokio::spawn(async move { dataset.with_draft_lock(work).await });
    ///     Ok(task.await.expect("the work doesn't panic")?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DraftLockError`]: which of lock, work and unlock failed.
    ///
    /// # Panics
    ///
    /// Same as [`draft_lock`](Self::draft_lock), and if the work panics, after the unlock.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe as far as the lock goes, same as [`draft_lock`](Self::draft_lock).
    pub async fn with_draft_lock<T, E, F, Fut>(&self, work: F) -> Result<T, DraftLockError<T>>
    where
        F: FnOnce(LockedDataset) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let lock = self.draft_lock().await.map_err(DraftLockError::Lock)?;
        let locked = lock.locked().clone();
        let work = Key::of(self).locked_in(async { work(locked).await });
        // Nothing of what a panic may leave half-done is looked at here.
        let worked = AssertUnwindSafe(work).catch_unwind().await;
        let unlocked = lock.unlock().await;
        match (worked, unlocked) {
            (Ok(Ok(value)), Ok(_)) => Ok(value),
            (Ok(Ok(value)), Err(error)) => Err(DraftLockError::Unlock {
                value,
                error: error.with_unlock(Unlocking::AfterWork),
            }),
            (Ok(Err(error)), unlocked) => {
                let error = Error::of_work(error.into());
                Err(DraftLockError::Work(match unlocked {
                    Ok(_) => error,
                    Err(failed) => error.with_unlock(Unlocking::Failed(failed)),
                }))
            }
            (Err(panic), unlocked) => {
                if let Err(error) = unlocked {
                    tracing::warn!(%error, "unlocking failed after the work panicked");
                }
                resume_unwind(panic)
            }
        }
    }
}
