//! The dataset that work under the lock gets, and the state that it shares with the lease.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock};

use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::Cause;
use crate::raw_response::is_draft_state;
use crate::{Dataset, DatasetVersion, DraftState, ErrorKind, Operation, Response, Result};

/// A dataset whose draft lock is held. It doesn't hold the lock itself: once the lock is released or kept,
/// its calls fail with [`ErrorKind::Released`], and send nothing.
#[derive(Clone, Debug)]
pub struct LockedDataset {
    pub(super) dataset: Dataset,
    pub(super) shared: Arc<Shared>,
    pub(super) state: Option<Arc<DraftState>>,
    pub(super) held_before: bool,
}

impl LockedDataset {
    /// The dataset. Its calls don't depend on the lock.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The draft state: who holds the lock, and since when. `None` if the response lacked a documented part.
    #[must_use]
    pub fn state(&self) -> Option<&DraftState> {
        self.state.as_deref()
    }

    /// Whether this user held the lock before the call, so that it was adopted. Not all such locks are
    /// detected: see [`adopt_held_lock`](crate::ClientBuilder::adopt_held_lock).
    #[must_use]
    pub fn held_before(&self) -> bool {
        self.held_before
    }

    /// Restores the dataset to a prior version, same as [`Dataset::restore`].
    ///
    /// # Errors
    ///
    /// [`Released`](ErrorKind::Released), and any error of [`Dataset::restore`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, the dataset may be restored, now or later.
    ///
    /// # Panics
    ///
    /// Same as [`Dataset::restore`].
    pub async fn restore(&self, version: DatasetVersion) -> Result<Response<()>> {
        self.refuse_if_released(Operation::Restore)?;
        self.dataset.restore(version).await
    }

    /// Checks that the lock is not known to be lost. Call it before a step that must not happen twice.
    ///
    /// The check locks again, and compares `user` and `drafting_since`. It assumes that a second lock by its
    /// holder keeps `drafting_since`: if the service resets it, a lock that is still held counts as lost. If
    /// the lock was lost and is free again, the check acquires it, and fails anyway: another user may have
    /// held it in between.
    ///
    /// # Errors
    ///
    /// [`LockLost`](ErrorKind::LockLost) if the lock is known to be lost; [`Released`](ErrorKind::Released)
    /// if it is released or kept before the check ends. After any other error, the lock may or may not be
    /// held.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the release takes a request that was in flight into account.
    ///
    /// # Panics
    ///
    /// Same as [`Dataset::lock`].
    pub async fn check(&self) -> Result<()> {
        let (dataset, shared) = (&self.dataset, &self.shared);
        let lost = || Err(dataset.error(Operation::Lock, Cause::LockLost));
        if shared.lost.load(SeqCst) {
            return lost();
        }
        let began = *shared.first_check.get_or_init(Instant::now);
        let mut closed = shared.closed.subscribe();
        let request = async {
            // The request counts as pending by now, so either the release sees it, or it sees the release.
            self.refuse_if_released(Operation::Lock)?;
            match select(pin!(dataset.lock()), pin!(closed.wait_for(|it| *it))).await {
                Either::Left((response, _)) => response,
                Either::Right(_) => {
                    Err(dataset.error(Operation::Lock, Cause::Released).unsettled())
                }
            }
        };
        let now = shared.call(request).await;
        let theirs = match (&now, self.state()) {
            (Ok(now), Some(state)) if now.user().id != state.user.id => true,
            (Ok(now), Some(state)) if now.drafting_since() != state.drafting_since => {
                now.held_before(began.elapsed()).is_some()
            }
            (Err(error), _) if error.kind() == ErrorKind::Conflict => true,
            (Err(error), _) if !is_draft_state(error) => return now.map(drop),
            _ => return Ok(()),
        };
        shared.lost.fetch_or(theirs, SeqCst);
        now.map_or_else(|error| Err(error.lost()), |_| lost())
    }

    fn refuse_if_released(&self, operation: Operation) -> Result<()> {
        if *self.shared.closed.borrow() {
            return Err(self.dataset.error(operation, Cause::Released));
        }
        Ok(())
    }
}

/// The state that the handles to a locked dataset share with the lease.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The number of requests that are in flight, or may take effect late.
    pending: AtomicUsize,
    /// Whether somebody else holds the lock, so that it is not ours to release.
    pub(super) lost: AtomicBool,
    /// Whether the lease is ending, so that its handles may send no further request.
    pub(super) closed: watch::Sender<bool>,
    /// When the first check began. A later one may find the lock that an earlier one acquired.
    first_check: OnceLock<Instant>,
}

impl Shared {
    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(SeqCst) > 0
    }

    /// Makes a call, which is pending until its outcome is known, also if its future is dropped.
    pub(super) async fn call<T>(
        &self,
        call: impl Future<Output = Result<Response<T>>>,
    ) -> Result<Response<T>> {
        self.pending.fetch_add(1, SeqCst);
        let result = call.await;
        if !Response::may_follow(&result) {
            self.pending.fetch_sub(1, SeqCst);
        }
        result
    }
}
