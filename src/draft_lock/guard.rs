//! The draft lock between the lock and the unlock: however it ends, it is given back.

use std::mem;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use serde_json::Value;
use tokio::runtime::Handle;

use super::NotLocked;
use crate::answer::without_mark;
use crate::{Dataset, DraftState, Error, Outcome, Response, Result};

/// A lock that is held or may be, and is given back on drop.
pub(super) struct Guard {
    pub(super) dataset: Dataset,
    runtime: Handle,
    armed: bool,
}

impl Guard {
    /// Locks. Dropped on the way, it does so in the background, and unlocks.
    ///
    /// With a lock that is held, the answer may still be an error: a draft state that can't be read in full.
    pub(super) async fn lock(
        dataset: Dataset,
    ) -> Result<(Self, Result<Response<DraftState>>), NotLocked> {
        let runtime = Handle::current();
        let locked = Locking::new(dataset.clone(), runtime.clone())
            .answer()
            .await;
        let mut guard = Self {
            dataset,
            runtime,
            armed: true,
        };
        match locked {
            Err(error) if error.outcome() == Outcome::NotApplied => {
                guard.keep();
                Err(NotLocked {
                    error,
                    unlock: None,
                })
            }
            Err(error) if !is_draft_state(&error) => Err(guard.give_up(error).await),
            locked => Ok((guard, locked)),
        }
    }

    /// Unlocks a lock that can't be handed out, and says why.
    pub(super) async fn give_up(self, error: Error) -> NotLocked {
        NotLocked {
            error,
            unlock: Some(self.unlock().await.map(drop)),
        }
    }

    /// Leaves the dataset locked.
    pub(super) fn keep(&mut self) {
        self.armed = false;
    }

    /// Unlocks. Dropped on the way, it does so in the background.
    pub(super) async fn unlock(mut self) -> Result<Response<()>> {
        let unlocked = self.dataset.unlock().await;
        self.keep();
        unlocked
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed {
            unlock_in_background(self.dataset.clone(), &self.runtime, None);
        }
    }
}

/// Whether the answer to a lock is a draft state, if an incomplete one. An empty or cut body is not: it lets
/// a lock be assumed, which must then be given back, but not that nobody else has it.
fn is_draft_state(error: &Error) -> bool {
    let body = error.raw_body().map(without_mark).unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    error.outcome() == Outcome::Applied && body.get("data").is_some_and(Value::is_object)
}

type Lock = Fuse<BoxFuture<'static, Result<Response<DraftState>>>>;

/// A lock that is on its way. If it is dropped, its request may have been sent: were that given up, an
/// unlock could overtake it, and the lock would stay. So it is waited for.
struct Locking {
    dataset: Dataset,
    runtime: Handle,
    lock: Lock,
}

impl Locking {
    fn new(dataset: Dataset, runtime: Handle) -> Self {
        let locked = dataset.clone();
        Self {
            dataset,
            runtime,
            lock: async move { locked.lock().await }.boxed().fuse(),
        }
    }

    async fn answer(mut self) -> Result<Response<DraftState>> {
        (&mut self.lock).await
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        if !self.lock.is_terminated() {
            let lock = mem::replace(&mut self.lock, Fuse::terminated());
            unlock_in_background(self.dataset.clone(), &self.runtime, Some(lock));
        }
    }
}

/// Gives a lock back in the background, once it is there if it is still on its way.
fn unlock_in_background(dataset: Dataset, locked_on: &Handle, locking: Option<Lock>) {
    let (project_id, dataset_id) = (dataset.project_id(), dataset.dataset_id());
    tracing::warn!(%project_id, %dataset_id, "draft lock dropped: unlocking in the background");
    // On a thread of synchronous code there is none.
    let runtime = Handle::try_current().unwrap_or_else(|_| locked_on.clone());
    let unlocking = Unlocking {
        dataset,
        ended: false,
    };
    runtime.spawn(unlocking.run(locking));
}

/// Unlocking in the background, which nobody waits for: if its runtime ends first, only this can tell.
struct Unlocking {
    dataset: Dataset,
    ended: bool,
}

impl Unlocking {
    async fn run(mut self, locking: Option<Lock>) {
        let locked = match locking {
            Some(locking) => locking.await.map(drop),
            None => Ok(()),
        };
        if !locked.is_err_and(|error| error.outcome() == Outcome::NotApplied)
            && let Err(error) = self.dataset.unlock().await
        {
            tracing::warn!(%error, "the dataset may still be locked");
        }
        self.ended = true;
    }
}

impl Drop for Unlocking {
    fn drop(&mut self) {
        if !self.ended {
            let (project_id, dataset_id) = (self.dataset.project_id(), self.dataset.dataset_id());
            tracing::warn!(%project_id, %dataset_id, "unlocking in the background was cut off: the dataset may still be locked");
        }
    }
}
