//! A dataset with its versions and its draft lock, and what the operations do to it.

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;

use crate::assumptions::{Assumptions, OnConflict, OnRelock};
use crate::initial::{InitialDataset, Record};

/// A dataset at the time when [`Sandbox::dataset`](crate::Sandbox::dataset) was called.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DatasetState {
    /// The records of all versions, from 0.
    pub versions: Vec<Vec<Record>>,
    /// The draft lock; `None` if nobody holds it.
    pub lock: Option<Lock>,
    /// Every period in which the draft was locked, oldest first; the last one also if it hasn't ended.
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
/// Requests are named by their [`ReceivedRequest::id`](crate::ReceivedRequest::id), so that a test can
/// tell the tasks of one user apart by a header of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockPeriod {
    /// Id of the user who held the lock.
    pub user: String,
    /// When the user acquired it.
    pub from: DateTime<Utc>,
    /// When it was released or taken over; `None` while it is held.
    pub until: Option<DateTime<Utc>>,
    /// The request that acquired it; `None` if the sandbox started with it.
    pub acquired_by: Option<u64>,
    /// The requests by which the holder locked again, in the order of their effect.
    pub relocked_by: Vec<u64>,
    /// The unlock that released it, or the lock of another user that took it over; `None` while it is
    /// held.
    pub released_by: Option<u64>,
}

/// Why the service refuses a call.
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

impl DatasetState {
    /// Creates a dataset; `holder` is the user that the initial lock names.
    pub(crate) fn new(
        initial: &InitialDataset,
        holder: Option<&LlmObsDatasetDraftStateUser>,
    ) -> Self {
        let mut dataset = Self {
            versions: initial.versions.clone(),
            lock: None,
            lock_history: Vec::new(),
        };
        if let (Some(lock), Some(user)) = (&initial.lock, holder) {
            dataset.begin(None, user, lock.since);
        }
        dataset
    }

    /// Acquires the lock.
    pub(crate) fn acquire(
        &mut self,
        caller: Caller<'_>,
        assumptions: Assumptions,
    ) -> Result<Lock, Refusal> {
        let theirs = self.conflict(caller.user, assumptions.lock_of_another)?;
        match &mut self.lock {
            Some(lock) if !theirs => {
                if assumptions.relock == OnRelock::StartAnew {
                    lock.since = caller.now;
                }
                if let Some(period) = self.lock_history.last_mut() {
                    period.relocked_by.push(caller.request);
                }
                Ok(lock.clone())
            }
            _ => {
                self.end(caller);
                Ok(self.begin(Some(caller.request), caller.user, caller.now))
            }
        }
    }

    /// Releases the lock. Nothing happens if nobody holds it.
    pub(crate) fn release(
        &mut self,
        caller: Caller<'_>,
        assumptions: Assumptions,
    ) -> Result<(), Refusal> {
        self.conflict(caller.user, assumptions.unlock_of_another)?;
        self.end(caller);
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
        let prior = usize::try_from(version)
            .ok()
            .and_then(|version| self.versions.get(version).cloned());
        let Some(records) = prior else {
            return Err(Refusal::at(
                "/data/attributes/dataset_version",
                format!("dataset_version must be between 0 and {}", self.version()),
            ));
        };
        self.versions.push(records);
        Ok(())
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

    fn end(&mut self, caller: Caller<'_>) {
        if self.lock.take().is_some()
            && let Some(period) = self.lock_history.last_mut()
        {
            period.until = Some(caller.now);
            period.released_by = Some(caller.request);
        }
    }

    /// Returns whether another user holds the lock, if that is allowed.
    fn conflict(
        &self,
        user: &LlmObsDatasetDraftStateUser,
        rule: OnConflict,
    ) -> Result<bool, Refusal> {
        match (self.holder(), rule) {
            (Some(holder), OnConflict::Refuse(status)) if holder != user.id => Err(Refusal::new(
                status,
                format!("The draft of the dataset is locked by user {holder}"),
            )),
            (Some(holder), _) => Ok(holder != user.id),
            (None, _) => Ok(false),
        }
    }
}
