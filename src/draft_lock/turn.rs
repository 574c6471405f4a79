//! The place in the queue: tasks of this process that would lock one dataset as one user take turns.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use crate::call::after;
use crate::error::Cause;
use crate::{Dataset, DatasetId, Error, Operation, ProjectId, Result};

/// The queues that somebody holds or waits in.
static QUEUES: LazyLock<Mutex<HashMap<Key, Weak<tokio::sync::Mutex<Queue>>>>> =
    LazyLock::new(Mutex::default);

tokio::task_local! {
    /// The datasets that the current task has locked by `with_draft_lock`.
    static LOCKED: Vec<Key>;
}

/// What tasks queue for. The service keeps users apart, so one user's tasks need one queue, whichever
/// clients they use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    user: u64,
    project: ProjectId,
    dataset: DatasetId,
}

impl Key {
    pub(super) fn of(dataset: &Dataset) -> Self {
        Self {
            user: dataset.client.inner.user,
            project: dataset.project_id().clone(),
            dataset: dataset.dataset_id().clone(),
        }
    }

    /// Runs the work under the lock, and refuses to lock the dataset again in it.
    pub(super) async fn locked_in<T>(self, work: impl Future<Output = T>) -> T {
        let mut locked = LOCKED.try_with(Vec::clone).unwrap_or_default();
        locked.push(self);
        LOCKED.scope(locked, work).await
    }

    fn queue(self) -> Arc<tokio::sync::Mutex<Queue>> {
        let mut queues = queues();
        if let Some(queue) = queues.get(&self).and_then(Weak::upgrade) {
            return queue;
        }
        let queue = Arc::new(tokio::sync::Mutex::new(Queue { key: self.clone() }));
        queues.insert(self, Arc::downgrade(&queue));
        queue
    }
}

/// A turn: nobody else in this process locks or unlocks the dataset as this user until it is dropped.
pub(super) type Turn = OwnedMutexGuard<Queue>;

/// A queue, which ends with the last turn or wait.
#[derive(Debug)]
pub(super) struct Queue {
    key: Key,
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut queues = queues();
        // Another task may have opened a new one meanwhile.
        if queues
            .get(&self.key)
            .is_some_and(|queue| queue.strong_count() == 0)
        {
            queues.remove(&self.key);
        }
    }
}

fn queues() -> MutexGuard<'static, HashMap<Key, Weak<tokio::sync::Mutex<Queue>>>> {
    QUEUES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The wait for a lock: under one deadline, whoever holds it.
pub(super) struct Wait {
    dataset: Dataset,
    began: Instant,
    /// The end of `lock_wait`, if that is set.
    end: Option<Instant>,
    notice: Instant,
}

impl Wait {
    const FIRST_NOTICE: Duration = Duration::from_millis(500);
    const NOTICES: Duration = Duration::from_secs(30);

    pub(super) fn begin(dataset: Dataset) -> Self {
        let began = Instant::now();
        Self {
            end: dataset.wait().map(|wait| after(began, wait)),
            notice: began + Self::FIRST_NOTICE,
            began,
            dataset,
        }
    }

    pub(super) fn waited(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits for the turn. Dropping the future leaves the queue.
    pub(super) async fn turn(&mut self) -> Result<Turn> {
        let key = Key::of(&self.dataset);
        if LOCKED.try_with(|locked| locked.contains(&key)) == Ok(true) {
            return Err(self.refuse(Cause::Reentrant));
        }
        let mut turn = pin!(key.queue().lock_owned());
        loop {
            let until = self.end.map_or(self.notice, |end| end.min(self.notice));
            match timeout_at(until, turn.as_mut()).await {
                Ok(turn) => return Ok(turn),
                Err(_) if self.end.is_some_and(|end| end <= Instant::now()) => {
                    return Err(self.refuse(Cause::Busy).after_waiting(self.waited()));
                }
                Err(_) => self.say(&"another task of this process"),
            }
        }
    }

    /// The pause before another user's lock is requested again, if there is time for one.
    pub(super) fn pause(&mut self, backoff: Duration, held: &Error) -> Option<Duration> {
        let left = self.end?.checked_duration_since(Instant::now())?;
        let asked = held.retry_after().unwrap_or_default();
        if left.is_zero() || asked > left {
            return None;
        }
        if Instant::now() >= self.notice {
            self.say(held);
        }
        Some(backoff.min(left).max(asked))
    }

    fn say(&mut self, holder: &dyn std::fmt::Display) {
        self.notice = Instant::now() + Self::NOTICES;
        tracing::info!(
            project_id = %self.dataset.project_id(),
            dataset_id = %self.dataset.dataset_id(),
            %holder,
            waited = ?self.waited(),
            "waiting for the draft lock"
        );
    }

    fn refuse(&self, cause: Cause) -> Error {
        self.dataset.error(Operation::Lock, cause)
    }
}
