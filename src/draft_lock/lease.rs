//! The life of a lock, from the request to the release.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use std::{io, thread};

use futures_util::future::select;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use super::LockedDataset;
use super::turn::{Turn, Wait};
use crate::error::{Cause, Unlocking};
use crate::raw_response::is_draft_state;
use crate::{Dataset, DraftState, Error, ErrorKind, Operation, Outcome, Response, Result};

/// A lock that is held, or may be. It is released on drop.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) locked: LockedDataset,
    /// `None` once the lease has ended.
    turn: Option<Turn>,
    stage: Stage,
    /// `Some` if the lock must not be unlocked: whether it counts as left behind.
    left: Option<bool>,
    reply: Option<oneshot::Sender<Result<Response<()>>>>,
    span: Span,
}

/// The owner of the lease.
#[derive(Debug)]
enum Stage {
    /// The caller that acquired it. The release will run on this runtime.
    Held(Handle),
    /// A task on the runtime, which releases the lock.
    Task,
    /// A thread, which releases the lock because the runtime has ended.
    Thread,
}

impl Lease {
    /// Waits for the turn, then for the lock.
    ///
    /// Dropping the future ends the wait, completes a request in flight, and releases its lock.
    pub(super) async fn acquire(dataset: Dataset) -> Result<Self> {
        let span = tracing::info_span!(
            "llmobs_datasets.draft_lock",
            llmobs.project_id = %dataset.project_id(),
            llmobs.dataset_id = %dataset.dataset_id(),
        );
        let mut wait = Wait::begin(dataset.clone());
        let turn = wait.turn().instrument(span.clone()).await?;
        dataset.client.inner.begin_lock(&dataset);
        let lease = Self {
            locked: LockedDataset {
                dataset: dataset.clone(),
                shared: Arc::default(),
                state: None,
                held_before: false,
            },
            turn: Some(turn),
            stage: Stage::Held(Handle::current()),
            left: None,
            reply: None,
            span: span.clone(),
        };
        // The guard is dropped with this future, and so is the lease, which is the result of the task.
        let (caller, _drop_guard) = oneshot::channel();
        let locked = tokio::spawn(lease.lock(wait, caller).instrument(span)).await;
        locked.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(dataset.error(Operation::Lock, Cause::CutOff)),
        })
    }

    /// Locks, until the caller is gone.
    async fn lock(self, mut wait: Wait, mut caller: oneshot::Sender<Infallible>) -> Result<Self> {
        let dataset = self.locked.dataset.clone();
        let client = &dataset.client.inner;
        let mut began = Instant::now();
        let mut backoffs = client.settings.retry.backoffs();
        while !caller.is_closed() {
            if !self.locked.shared.is_pending() {
                began = Instant::now();
            }
            let locked = dataset.lock_until(caller.closed());
            let locked = self.locked.shared.call(locked).await;
            let error = match locked {
                Ok(response) => return self.granted(response, began.elapsed()).await,
                Err(error) => error,
            };
            if is_draft_state(&error) {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(error, "locked, but the draft state is incomplete");
                return Ok(self);
            }
            if !error.is_conflict() {
                return Err(self.not_locked(error).await);
            }
            let Some(pause) = wait.pause(backoffs.next().unwrap_or_default(), &error) else {
                return Err(self.not_locked(wait.timed_out(error)).await);
            };
            select(pin!(caller.closed()), pin!(sleep(pause))).await;
        }
        let gone = dataset.error(Operation::Lock, Cause::Busy);
        Err(self.not_locked(gone).await)
    }

    /// A granted lock, unless it was held before and must not be adopted.
    async fn granted(mut self, response: Response<DraftState>, elapsed: Duration) -> Result<Self> {
        if let Some(called) = response.held_before(elapsed) {
            let since = response.drafting_since();
            tracing::warn!(
                drafting_since = %since,
                %called,
                "this user held the draft lock before the call: it is in use elsewhere or left behind"
            );
            let dataset = &self.locked.dataset;
            if !dataset.client.inner.settings.adopt_held_lock {
                let error = dataset.error(Operation::Lock, Cause::HeldBefore(since.to_string()));
                return Err(self.not_locked(error).await);
            }
            self.locked.held_before = true;
        }
        self.locked.state = Some(Arc::new(response.into_inner()));
        Ok(self)
    }

    /// The error of a lock request that failed. A lock that may be ours is released.
    async fn not_locked(mut self, mut error: Error) -> Error {
        let pending = self.locked.shared.is_pending();
        if pending {
            // The last call doesn't know about the earlier ones.
            error = error.unsettled();
        }
        if error.kind() == ErrorKind::HeldBefore {
            self.leave(true);
            return error;
        }
        if error.outcome() == Outcome::NotApplied {
            self.finish(None);
            return error;
        }
        let again = self.locked.dataset.client.inner.settings.attempt_timeout;
        error.with_unlock(match self.release().await {
            Err(failed) if failed.kind() != ErrorKind::LockLost => Unlocking::Failed(failed),
            _ if pending => Unlocking::Pending(again),
            Err(_) => Unlocking::None,
            Ok(_) => Unlocking::Done,
        })
    }

    /// Leaves the dataset locked. `behind` is whether `Client::shutdown` reports it. The turn ends once no
    /// request can take effect late.
    pub(super) fn leave(mut self, behind: bool) {
        self.left = Some(behind);
        self.locked.shared.closed.send_replace(true);
        if !self.locked.shared.is_pending() {
            self.finish(self.left);
        }
    }

    /// Releases the lock in a task of its own, which continues if the future is dropped.
    pub(super) async fn release(mut self) -> Result<Response<()>> {
        let (reply, released) = oneshot::channel();
        self.reply = Some(reply);
        // Nobody may be driving the runtime that the lock was acquired on.
        if let Ok(current) = Handle::try_current() {
            self.stage = Stage::Held(current);
        }
        self.run_in_background();
        let dataset = &self.locked.dataset;
        let cut_off = |_| Err(dataset.error(Operation::Unlock, Cause::CutOff));
        released.await.unwrap_or_else(cut_off)
    }

    /// Moves the lease to a task or, if its runtime has ended, to a thread, and releases the lock there.
    fn run_in_background(&mut self) {
        let Some(turn) = self.turn.take() else {
            return;
        };
        self.locked.shared.closed.send_replace(true);
        let mut lease = Self {
            locked: self.locked.clone(),
            turn: Some(turn),
            stage: Stage::Task,
            left: self.left,
            reply: self.reply.take(),
            span: self.span.clone(),
        };
        let span = self.span.clone();
        match &self.stage {
            // If the runtime has ended, this drops the lease, whose `Drop` calls this function again.
            Stage::Held(runtime) => drop(runtime.spawn(lease.run().instrument(span))),
            // If this fails, the lease is dropped, too.
            Stage::Task => {
                lease.stage = Stage::Thread;
                let thread = thread::Builder::new().name("draft-unlock".to_owned());
                drop(thread.spawn(|| -> io::Result<()> {
                    let runtime = Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(lease.run().instrument(span));
                    Ok(())
                }));
            }
            Stage::Thread => {
                let dataset = &self.locked.dataset;
                lease.report(Err(dataset.error(Operation::Unlock, Cause::CutOff)));
                lease.finish(Some(true));
            }
        }
    }

    /// Unlocks, and once more, an attempt timeout later, if a lock or the unlock may take effect late.
    async fn run(mut self) {
        let late_effects = self.locked.dataset.client.inner.settings.attempt_timeout;
        if self.left.is_some() {
            sleep(late_effects).await;
            return self.finish(self.left);
        }
        let mut may_be_locked = true;
        let pending = self.locked.shared.is_pending();
        for (first, pending) in [(true, pending), (false, false)] {
            let unlocked = self.unlock().await;
            let (unsettled, confirmed) = (Response::may_follow(&unlocked), unlocked.is_ok());
            may_be_locked = unlocked.as_ref().is_err_and(Error::may_be_locked);
            if first || may_be_locked {
                self.report(unlocked);
            }
            if pending || unsettled {
                sleep(late_effects).await;
            }
            if !pending && (confirmed || !unsettled) {
                break;
            }
        }
        self.finish(Some(may_be_locked));
    }

    async fn unlock(&self) -> Result<Response<()>> {
        let (dataset, shared) = (&self.locked.dataset, &self.locked.shared);
        // A lock of ours that takes effect late must be released.
        if shared.lost.load(SeqCst) && !shared.is_pending() {
            return Err(dataset.error(Operation::Unlock, Cause::LockLost));
        }
        // If an earlier attempt may have released the lock, a conflict doesn't prove its loss.
        let lost = |error: &Error| error.is_conflict() && error.outcome() == Outcome::NotApplied;
        let unlocked = shared.call(dataset.unlock()).await;
        unlocked.map_err(|error| if lost(&error) { error.lost() } else { error })
    }

    /// Reports to the caller of `release`, or in the log if the caller is gone.
    fn report(&mut self, unlocked: Result<Response<()>>) {
        let unheard = match self.reply.take() {
            Some(reply) => reply.send(unlocked).err(),
            None => Some(unlocked),
        };
        if let Some(Err(error)) = unheard {
            tracing::warn!(%error, "unlocking in the background failed");
        }
    }

    /// Ends the lease, and gives the next task its turn. `left_behind` is `None` if the lock was not acquired.
    fn finish(&mut self, left_behind: Option<bool>) {
        let dataset = &self.locked.dataset;
        dataset.client.inner.end_lock(dataset, left_behind);
        self.turn = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(_), Stage::Held(_), None) = (&self.turn, &self.stage, self.left) {
            let dataset = &self.locked.dataset;
            tracing::warn!(
                llmobs.project_id = %dataset.project_id(),
                llmobs.dataset_id = %dataset.dataset_id(),
                "draft lock dropped: unlocking in the background"
            );
        }
        self.run_in_background();
    }
}
