//! The service without HTTP: datasets with their versions and locks, and what the operations do.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A record of a dataset, in no fixed form.
pub type Record = Map<String, Value>;

/// What the sandbox starts with: keys, users, and datasets by project. As JSON it is what
/// `--state FILE` reads.
///
/// ```
/// use llmobs_sandbox::{InitialState, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let state: InitialState = serde_json::from_str(r#"{
///     "api_keys": ["an API key"],
///     "users": [{ "application_key": "an application key", "id": "jane" }],
///     "projects": { "a project": { "a dataset": { "versions": [[], [{ "input": "2 + 2" }]] } } }
/// }"#)?;
/// let sandbox = Sandbox::builder().state(state).start().await?;
/// let dataset = sandbox.dataset("a project", "a dataset").ok_or("it is there")?;
/// assert_eq!((dataset.version(), dataset.records().len()), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitialState {
    /// The API keys that are valid; there is at least one.
    pub api_keys: BTreeSet<String>,
    /// The users, each with an application key; there is at least one.
    pub users: Vec<User>,
    /// The datasets of each project: by project id, then by dataset id.
    pub projects: BTreeMap<String, BTreeMap<String, InitialDataset>>,
}

/// A user of the sandbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The key that the user calls with.
    pub application_key: String,
    /// The user as a draft state shows them. In JSON these fields stand beside `application_key`.
    #[serde(flatten)]
    pub user: LlmObsDatasetDraftStateUser,
}

/// A dataset as the sandbox starts with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitialDataset {
    /// The records of version 0, 1 and so on. The last one is the current version; there is at least one.
    pub versions: Vec<Vec<Record>>,
}

impl InitialState {
    /// The project of the documentation's examples.
    pub const PROJECT_ID: &str = "a33671aa-24fd-4dcd-9b33-a8ec7dde7751";
    /// The dataset of the documentation's examples. It is at version 2.
    pub const DATASET_ID: &str = "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d";
}

impl Default for InitialState {
    /// One API key, two users (the documentation's Jane Doe, and John Roe), and the dataset of the
    /// documentation with three versions.
    fn default() -> Self {
        let user = |number: u8, name: &str| {
            let mail = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
            User {
                application_key: format!("sandbox-application-key-{number}"),
                user: LlmObsDatasetDraftStateUser {
                    email: Some(mail.clone()),
                    handle: Some(mail),
                    icon: Some(String::new()),
                    id: format!("00000000-0000-0000-0000-0000000000{number}"),
                    name: Some(name.to_owned()),
                },
            }
        };
        let record = |input: &str, expected: &str| {
            Map::from_iter([
                ("input".to_owned(), input.into()),
                ("expected_output".to_owned(), expected.into()),
            ])
        };
        let versions = vec![
            vec![],
            vec![record("2 + 2", "4")],
            vec![record("2 + 2", "5"), record("3 + 3", "6")],
        ];
        let dataset = (Self::DATASET_ID.to_owned(), InitialDataset { versions });
        Self {
            api_keys: BTreeSet::from(["sandbox-api-key".to_owned()]),
            users: vec![user(10, "Jane Doe"), user(11, "John Roe")],
            projects: BTreeMap::from([(Self::PROJECT_ID.to_owned(), BTreeMap::from([dataset]))]),
        }
    }
}

/// A dataset as it was when [`Sandbox::dataset`](crate::Sandbox::dataset) was asked for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DatasetState {
    /// The records of all versions, from 0.
    pub versions: Vec<Vec<Record>>,
    /// Who holds the draft lock and since when; `None` if nobody does.
    pub lock: Option<Lock>,
}

impl DatasetState {
    /// The number of the current version, from 0.
    #[must_use]
    pub fn version(&self) -> usize {
        self.versions.len().saturating_sub(1)
    }

    /// The records of the current version.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    /// The id of the user who holds the draft lock; `None` if nobody does.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        Some(&self.lock.as_ref()?.user.id)
    }
}

/// A draft lock that is held.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lock {
    /// Who holds it.
    pub user: LlmObsDatasetDraftStateUser,
    /// Since when, by the clock of this machine.
    pub since: DateTime<Utc>,
}

/// What the service does where the documentation is silent. **Each is an assumption.**
///
/// ```
/// # use llmobs_sandbox::{Assumptions, OnConflict, Sandbox};
/// let assumptions = Assumptions {
///     lock_of_another: OnConflict::Refuse(423),
///     unlock_of_another: OnConflict::Allow,
///     ..Assumptions::default()
/// };
/// let builder = Sandbox::builder().assumptions(assumptions);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// What lock does while another user holds the lock.
    pub lock_of_another: OnConflict,
    /// What unlock does while another user holds the lock.
    pub unlock_of_another: OnConflict,
    /// What restore does while another user holds the lock.
    pub restore_under_another: OnConflict,
}

