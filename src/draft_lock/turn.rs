//! The queue: tasks of this process that lock one dataset as one user take turns.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use crate::call::after;
use crate::error::{Cause, seconds};
use crate::{Dataset, Error, Operation, Result};

type Queue = tokio::sync::Mutex<()>;

/// A turn. Until it is dropped, no other task of this process locks or unlocks the dataset as this user.
pub(super) type Turn = OwnedMutexGuard<()>;

/// The queues in use, and some that aren't removed yet.
static QUEUES: LazyLock<Mutex<HashMap<Key, Weak<Queue>>>> = LazyLock::new(Mutex::default);

tokio::task_local! {
    /// The datasets that the current task has locked by `with_draft_lock`.
    static LOCKED: Vec<Key>;
}

/// The key of a queue. The service keeps users apart, so the tasks of one user share a queue, even with
/// different clients. The service may ignore the letter case of ids, so the queue does, too: the tasks of two
/// datasets may then wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    user: u64,
    project: String,
    dataset: String,
}

impl Key {
    pub(super) fn of(dataset: &Dataset) -> Self {
        Self {
            user: dataset.client.inner.user,
            project: dataset.project_id().as_str().to_lowercase(),
            dataset: dataset.dataset_id().as_str().to_lowercase(),
        }
    }

    /// Runs the work, and refuses to lock the dataset again in it.
    pub(super) async fn locked_in<T>(self, work: impl Future<Output = T>) -> T {
        let mut locked = LOCKED.try_with(Vec::clone).unwrap_or_default();
        locked.push(self);
        LOCKED.scope(locked, work).await
    }

    fn queue(&self) -> Arc<Queue> {
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(self).and_then(Weak::upgrade) {
            return queue;
        }
        queues.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Queue::default());
        queues.insert(self.clone(), Arc::downgrade(&queue));
        queue
    }
}

/// The time after which a wait is logged, and the interval of further logs.
const FIRST_NOTICE: Duration = Duration::from_millis(500);
const NOTICES: Duration = Duration::from_secs(30);

/// The minimum pause between lock requests: the backoff of the retry policy may be zero.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// The wait for a lock. It has one deadline for all holders.
pub(super) struct Wait {
    dataset: Dataset,
    began: Instant,
    /// The end of `lock_wait`, if that is set.
    deadline: Option<Instant>,
    notice: Instant,
}

impl Wait {
    pub(super) fn begin(dataset: Dataset) -> Self {
        let began = Instant::now();
        Self {
            deadline: dataset.wait().map(|wait| after(began, wait)),
            notice: began + FIRST_NOTICE,
            began,
            dataset,
        }
    }

    /// Waits for the turn. Dropping the future leaves the queue.
    pub(super) async fn turn(&mut self) -> Result<Turn> {
        let key = Key::of(&self.dataset);
        if LOCKED.try_with(|locked| locked.contains(&key)) == Ok(true) {
            return Err(self.dataset.error(Operation::Lock, Cause::Reentrant));
        }
        let mut turn = pin!(key.queue().lock_owned());
        loop {
            let until = self.deadline.unwrap_or(self.notice).min(self.notice);
            match timeout_at(until, turn.as_mut()).await {
                Ok(turn) => return Ok(turn),
                Err(_) if self.deadline.is_some_and(|end| end <= Instant::now()) => {
                    return Err(self.timed_out(self.dataset.error(Operation::Lock, Cause::Busy)));
                }
                Err(_) => self.log(&"another task of this process"),
            }
        }
    }

    /// The pause before another user's lock is requested again; `None` if there is no time for one.
    pub(super) fn pause(&mut self, backoff: Duration, held: &Error) -> Option<Duration> {
        let left = self.deadline?.checked_duration_since(Instant::now())?;
        let asked = held.retry_after().unwrap_or_default();
        if left.is_zero() || asked > left {
            return None;
        }
        if Instant::now() >= self.notice {
            self.log(held);
        }
        Some(asked.saturating_add(backoff.max(MIN_PAUSE)).min(left))
    }

    fn log(&mut self, holder: &dyn std::fmt::Display) {
        self.notice = Instant::now() + NOTICES;
        tracing::info!(
            llmobs.project_id = %self.dataset.project_id(),
            llmobs.dataset_id = %self.dataset.dataset_id(),
            %holder,
            waited = %seconds(self.began.elapsed()),
            "waiting for the draft lock"
        );
    }

    /// The error of a wait that ended without the lock.
    pub(super) fn timed_out(&self, error: Error) -> Error {
        error.after_waiting(self.deadline.map(|_| self.began.elapsed()))
    }
}
