//! One run of a world, from its start or reset to the next reset.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::Notify;

use crate::assumptions::Assumptions;
use crate::dataset::{Caller, Dataset, Lock, Refusal};
use crate::fault::{Fault, Operation};
use crate::initial::{InitialDataset, InitialState, User};
use crate::response::{Limits, Profile};

/// A call of an operation that the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Its number: 0 for the first request, and one more for each. [`LockPeriod`](crate::LockPeriod)
    /// names requests by it.
    pub id: u64,
    /// The operation that it called.
    pub operation: Operation,
    /// The path of its URL, percent-encoded as received.
    pub path: String,
    /// Id of the dataset; `None` if the path isn't valid UTF-8.
    pub dataset: Option<String>,
    /// Id of the calling user; `None` if the keys are not valid.
    pub user: Option<String>,
    /// Its headers, with names in lower case. Keys are `[redacted]`.
    #[serde(serialize_with = "as_object")]
    pub headers: Vec<(String, String)>,
    /// The status of the response, even if the client had hung up by then. `None` as long as the
    /// response is pending, and if the connection was closed instead.
    pub status: Option<u16>,
    /// Whether it took effect. This changes in the same step as the dataset. An unlock of a dataset
    /// that nobody had locked counts.
    pub took_effect: bool,
}

/// Joins the values of a repeated header, as HTTP allows.
fn as_object<S: Serializer>(headers: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    let mut object: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers {
        let joined = object.entry(name).or_default();
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value);
    }
    object.serialize(to)
}

/// How a world behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    /// Whether deviations from the documented requests are refused.
    pub(crate) strict: bool,
    /// The number of requests, and of periods in a lock history, that are remembered.
    pub(crate) remember: usize,
    pub(crate) assumptions: Assumptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            strict: false,
            remember: 10_000,
            assumptions: Assumptions::default(),
        }
    }
}

/// The state and the journal of a run. One lock guards both, so that the effect of a request and its
/// record are one step.
pub(crate) struct Run {
    initial: InitialState,
    current: Mutex<Current>,
    /// Notified when a request or its record changes, and when the run ends.
    pub(crate) changed: Notify,
}

pub(crate) struct Current {
    pub(crate) settings: Settings,
    datasets: BTreeMap<(String, String), Dataset>,
    faults: BTreeMap<Operation, VecDeque<Fault>>,
    requests: VecDeque<ReceivedRequest>,
    /// The id of the next request.
    next: u64,
    limits: Limits,
}

/// An operation with the contents of its request's body.
pub(crate) enum Action {
    Lock,
    Unlock,
    Restore(Result<i32, Refusal>),
}

impl Run {
    pub(crate) fn new(initial: InitialState, settings: Settings) -> Self {
        let mut datasets = BTreeMap::new();
        for (project, held) in &initial.projects {
            for (id, dataset) in held {
                let dataset = Dataset::new(dataset, &initial.users);
                datasets.insert((project.clone(), id.clone()), dataset);
            }
        }
        let current = Current {
            settings,
            datasets,
            faults: BTreeMap::new(),
            requests: VecDeque::new(),
            next: 0,
            limits: Limits::default(),
        };
        Self {
            initial,
            current: Mutex::new(current),
            changed: Notify::new(),
        }
    }

    pub(crate) fn initial(&self) -> &InitialState {
        &self.initial
    }

    /// A panic elsewhere leaves nothing half-done behind this lock.
    pub(crate) fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the user whom the keys belong to, or a refusal with this status if they are not valid.
    pub(crate) fn user(&self, headers: &HeaderMap, status: u16) -> Result<&User, Refusal> {
        let key = |name| headers.get(name).map(HeaderValue::as_bytes);
        let (Some(api_key), Some(application_key)) = (key("dd-api-key"), key("dd-application-key"))
        else {
            return Err(Refusal::new(
                401,
                "The headers DD-API-KEY and DD-APPLICATION-KEY are needed",
            ));
        };
        let mut keys = self.initial.api_keys.iter();
        let valid = keys.any(|key| key.as_bytes() == api_key);
        let mut users = self.initial.users.iter().filter(|_| valid);
        users
            .find(|user| user.application_key.as_bytes() == application_key)
            .ok_or_else(|| Refusal::new(status, "The API key or the application key is not valid"))
    }