/// What an operation does when it meets the lock of another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// It is refused with this status, from 400 to 599.
    Refuse(u16),
    /// It is done: lock takes the lock over, unlock gives it back, restore disregards it.
    Allow,
}

impl Default for Assumptions {
    /// All are refused with 409.
    fn default() -> Self {
        Self {
            lock_of_another: OnConflict::Refuse(409),
            unlock_of_another: OnConflict::Refuse(409),
            restore_under_another: OnConflict::Refuse(409),
        }
    }
}

/// Why the service refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) detail: String,
    /// JSON pointer to the value of the request body that is at fault.
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

/// The datasets, by project and id.
#[derive(Debug)]
pub(crate) struct Datasets {
    datasets: BTreeMap<(String, String), DatasetState>,
    assumptions: Assumptions,
}

impl Datasets {
    pub(crate) fn new(initial: &InitialState, assumptions: Assumptions) -> Self {
        let mut datasets = BTreeMap::new();
        for (project, held) in &initial.projects {
            for (dataset, initial) in held {
                let state = DatasetState {
                    versions: initial.versions.clone(),
                    lock: None,
                };
                datasets.insert((project.clone(), dataset.clone()), state);
            }
        }
        Self {
            datasets,
            assumptions,
        }
    }

    pub(crate) fn get(&self, project: &str, dataset: &str) -> Option<&DatasetState> {
        self.datasets.get(&(project.to_owned(), dataset.to_owned()))
    }

    fn find(&mut self, project: &str, dataset: &str) -> Result<&mut DatasetState, Refusal> {
        self.datasets
            .get_mut(&(project.to_owned(), dataset.to_owned()))
            .ok_or_else(|| Refusal::new(404, "The project or the dataset does not exist"))
    }

    /// Takes the lock. The holder keeps the state that there is.
    pub(crate) fn lock(
        &mut self,
        (project, dataset): (&str, &str),
        user: &LlmObsDatasetDraftStateUser,
        now: DateTime<Utc>,
    ) -> Result<Lock, Refusal> {
        let rule = self.assumptions.lock_of_another;
        let dataset = self.find(project, dataset)?;
        let theirs = conflict(dataset, user, rule)?;
        if theirs || dataset.lock.is_none() {
            dataset.lock = Some(Lock {
                user: user.clone(),
                since: now,
            });
        }
        dataset
            .lock
            .clone()
            .ok_or_else(|| Refusal::new(500, "The lock is lost"))
    }

    /// Gives the lock back. Where there is none, nothing happens.
    pub(crate) fn unlock(
        &mut self,
        (project, dataset): (&str, &str),
        user: &LlmObsDatasetDraftStateUser,
    ) -> Result<(), Refusal> {
        let rule = self.assumptions.unlock_of_another;
        let dataset = self.find(project, dataset)?;
        conflict(dataset, user, rule)?;
        dataset.lock = None;
        Ok(())
    }

    /// Makes the records of a prior version those of a new one.
    pub(crate) fn restore(
        &mut self,
        (project, dataset): (&str, &str),
        user: &LlmObsDatasetDraftStateUser,
        version: i32,
    ) -> Result<(), Refusal> {
        let rule = self.assumptions.restore_under_another;
        let dataset = self.find(project, dataset)?;
        conflict(dataset, user, rule)?;
        let prior = usize::try_from(version)
            .ok()
            .and_then(|version| dataset.versions.get(version).cloned());
        let Some(records) = prior else {
            return Err(Refusal::at(
                "/data/attributes/dataset_version",
                format!(
                    "dataset_version must be between 0 and {}",
                    dataset.version()
                ),
            ));
        };
        dataset.versions.push(records);
        Ok(())
    }
}

/// Whether another user holds the lock, where that is allowed.
fn conflict(
    dataset: &DatasetState,
    user: &LlmObsDatasetDraftStateUser,
    rule: OnConflict,
) -> Result<bool, Refusal> {
    match (dataset.holder(), rule) {
        (Some(holder), OnConflict::Refuse(status)) if holder != user.id => Err(Refusal::new(
            status,
            format!("The draft of the dataset is locked by user {holder}"),
        )),
        (Some(holder), _) => Ok(holder != user.id),
        (None, _) => Ok(false),
    }
}
