//! The state that a sandbox starts with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use llmobs_datasets_generated::types::LlmObsDatasetDraftStateUser;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::unique;

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
    #[serde(deserialize_with = "unique::set")]
    pub api_keys: BTreeSet<String>,
    /// The users, each with an application key; at least one.
    pub users: Vec<User>,
    /// The datasets of each project: by project id, then by dataset id.
    #[serde(deserialize_with = "unique::map_of_maps")]
    pub projects: BTreeMap<String, BTreeMap<String, InitialDataset>>,
}

/// A user of the sandbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "UserFields")]
#[non_exhaustive]
pub struct User {
    /// The application key that the user calls with.
    pub application_key: String,
    /// Whether the keys permit the operations; otherwise each is refused with 403. In JSON the default
    /// is `true`.
    pub permitted: bool,
    /// The user as a draft state shows them. In JSON these fields are beside `application_key`.
    #[serde(flatten)]
    pub user: LlmObsDatasetDraftStateUser,
}

/// A user in JSON. It exists because serde can't refuse unknown fields next to flattened ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserFields {
    application_key: String,
    permitted: Option<bool>,
    email: Option<String>,
    handle: Option<String>,
    icon: Option<String>,
    id: String,
    name: Option<String>,
}

impl From<UserFields> for User {
    fn from(fields: UserFields) -> Self {
        Self {
            application_key: fields.application_key,
            permitted: fields.permitted.unwrap_or(true),
            user: LlmObsDatasetDraftStateUser {
                email: fields.email,
                handle: fields.handle,
                icon: fields.icon,
                id: fields.id,
                name: fields.name,
            },
        }
    }
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

    /// Returns the default state with keys that begin with a prefix.
    pub(crate) fn with_keys_of(prefix: &str) -> Self {
        let mut state = Self {
            api_keys: BTreeSet::from([format!("{prefix}-api-key")]),
            ..Self::default()
        };
        for user in &mut state.users {
            user.application_key = user.application_key.replacen("sandbox", prefix, 1);
        }
        state
    }

    /// Checks that a sandbox can start with this state.
    ///
    /// # Errors
    ///
    /// The first problem, with its place and a remedy.
    pub fn check(&self) -> Result<(), InvalidState> {
        if self.api_keys.is_empty() {
            return Err(InvalidState::new("/api_keys", "there is no key", "add one"));
        }
        for (at, key) in self.api_keys.iter().enumerate() {
            check_key(&format!("/api_keys/{at}"), key)?;
        }
        if self.users.is_empty() {
            return Err(InvalidState::new("/users", "there is no user", "add one"));
        }
        let (mut keys, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for (at, user) in self.users.iter().enumerate() {
            let place = format!("/users/{at}/application_key");
            check_key(&place, &user.application_key)?;
            if let Some(other) = keys.insert(&user.application_key, at) {
                let problem = format!("it is the key of /users/{other}, too");
                return Err(InvalidState::new(
                    place,
                    problem,
                    "give each user a key of their own",
                ));
            }
            let place = format!("/users/{at}/id");
            if let Some(other) = ids.insert(&user.user.id, at) {
                let problem = format!("it is the id of /users/{other}, too");
                return Err(InvalidState::new(
                    place,
                    problem,
                    "give each user an id of their own",
                ));
            }
            if user.user.id.is_empty() {
                return Err(InvalidState::new(place, "it is empty", "write an id"));
            }
        }
        for (project, datasets) in &self.projects {
            let place = format!("/projects/{}", escaped(project));
            check_id(&place, project)?;
            for (id, dataset) in datasets {
                let place = format!("{place}/{}", escaped(id));
                check_id(&place, id)?;
                self.check_dataset(&place, dataset)?;
            }
        }
        Ok(())
    }

    pub(crate) fn check_dataset(
        &self,
        place: &str,
        dataset: &InitialDataset,
    ) -> Result<(), InvalidState> {
        if dataset.versions.is_empty() {
            let place = format!("{place}/versions");
            return Err(InvalidState::new(
                place,
                "there is no version",
                "add one, such as []",
            ));
        }
        if let Some(lock) = &dataset.lock
            && self.users.iter().all(|user| user.user.id != lock.user)
        {
            let place = format!("{place}/lock/user");
            return Err(InvalidState::new(
                place,
                "there is no such user",
                "write the id of a user",
            ));
        }
        Ok(())
    }
}

/// A reason why a sandbox can't use an [`InitialState`]. Never shows a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidState {
    /// JSON pointer.
    place: String,
    problem: String,
    remedy: &'static str,
}

impl InvalidState {
    pub(crate) fn new(
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
            remedy,
        }
    }
}

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.problem, self.remedy)
    }
}

impl std::error::Error for InvalidState {}

/// Checks that a key can be sent in a header and received unchanged.
fn check_key(place: &str, key: &str) -> Result<(), InvalidState> {
    let sendable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let problem = if key.is_empty() {
        "it is empty"
    } else if !sendable {
        "it has a character that isn't allowed in an HTTP header"
    } else if key.trim() != key {
        "it begins or ends with a blank, which HTTP removes"
    } else {
        return Ok(());
    };
    let remedy = "write a key of visible ASCII characters";
    Err(InvalidState::new(place, problem, remedy))
}

/// Checks that an id can be a segment of a URL's path.
fn check_id(place: &str, id: &str) -> Result<(), InvalidState> {
    if matches!(id, "" | "." | "..") {
        let problem = "it can't be a part of a URL's path";
        return Err(InvalidState::new(place, problem, "write another id"));
    }
    Ok(())
}

/// Escapes a name for a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Default for InitialState {
    /// One API key, two users (the documentation's Jane Doe, and John Roe), and the dataset of the
    /// documentation with three versions.
    fn default() -> Self {
        let user = |number: u8, name: &str| {
            let mail = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
            User {
                application_key: format!("sandbox-application-key-{number}"),
                permitted: true,
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
