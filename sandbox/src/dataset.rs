//! A dataset with its versions and its draft lock, and what the operations do to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::assumptions::{Assumptions, OnConflict, OnRelock};
use crate::initial::{InitialDataset, Record, User};

/// A dataset at the time when [`Sandbox::dataset`](crate::Sandbox::dataset) was called.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DatasetState {
    /// The records of all versions, from 0.
    pub versions: Vec<Vec<Record>>,
    /// The draft lock; `None` if nobody holds it.
    pub lock: Option<Lock>,
    /// The periods in which the draft was locked, oldest first; the last one also if it hasn't ended.
    pub lock_history: Vec<LockPeriod>,
}

impl DatasetState {
    /// Returns the number of the current version, from 0.
    #[must_use]
    pub fn version(&self) -> usize {
        self.versions.len().saturating_sub(1)
    }

    /// Returns the records of the current version.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    /// Returns the id of the user who holds the draft lock; `None` if nobody does.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        Some(&self.lock.as_ref()?.user.id)
    }
}

/// As the control API shows it.
impl Serialize for DatasetState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut state = to.serialize_struct("DatasetState", 5)?;
        state.serialize_field("version", &self.version())?;
        state.serialize_field("records", self.records())?;
        state.serialize_field("holder", &self.holder())?;
        state.serialize_field("since", &self.lock.as_ref().map(|lock| lock.since))?;
        state.serialize_field("lock_history", &self.lock_history)?;
        state.end()
    }
}

/// A draft lock that is held.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lock {
    /// The holder.
    pub user: LlmObsDatasetDraftStateUser,
    /// The time in `drafting_since`, by the clock of this machine.
    pub since: DateTime<Utc>,
}

/// A period in which one user held the draft lock without a break.
///
/// It refers to requests by [`ReceivedRequest::id`](crate::ReceivedRequest::id): a test that gives each task a
/// header of its own finds out which task of a user had the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LockPeriod {
    /// Id of the user who held the lock.
    pub user: String,
    /// When the user acquired it.
    pub from: DateTime<Utc>,
    /// When it was released or taken over, or when it expired; `None` while it is held.
    pub until: Option<DateTime<Utc>>,
    /// The request that acquired it; `None` if the sandbox started with it.
    pub acquired_by: Option<u64>,
    /// The requests by which the holder locked again, in the order of their effect.
    pub relocked_by: Vec<u64>,
    /// The unlock that released it, or the lock of another user that took it over; `None` while it is
    /// held, and if it expired.
    pub released_by: Option<u64>,
}

/// The status and the message with which the service refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) detail: String,
    /// JSON pointer to the faulty value of the request body.
    pub(crate) pointer: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            pointer: None,
        }
    }

    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            ..Self::new(400, detail)
        }
    }
}

/// A request that takes effect: its id, its user and the time.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) request: u64,
    pub(crate) user: &'a LlmObsDatasetDraftStateUser,
    pub(crate) now: DateTime<Utc>,
}

/// A dataset as the sandbox keeps it. Versions with the same records share them, so that restores need
/// little memory.
#[derive(Clone)]
pub(crate) struct Dataset {
    versions: Vec<Arc<Vec<Record>>>,
    lock: Option<Lock>,
    lock_history: Vec<LockPeriod>,
}

impl Dataset {
    pub(crate) fn new(initial: &InitialDataset, users: &[User]) -> Self {
        let mut dataset = Self {
            versions: initial.versions.iter().cloned().map(Arc::new).collect(),
            lock: None,
            lock_history: Vec::new(),
        };
        if let Some(lock) = &initial.lock
            && let Some(holder) = users.iter().find(|user| user.user.id == lock.user)
        {
            dataset.begin(None, &holder.user, lock.since);
        }
        dataset
    }

    pub(crate) fn state(&self, assumptions: Assumptions) -> DatasetState {
        let mut now = self.clone();
        now.expire(Utc::now(), assumptions);
        DatasetState {
            versions: now
                .versions
                .iter()
                .map(|records| records.to_vec())
                .collect(),
            lock: now.lock,
            lock_history: now.lock_history,
        }
    }

