//! All that a sandbox knows: datasets, scripted faults and the requests that it received.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use chrono::Utc;
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;

use crate::assumptions::Assumptions;
use crate::dataset::{Caller, DatasetState, Lock, Refusal};
use crate::fault::{Fault, Operation};
use crate::initial::{InitialState, User};

/// A call of an operation that the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Its number: 0 for the first request, and one more for each. [`LockPeriod`](crate::LockPeriod)
    /// names requests by it.
    pub id: u64,
    /// The operation that it called.
    pub operation: Operation,
    /// The path of its URL, percent-encoded as received.
    pub path: String,
    /// Id of the calling user; `None` if the keys are not valid.
    pub user: Option<String>,
    /// Its headers, with names in lower case. Keys are `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// The status of the response, even if the client had hung up by then. `None` as long as the
    /// response is pending, and if the connection was closed instead.
    pub status: Option<u16>,
    /// Whether it took effect. This changes in the same step as the dataset. An unlock of a dataset
    /// that nobody had locked counts.
    pub took_effect: bool,
}

/// The state and the journal. One lock guards both, so that the effect of a request and its record
/// are one step.
pub(crate) struct World {
    initial: InitialState,
    assumptions: Assumptions,
    current: Mutex<Current>,
}

pub(crate) struct Current {
    datasets: BTreeMap<(String, String), DatasetState>,
    faults: BTreeMap<Operation, VecDeque<Fault>>,
    requests: VecDeque<ReceivedRequest>,
    /// The id of the next request.
    next: u64,
}

/// An operation with the contents of its request's body.
pub(crate) enum Action {
    Lock,
    Unlock,
    Restore(Result<i32, Refusal>),
}

impl World {
    pub(crate) fn new(initial: InitialState, assumptions: Assumptions) -> Self {
        let mut datasets = BTreeMap::new();
        for (project, held) in &initial.projects {
            for (id, dataset) in held {
                let holder = dataset.lock.as_ref();
                let holder = holder.and_then(|lock| initial.user(&lock.user));
                let state = DatasetState::new(dataset, holder);
                datasets.insert((project.clone(), id.clone()), state);
            }
        }
        let current = Current {
            datasets,
            faults: BTreeMap::new(),
            requests: VecDeque::new(),
            next: 0,
        };
        Self {
            initial,
            assumptions,
            current: Mutex::new(current),
        }
    }

    pub(crate) fn assumptions(&self) -> Assumptions {
        self.assumptions
    }

    pub(crate) fn initial(&self) -> &InitialState {
        &self.initial
    }

    /// A panic elsewhere leaves nothing half-done behind this lock.
    pub(crate) fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the user whom the keys belong to.
    pub(crate) fn user(&self, headers: &HeaderMap) -> Result<&User, Refusal> {
        let key = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(api_key), Some(application_key)) = (key("dd-api-key"), key("dd-application-key"))
        else {
            return Err(Refusal::new(
                401,
                "The headers DD-API-KEY and DD-APPLICATION-KEY are needed",
            ));
        };
        let users = self.initial.users.iter();
        let user = users.filter(|_| self.initial.api_keys.contains(api_key));
        user.into_iter()
            .find(|user| user.application_key == application_key)
            .ok_or_else(|| Refusal::new(403, "The keys are not valid"))
    }
}

impl Current {
    pub(crate) fn dataset(&self, project: &str, dataset: &str) -> Option<&DatasetState> {
        self.datasets.get(&(project.to_owned(), dataset.to_owned()))
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &ReceivedRequest> {
        self.requests.iter()
    }

    pub(crate) fn take_requests(&mut self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.requests).into()
    }

    pub(crate) fn script(&mut self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.faults.entry(operation).or_default().extend(faults);
    }

    /// Records a request under the next id, and returns the fault that it gets.
    pub(crate) fn receive(&mut self, mut request: ReceivedRequest) -> (u64, Option<Fault>) {
        let id = self.next;
        self.next += 1;
        request.id = id;
        let faults = self.faults.get_mut(&request.operation);
        let fault = faults.and_then(VecDeque::pop_front);
        self.requests.push_back(request);
        (id, fault)
    }

    /// Returns the record of a request, unless it was taken.
    pub(crate) fn record(&mut self, id: u64) -> Option<&mut ReceivedRequest> {
        let at = self.requests.binary_search_by_key(&id, |it| it.id).ok()?;
        self.requests.get_mut(at)
    }

    /// Carries out an operation, and records that. Returns the lock that was acquired.
    pub(crate) fn perform(
        &mut self,
        request: u64,
        (project, dataset): (&str, &str),
        user: &LlmObsDatasetDraftStateUser,
        action: Action,
        assumptions: Assumptions,
    ) -> Result<Option<Lock>, Refusal> {
        let dataset = self
            .datasets
            .get_mut(&(project.to_owned(), dataset.to_owned()))
            .ok_or_else(|| Refusal::new(404, "The project or the dataset does not exist"))?;
        let caller = Caller {
            request,
            user,
            now: Utc::now(),
        };
        let lock = match action {
            Action::Lock => Some(dataset.acquire(caller, assumptions)?),
            Action::Unlock => {
                dataset.release(caller, assumptions)?;
                None
            }
            Action::Restore(version) => {
                dataset.restore(caller, assumptions, version?)?;
                None
            }
        };
        if let Some(record) = self.record(request) {
            record.took_effect = true;
        }
        Ok(lock)
    }
}
