//! The life of a lock, from the request to the release.

use std::convert::Infallible;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use std::{io, thread};

use futures_util::future::select;
use httpdate::fmt_http_date;
use serde_json::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use super::LockedDataset;
use super::turn::{Turn, Wait};
use crate::answer::without_mark;
use crate::error::{Cause, Unlocking};
use crate::{Dataset, DraftState, Error, ErrorKind, Operation, Outcome, Response, Result};

/// How much earlier than the call `drafting_since` may be, and still be the call's own. Both times are the
/// server's and in whole seconds, but may be two machines'.
const TOLERANCE: Duration = Duration::from_secs(2);

/// A lock that is held, or may be. It is released on drop.
pub(super) struct Lease {
    pub(super) locked: LockedDataset,
    /// `None` once nothing is left to release.
    turn: Option<Turn>,
    stage: Stage,
    keep: bool,
    reply: Option<oneshot::Sender<Result<Response<()>>>>,
    span: Span,
}

/// Who has the lease.
enum Stage {
    /// Whoever acquired it, on this runtime.
    Holder(Handle),
    /// A task that releases it, on that runtime.
    Task,
    /// A thread that releases it, because that runtime has ended.
    Thread,
}

/// What is known of a lock by now.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The number of requests that are in flight, or may take effect late.
    pending: AtomicUsize,
    /// Whether somebody else has the lock, so that it is not ours to release.
    lost: AtomicBool,
    /// Whether the release has begun.
    over: watch::Sender<bool>,
    /// When the first question began. A later one may find the lock that an earlier one acquired.
    asked: OnceLock<Instant>,
}

impl Known {
    fn is_pending(&self) -> bool {
        self.pending.load(SeqCst) > 0
    }

    /// Makes a call, which is pending until its outcome is known, also if its future is dropped.
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<Response<T>>>,
    ) -> Result<Response<T>> {
        self.pending.fetch_add(1, SeqCst);
        let result = call.await;
        if !is_unsettled(&result) {
            self.pending.fetch_sub(1, SeqCst);
        }
        result
    }

    /// Whether the lock is known to be lost: requests it again, and compares.
    pub(super) async fn is_lost(&self, locked: &LockedDataset) -> Result<bool> {
        let began = *self.asked.get_or_init(Instant::now);
        let mut over = self.over.subscribe();
        let over = async { drop(over.wait_for(|over| *over).await) };
        // Pending until the response shows otherwise, so that a dropped future leaves it so. Only then the
        // release can't be missed.
        self.pending.fetch_add(1, SeqCst);
        if self.lost.load(SeqCst) || *self.over.borrow() {
            self.pending.fetch_sub(1, SeqCst);
            return Ok(true);
        }
        let now = locked.dataset.lock_until(over).await;
        if !is_unsettled(&now) {
            self.pending.fetch_sub(1, SeqCst);
        }
        let (lost, theirs) = match (&now, locked.state()) {
            (Ok(now), Some(state)) if now.user().id != state.user.id => (true, true),
            (Ok(now), Some(state)) if now.drafting_since() != state.drafting_since => {
                (true, held_before(now, began.elapsed()).is_some())
            }
            (Ok(_), _) => (false, false),
            (Err(error), _) if error.is_conflict() => (true, true),
            (Err(error), _) if is_draft_state(error) => (false, false),
            (Err(_), _) => return now.map(|_| false),
        };
        self.lost.fetch_or(theirs, SeqCst);
        Ok(lost)
    }
}

