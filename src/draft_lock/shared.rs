//! What is known of a lock by now, which its lease and the handles to the dataset share.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::Instant;

use super::LockedDataset;
use crate::answer::is_draft_state;
use crate::error::Cause;
use crate::{Dataset, DraftState, ErrorKind, Operation, Response, Result};

/// How much earlier than the call `drafting_since` may be, and still be the call's own. Both times are the
/// server's and one in whole seconds, but may be two machines'.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// What the handles to a locked dataset share with the lease.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The number of requests that are in flight, or may take effect late.
    pending: AtomicUsize,
    /// Whether somebody else has the lock, so that it is not ours to release.
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
        if !is_unsettled(&result) {
            self.pending.fetch_sub(1, SeqCst);
        }
        result
    }

    /// Refuses a request once the lease is ending.
    pub(super) fn refuse_if_closed(&self, dataset: &Dataset, operation: Operation) -> Result<()> {
        if *self.closed.borrow() {
            return Err(dataset.error(operation, Cause::Released));
        }
        Ok(())
    }

    /// Requests the lock again, and compares. Hangs up if the lease ends meanwhile.
    pub(super) async fn check(&self, locked: &LockedDataset) -> Result<()> {
        let dataset = &locked.dataset;
        let lost = || Err(dataset.error(Operation::Lock, Cause::LockLost));
        if self.lost.load(SeqCst) {
            return lost();
        }
        let began = *self.first_check.get_or_init(Instant::now);
        let mut closed = self.closed.subscribe();
        let request = async {
            // The request counts as pending by now, so either the release sees it, or it sees the release.
            self.refuse_if_closed(dataset, Operation::Lock)?;
            match select(pin!(dataset.lock()), pin!(closed.wait_for(|it| *it))).await {
                Either::Left((response, _)) => response,
                Either::Right(_) => {
                    Err(dataset.error(Operation::Lock, Cause::Released).unsettled())
                }
            }
        };
        let now = self.call(request).await;
        let theirs = match (&now, locked.state()) {
            (Ok(now), Some(state)) if now.user().id != state.user.id => true,
            (Ok(now), Some(state)) if now.drafting_since() != state.drafting_since => {
                held_before(now, began.elapsed()).is_some()
            }
            (Err(error), _) if error.kind() == ErrorKind::Conflict => true,
            (Err(error), _) if !is_draft_state(error) => return now.map(drop),
            _ => return Ok(()),
        };
        self.lost.fetch_or(theirs, SeqCst);
        now.map_or_else(|error| Err(error.lost()), |_| lost())
    }
}

/// When the call began by the server's clock, if the lock was held before.
pub(super) fn held_before(
    response: &Response<DraftState>,
    elapsed: Duration,
) -> Option<DateTime<Utc>> {
    let elapsed = TimeDelta::from_std(elapsed).ok()?;
    let called = DateTime::<Utc>::from(response.date()?).checked_sub_signed(elapsed)?;
    let latest = response.drafting_since().checked_add_signed(TOLERANCE)?;
    (latest < called).then_some(called)
}

/// Whether a request of the call may take effect late.
pub(super) fn is_unsettled<T>(result: &Result<Response<T>>) -> bool {
    match result {
        Ok(response) => response.is_unsettled(),
        Err(error) => error.is_unsettled(),
    }
}