    /// Ends a lock that has expired.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>, assumptions: Assumptions) {
        let Some(time) = assumptions.expiry() else {
            return;
        };
        let Some(end) = self
            .lock
            .as_ref()
            .and_then(|lock| lock.since.checked_add_signed(time))
        else {
            return;
        };
        if end <= now {
            self.end(end, None);
        }
    }

    /// Acquires the lock.
    pub(crate) fn acquire(
        &mut self,
        caller: Caller<'_>,
        assumptions: Assumptions,
    ) -> Result<Lock, Refusal> {
        self.conflict(caller.user, assumptions.lock_of_another)?;
        match &mut self.lock {
            Some(lock) if lock.user.id == caller.user.id => {
                if assumptions.relock == OnRelock::StartAnew {
                    lock.since = caller.now;
                }
                if let Some(period) = self.lock_history.last_mut() {
                    period.relocked_by.push(caller.request);
                }
                Ok(lock.clone())
            }
            _ => {
                self.end(caller.now, Some(caller.request));
                Ok(self.begin(Some(caller.request), caller.user, caller.now))
            }
        }
    }

    /// Releases the lock.
    pub(crate) fn release(
        &mut self,
        caller: Caller<'_>,
        assumptions: Assumptions,
    ) -> Result<(), Refusal> {
        self.conflict(caller.user, assumptions.unlock_of_another)?;
        self.unlocked(assumptions.unlock_of_unlocked)?;
        self.end(caller.now, Some(caller.request));
        Ok(())
    }

    /// Adds a version with the records of a prior one.
    pub(crate) fn restore(
        &mut self,
        caller: Caller<'_>,
        assumptions: Assumptions,
        version: i32,
    ) -> Result<(), Refusal> {
        self.conflict(caller.user, assumptions.restore_under_another)?;
        self.unlocked(assumptions.restore_of_unlocked)?;
        let prior = usize::try_from(version).ok();
        let Some(records) = prior.and_then(|prior| self.versions.get(prior).cloned()) else {
            let current = self.versions.len().saturating_sub(1);
            return Err(Refusal::at(
                "/data/attributes/dataset_version",
                format!("dataset_version must be between 0 and {current}"),
            ));
        };
        self.versions.push(records);
        Ok(())
    }

    /// Forgets the oldest periods beyond this number, and relocks beyond it.
    pub(crate) fn forget(&mut self, remember: usize) {
        let periods = self.lock_history.len().saturating_sub(remember.max(1));
        self.lock_history.drain(..periods);
        if let Some(period) = self.lock_history.last_mut() {
            let relocks = period.relocked_by.len().saturating_sub(remember);
            period.relocked_by.drain(..relocks);
        }
    }

    fn begin(
        &mut self,
        request: Option<u64>,
        user: &LlmObsDatasetDraftStateUser,
        now: DateTime<Utc>,
    ) -> Lock {
        self.lock_history.push(LockPeriod {
            user: user.id.clone(),
            from: now,
            until: None,
            acquired_by: request,
            relocked_by: Vec::new(),
            released_by: None,
        });
        let user = user.clone();
        self.lock.insert(Lock { user, since: now }).clone()
    }

    fn end(&mut self, now: DateTime<Utc>, request: Option<u64>) {
        if self.lock.take().is_some()
            && let Some(period) = self.lock_history.last_mut()
        {
            period.until = Some(now);
            period.released_by = request;
        }
    }

    /// Refuses a call while another user holds the lock, unless the rule allows it.
    fn conflict(
        &self,
        user: &LlmObsDatasetDraftStateUser,
        rule: OnConflict,
    ) -> Result<(), Refusal> {
        match (&self.lock, rule) {
            (Some(lock), OnConflict::Refuse(status)) if lock.user.id != user.id => {
                let holder = &lock.user.id;
                let detail = format!("The draft of the dataset is locked by user {holder}");
                Err(Refusal::new(status, detail))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a call while nobody holds the lock, unless the rule allows it.
    fn unlocked(&self, rule: OnConflict) -> Result<(), Refusal> {
        match (&self.lock, rule) {
            (None, OnConflict::Refuse(status)) => Err(Refusal::new(
                status,
                "The draft of the dataset is not locked",
            )),
            _ => Ok(()),
        }
    }
}