impl Lease {
    /// Waits for the turn, then for the lock.
    ///
    /// Dropping the future ends the wait, lets a request in flight end, and releases what that locked.
    pub(super) async fn acquire(dataset: Dataset) -> Result<Self> {
        let span = tracing::info_span!(
            "llmobs_datasets.draft_lock",
            project_id = %dataset.project_id(),
            dataset_id = %dataset.dataset_id(),
        );
        let mut wait = Wait::begin(dataset.clone());
        let turn = wait.turn().instrument(span.clone()).await?;
        dataset.client.inner.begin_lock(&dataset);
        let lease = Self {
            locked: LockedDataset {
                dataset: dataset.clone(),
                known: Arc::default(),
                state: None,
                held_before: false,
            },
            turn: Some(turn),
            stage: Stage::Holder(Handle::current()),
            keep: false,
            reply: None,
            span: span.clone(),
        };
        // `_here` is dropped with this future, and so is the result of the task: the lease.
        let (caller, _here) = oneshot::channel();
        match tokio::spawn(lease.lock(wait, caller).instrument(span)).await {
            Ok(locked) => locked,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Err(dataset.error(Operation::Lock, Cause::CutOff)),
            },
        }
    }

    /// Locks, until the caller is gone.
    async fn lock(self, mut wait: Wait, mut caller: oneshot::Sender<Infallible>) -> Result<Self> {
        let dataset = self.locked.dataset.clone();
        let client = &dataset.client.inner;
        let mut began = Instant::now();
        let mut backoffs = client.settings.retry.backoffs();
        while !caller.is_closed() {
            if !self.locked.known.is_pending() {
                began = Instant::now();
            }
            let locked = dataset.lock_until(caller.closed());
            let locked = self.locked.known.call(locked).await;
            let error = match locked {
                Ok(response) => return self.granted(response, began.elapsed()),
                Err(error) => error,
            };
            if is_draft_state(&error) {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(
                    error,
                    "locked, but the draft state in the response is incomplete"
                );
                return Ok(self);
            }
            if !error.is_conflict() {
                return Err(self.not_locked(error).await);
            }
            let Some(pause) = wait.pause(backoffs.next().unwrap_or_default(), &error) else {
                return Err(self.not_locked(wait.end(error)).await);
            };
            select(pin!(caller.closed()), pin!(sleep(pause))).await;
        }
        let gone = dataset.error(Operation::Lock, Cause::Busy);
        Err(self.not_locked(gone).await)
    }

    /// A granted lock, unless it was held before and must not be adopted.
    fn granted(mut self, response: Response<DraftState>, elapsed: Duration) -> Result<Self> {
        if let Some(called) = held_before(&response, elapsed) {
            let since = response.drafting_since();
            tracing::warn!(
                drafting_since = %since,
                called = %fmt_http_date(called),
                "this user held the draft lock before the call: \
                 another process uses the same application key, or has crashed"
            );
            let dataset = &self.locked.dataset;
            if !dataset.client.inner.settings.adopt_held_lock {
                let error = dataset.error(Operation::Lock, Cause::HeldBefore(since.to_string()));
                self.end(Some(true));
                return Err(error);
            }
            self.locked.held_before = true;
        }
        self.locked.state = Some(Arc::new(response.into_inner()));
        Ok(self)
    }

    /// The error of a lock that can't be handed out. If the lock may be held, it is released.
    async fn not_locked(mut self, error: Error) -> Error {
        let pending = self.locked.known.is_pending();
        if error.outcome() == Outcome::NotApplied && !pending {
            self.end(None);
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

    /// Leaves the dataset locked. The turn ends once no lock can take effect late.
    pub(super) fn keep(mut self) {
        if self.locked.known.is_pending() {
            self.keep = true;
            self.hand_over();
        } else {
            self.end(Some(false));
        }
    }

    /// Releases the lock in a task of its own, which goes on if the future is dropped.
    pub(super) async fn release(mut self) -> Result<Response<()>> {
        let (reply, released) = oneshot::channel();
        self.reply = Some(reply);
        self.hand_over();
        let dataset = &self.locked.dataset;
        let cut_off = |_| Err(dataset.error(Operation::Unlock, Cause::CutOff));
        released.await.unwrap_or_else(cut_off)
    }

    /// Moves the lease to where it is released.
    fn hand_over(&mut self) {
        let Some(turn) = self.turn.take() else {
            return;
        };
        let mut lease = Self {
            locked: self.locked.clone(),
            turn: Some(turn),
            stage: Stage::Task,
            keep: self.keep,
            reply: self.reply.take(),
            span: self.span.clone(),
        };
        match &self.stage {
            // If the runtime has ended, this drops the lease, which comes back here.
            Stage::Holder(runtime) => drop(runtime.spawn(lease.run())),
            // If this fails, it does so, too.
            Stage::Task => {
                lease.stage = Stage::Thread;
                drop(thread::Builder::new().spawn(|| -> io::Result<()> {
                    let runtime = Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(lease.run());
                    Ok(())
                }));
            }
            Stage::Thread => {
                let dataset_id = self.locked.dataset.dataset_id();
                tracing::warn!(%dataset_id, "unlocking was cut off: the dataset may still be locked");
                lease.end(Some(true));
            }
        }
    }

    /// Unlocks, and once more, an attempt timeout later, if a lock or the unlock may take effect late.
    async fn run(mut self) {
        let (client, span) = (self.locked.dataset.client.clone(), self.span.clone());
        let late = || sleep(client.inner.settings.attempt_timeout);
        if self.keep {
            late().await;
            return self.end(Some(false));
        }
        self.locked.known.over.send_replace(true);
        let mut pending = self.locked.known.is_pending();
        let mut may_be_locked = true;
        for first in [true, false] {
            let unlocked = self.unlock().instrument(span.clone()).await;
            let (unsettled, confirmed) = (is_unsettled(&unlocked), unlocked.is_ok());
            may_be_locked = unlocked.as_ref().is_err_and(Error::may_be_locked);
            if first || may_be_locked {
                self.report(unlocked);
            }
            if pending || unsettled {
                late().await;
            }
            if !std::mem::take(&mut pending) && (confirmed || !unsettled) {
                break;
            }
        }
        self.end(Some(may_be_locked));
    }

    async fn unlock(&self) -> Result<Response<()>> {
        let dataset = &self.locked.dataset;
        // A lock of ours that takes effect late must be released.
        if self.locked.known.lost.load(SeqCst) && !self.locked.known.is_pending() {
            return Err(dataset.error(Operation::Unlock, Cause::LockLost));
        }
        let unlocked = self.locked.known.call(dataset.unlock()).await;
        unlocked.map_err(Error::lost_if_conflict)
    }

    /// Reports to whoever released the lock, or in the log if nobody waits for it.
    fn report(&mut self, unlocked: Result<Response<()>>) {
        let unheard = match self.reply.take() {
            Some(reply) => reply.send(unlocked).err(),
            None => Some(unlocked),
        };
        if let Some(Err(error)) = unheard {
            tracing::warn!(%error, "unlocking in the background failed");
        }
    }

    /// Ends the lease, and lets the next task have its turn. `None`: the lock was not acquired.
    fn end(&mut self, may_be_locked: Option<bool>) {
        let dataset = &self.locked.dataset;
        dataset.client.inner.end_lock(dataset, may_be_locked);
        self.turn = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(_), Stage::Holder(_)) = (&self.turn, &self.stage) {
            let dataset = &self.locked.dataset;
            let (project_id, dataset_id) = (dataset.project_id(), dataset.dataset_id());
            tracing::warn!(%project_id, %dataset_id, "draft lock dropped: unlocking in the background");
        }
        self.hand_over();
    }
}

/// When the call began by the server's clock, if the lock was held before.
fn held_before(response: &Response<DraftState>, elapsed: Duration) -> Option<SystemTime> {
    let since = u64::try_from(response.drafting_since().timestamp()).ok()?;
    let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since))?;
    let called = response.date()?.checked_sub(elapsed)?;
    (since.checked_add(TOLERANCE)? < called).then_some(called)
}

/// Whether a request of the call may take effect late.
fn is_unsettled<T>(result: &Result<Response<T>>) -> bool {
    match result {
        Ok(response) => response.is_unsettled(),
        Err(error) => error.is_unsettled(),
    }
}

/// Whether the response to a lock is a draft state, if an incomplete one. An empty or cut body is not: it
/// may as well be about somebody else's lock.
fn is_draft_state(error: &Error) -> bool {
    let body = error.raw_body().map(without_mark).unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    error.outcome() == Outcome::Applied && body.get("data").is_some_and(Value::is_object)
}
