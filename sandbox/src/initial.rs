//! The state that a sandbox starts with.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A record of a dataset: an object with any fields.
pub type Record = Map<String, Value>;

/// The keys, users and datasets that a sandbox starts with. `--state FILE` reads it as JSON.
///
/// ```
/// use llmobs_sandbox::{InitialState, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let state: InitialState = serde_json::from_str(r#"{
///     "api_keys": ["an API key"],
///     "users": [{ "application_key": "an application key", "id": "jane" }],
///     "projects": { "a project": { "a dataset": {
///         "versions": [[], [{ "input": "2 + 2" }]],
///         "lock": { "user": "jane", "since": "2026-11-25T09:00:00Z" }
///     } } }
/// }"#)?;
/// let sandbox = Sandbox::builder().state(state).start().await?;
/// let dataset = sandbox.dataset("a project", "a dataset").ok_or("it exists")?;
/// assert_eq!((dataset.version(), dataset.records().len()), (1, 1));
/// assert_eq!(dataset.holder(), Some("jane"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitialState {
    /// The valid API keys; at least one.
    pub api_keys: BTreeSet<String>,
    /// The users, each with an application key; at least one.
    pub users: Vec<User>,
    /// The datasets of each project: by project id, then by dataset id.
    pub projects: BTreeMap<String, BTreeMap<String, InitialDataset>>,
}

/// A user of the sandbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The application key that the user calls with.
    pub application_key: String,
    /// The user as a draft state shows them. In JSON these fields are beside `application_key`.
    #[serde(flatten)]
    pub user: LlmObsDatasetDraftStateUser,
}

/// The state that a dataset starts in.
///
/// ```
/// use chrono::{TimeDelta, Utc};
/// use llmobs_sandbox::{InitialDataset, InitialState};
///
/// let mut state = InitialState::default();
/// let jane = state.users[0].user.id.clone();
/// let an_hour_ago = Utc::now() - TimeDelta::hours(1);
/// let dataset = InitialDataset::new([vec![]]).locked_by(jane, an_hour_ago);
/// state.projects.entry("a project".into()).or_default().insert("a dataset".into(), dataset);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InitialDataset {
    /// The records of version 0, 1 and so on. The last is the current version; there is at least one.
    pub versions: Vec<Vec<Record>>,
    /// The draft lock that is already held; `None` (and absent in JSON) if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<InitialLock>,
}

/// A draft lock that is held when the sandbox starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InitialLock {
    /// Id of the holder, who is one of the users.
    pub user: String,
    /// The time since which the lock is held.
    pub since: DateTime<Utc>,
}

impl InitialDataset {
    /// Creates an unlocked dataset with the records of its versions, from 0 to the current one.
    pub fn new(versions: impl IntoIterator<Item = Vec<Record>>) -> Self {
        Self {
            versions: versions.into_iter().collect(),
            lock: None,
        }
    }

    /// Locks the draft for the user with this id, since this time.
    #[must_use]
    pub fn locked_by(mut self, user: impl Into<String>, since: DateTime<Utc>) -> Self {
        let user = user.into();
        self.lock = Some(InitialLock { user, since });
        self
    }
}

impl InitialState {
    /// The project of the documentation's examples.
    pub const PROJECT_ID: &str = "a33671aa-24fd-4dcd-9b33-a8ec7dde7751";
    /// The dataset of the documentation's examples. Its current version is 2.
    pub const DATASET_ID: &str = "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d";

    /// Returns the first reason why a sandbox can't start with this state.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.users.is_empty() || self.api_keys.is_empty() {
            return Err("the state needs a user and an API key".to_owned());
        }
        for (id, dataset) in self.projects.values().flatten() {
            if dataset.versions.is_empty() {
                return Err(format!("dataset {id} has no version"));
            }
            if let Some(lock) = &dataset.lock
                && self.user(&lock.user).is_none()
            {
                let user = &lock.user;
                return Err(format!("dataset {id} is locked by {user}, who is no user"));
            }
        }
        Ok(())
    }

    pub(crate) fn user(&self, id: &str) -> Option<&LlmObsDatasetDraftStateUser> {
        let mut users = self.users.iter().map(|user| &user.user);
        users.find(|user| user.id == id)
    }
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
        let dataset = InitialDataset::new([
            vec![],
            vec![record("2 + 2", "4")],
            vec![record("2 + 2", "5"), record("3 + 3", "6")],
        ]);
        let datasets = BTreeMap::from([(Self::DATASET_ID.to_owned(), dataset)]);
        Self {
            api_keys: BTreeSet::from(["sandbox-api-key".to_owned()]),
            users: vec![user(10, "Jane Doe"), user(11, "John Roe")],
            projects: BTreeMap::from([(Self::PROJECT_ID.to_owned(), datasets)]),
        }
    }
}