    /// Creates a dataset, or puts one in the place of another.
    pub(crate) fn set_dataset(&self, project: &str, id: &str, dataset: &InitialDataset) {
        let dataset = Dataset::new(dataset, &self.initial.users);
        let at = (project.to_owned(), id.to_owned());
        self.current().datasets.insert(at, dataset);
    }
}

impl Current {
    pub(crate) fn dataset(&self, project: &str, dataset: &str) -> Option<&Dataset> {
        self.datasets.get(&(project.to_owned(), dataset.to_owned()))
    }

    pub(crate) fn datasets(&self) -> &BTreeMap<(String, String), Dataset> {
        &self.datasets
    }

    pub(crate) fn requests(&self) -> &VecDeque<ReceivedRequest> {
        &self.requests
    }

    pub(crate) fn take_requests(&mut self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.requests).into()
    }

    pub(crate) fn script(&mut self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        let faults = faults.into_iter().filter(|fault| fault.times > 0);
        self.faults.entry(operation).or_default().extend(faults);
    }

    /// Returns the faults that no call got yet.
    pub(crate) fn unmet(&self) -> Vec<(Operation, Fault)> {
        let queues = self.faults.iter();
        queues
            .flat_map(|(operation, faults)| faults.iter().map(|fault| (*operation, fault.clone())))
            .collect()
    }

    pub(crate) fn forget_faults(&mut self) {
        self.faults.clear();
    }

    /// Records a request under the next id.
    pub(crate) fn receive(&mut self, mut request: ReceivedRequest) -> u64 {
        let id = self.next;
        self.next += 1;
        request.id = id;
        self.requests.push_back(request);
        while self.requests.len() > self.settings.remember {
            self.requests.pop_front();
        }
        id
    }

    /// Takes the fault that the next call of an operation on a dataset gets.
    pub(crate) fn next_fault(&mut self, operation: Operation, dataset: &str) -> Option<Fault> {
        let faults = self.faults.get_mut(&operation)?;
        let at = faults.iter().position(|fault| fault.applies_to(dataset))?;
        let fault = faults.get_mut(at)?;
        if fault.times > 1 {
            fault.times -= 1;
            return Some(fault.clone());
        }
        faults.remove(at)
    }

    /// Returns the record of a request, unless it was taken or forgotten.
    pub(crate) fn record(&mut self, id: u64) -> Option<&mut ReceivedRequest> {
        let at = self.requests.binary_search_by_key(&id, |it| it.id).ok()?;
        self.requests.get_mut(at)
    }

    /// Carries out an operation, and records that. Returns the lock that was acquired.
    pub(crate) fn perform(
        &mut self,
        request: u64,
        (project, dataset): (&str, &str),
        user: &User,
        action: Action,
    ) -> Result<Option<Lock>, Refusal> {
        let settings = self.settings;
        let dataset = self
            .datasets
            .get_mut(&(project.to_owned(), dataset.to_owned()))
            .ok_or_else(|| Refusal::new(404, "The project or the dataset does not exist"))?;
        if !user.permitted {
            return Err(Refusal::new(403, "The keys do not permit the operation"));
        }
        let caller = Caller {
            request,
            user: &user.user,
            now: Utc::now(),
        };
        dataset.expire(caller.now, settings.assumptions);
        let lock = match action {
            Action::Lock => Some(dataset.acquire(caller, settings.assumptions)?),
            Action::Unlock => {
                dataset.release(caller, settings.assumptions)?;
                None
            }
            Action::Restore(version) => {
                dataset.restore(caller, settings.assumptions, version?)?;
                None
            }
        };
        dataset.forget(settings.remember);
        if let Some(record) = self.record(request) {
            record.took_effect = true;
        }
        Ok(lock)
    }

    /// Counts a response against the rate limit, which the sandbox shows but does not enforce.
    pub(crate) fn count(&mut self, now: DateTime<Utc>) -> Limits {
        self.limits.count(now);
        self.limits
    }
}
