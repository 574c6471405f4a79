//! Work under the draft lock, which is released however the work ends.

mod lease;
mod locked;
mod turn;

use std::error::Error as StdError;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;

use self::lease::Lease;
pub use self::locked::LockedDataset;
use self::turn::Key;
use crate::{Dataset, DraftLockError, Response, Result};

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
/// on the thread `draft-unlock`. [`Client::shutdown`](crate::Client::shutdown) waits for it.
#[derive(Debug)]
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
    /// [`LockLost`](crate::ErrorKind::LockLost) if somebody else holds the lock by now, and any error of
    /// [`Dataset::unlock`]. [`may_be_locked`](crate::Error::may_be_locked) reports whether the dataset may
    /// still be locked.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future doesn't stop the release, which runs on the current runtime.
    ///
    /// # Panics
    ///
    /// Doesn't panic: the release runs in a task of its own.
    pub async fn unlock(self) -> Result<Response<()>> {
        self.0.release().await
    }

    /// Leaves the dataset locked, for a later [`Dataset::unlock`]. Other tasks of this process then get their
    /// turn, and share the lock.
    pub fn keep(self) {
        self.0.leave(false);
    }
}

impl Dataset {
    /// Acquires the draft lock as a guard, for work that doesn't fit
    /// [`with_draft_lock`](Self::with_draft_lock).
    ///
    /// Tasks of this process that use the same application key take turns, in order of arrival, even with
    /// different clients. They wait without a limit unless [`lock_wait`](crate::ClientBuilder::lock_wait) is
    /// set. Ids that differ only in letter case share a queue. Another user's lock is refused at once, unless
    /// `lock_wait` is set. **Other processes with the same application key are not kept out:** to the service
    /// they are the same user. Give each an application key of a different user (service account), or guard
    /// the work with a lock of your own.
    ///
    /// A task that requests a second guard for the same dataset deadlocks. Two tasks that lock two datasets in
    /// opposite order deadlock, too: lock in one order, or set `lock_wait`, after which the wait fails.
    ///
    /// A request whose outcome is unknown may take effect late. If it may lock the dataset, the client
    /// unlocks once more, an attempt timeout later, before the next task gets its turn. A request that takes
    /// effect even later is not noticed: it leaves the dataset locked, or unlocks it under the next task.
    ///
    /// # Errors
    ///
    /// Any error of [`lock`](Self::lock), and [`Busy`](crate::ErrorKind::Busy),
    /// [`Reentrant`](crate::ErrorKind::Reentrant) and [`HeldBefore`](crate::ErrorKind::HeldBefore). If the
    /// call may have locked the dataset, the client unlocks it; see
    /// [`may_be_locked`](crate::Error::may_be_locked).
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with I/O and time, and if a hook panics.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future leaves the queue and starts no further lock request. If one is in
    /// flight, its lock is released in the background.
    pub async fn draft_lock(&self) -> Result<DraftLock> {
        Lease::acquire(self.clone()).await.map(DraftLock)
    }

    /// Acquires the draft lock, runs the work, and unlocks: when the work succeeds, fails or panics, and in
    /// the background if the future is dropped. The error reports a failed unlock.
    ///
    /// Exclusion, waits and late effects are the same as for [`draft_lock`](Self::draft_lock): **other
    /// processes with the same application key are not kept out.** Give each an application key of a different
    /// user (service account), or guard the work with a lock of your own.
    ///
    /// Locking the dataset again within the work fails with [`Reentrant`](crate::ErrorKind::Reentrant). In a
    /// task that the work spawns and waits for, it deadlocks.
    /// [`Client::shutdown`](crate::Client::shutdown) within the work waits until its timeout.
    ///
    /// A request of the work that is still in flight, was dropped, or has an unknown outcome may take effect
    /// after the unlock: the service is not known to refuse it.
    ///
    /// The work may be an async closure, a function, a generic `F: FnOnce(LockedDataset) -> Fut`, or a box:
    ///
    /// ```no_run
    /// # use futures_util::future::BoxFuture;
    /// # use llmobs_datasets::{Dataset, LockedDataset, Response, Result};
    /// type Work = Box<dyn FnOnce(LockedDataset) -> BoxFuture<'static, Result<()>> + Send>;
    ///
    /// async fn run(dataset: Dataset, work: Work) -> Result<Response<()>> {
    ///     dataset.with_draft_lock(work).await?;
    ///     Ok(dataset.with_draft_lock(async |locked| locked.restore("1".parse()?).await).await?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DraftLockError`]: which of lock, work and unlock failed.
    ///
    /// # Panics
    ///
    /// Same as [`draft_lock`](Self::draft_lock). A panic of the work continues after the unlock.
    ///
    /// # Cancel safety
    ///
    /// The lock is cancel safe, same as [`draft_lock`](Self::draft_lock). The work stops where it is, and its
    /// request in flight may still take effect.
    pub async fn with_draft_lock<T, E, F, Fut>(&self, work: F) -> Result<T, DraftLockError<T>>
    where
        F: FnOnce(LockedDataset) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let lock = self.draft_lock().await.map_err(DraftLockError::Lock)?;
        let locked = lock.locked().clone();
        let work = Key::of(self).locked_in(async { work(locked).await });
        // Nothing here uses state that a panic may leave half-done.
        let worked = AssertUnwindSafe(work).catch_unwind().await;
        let unlocked = lock.unlock().await;
        match worked {
            Ok(worked) => DraftLockError::of_work(worked, unlocked),
            Err(panic) => {
                if let Err(error) = unlocked {
                    tracing::warn!(%error, "unlocking failed after the work panicked");
                }
                resume_unwind(panic)
            }
        }
    }
}
