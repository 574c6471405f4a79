//! The worlds of a sandbox: each has keys, users, datasets, faults and a journal of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;

use crate::assumptions::Assumptions;
use crate::dataset::DatasetState;
use crate::fault::{Fault, Operation};
use crate::initial::{InitialDataset, InitialState, InvalidState, User};
use crate::response::Profile;
use crate::run::{ReceivedRequest, Run, Settings};

/// Id of the world that every sandbox starts with.
pub(crate) const DEFAULT: &str = "default";

/// The current run of each world.
pub(crate) struct Worlds {
    worlds: Mutex<Directory>,
}

struct Directory {
    default: Arc<Run>,
    others: BTreeMap<String, Arc<Run>>,
    /// How many others were created.
    created: u64,
}

impl Worlds {
    pub(crate) fn new(initial: InitialState, settings: Settings) -> Self {
        let worlds = Mutex::new(Directory {
            default: Arc::new(Run::new(initial, settings)),
            others: BTreeMap::new(),
            created: 0,
        });
        Self { worlds }
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn run(&self, id: &str) -> Option<Arc<Run>> {
        self.directory().run(id).map(|run| Arc::clone(run))
    }

    pub(crate) fn default_run(&self) -> Arc<Run> {
        Arc::clone(&self.directory().default)
    }

    /// Returns the run of the world that the API key belongs to. Requests without a valid one belong
    /// to the default world.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Arc<Run> {
        let key = headers.get("dd-api-key").and_then(|key| key.to_str().ok());
        let directory = self.directory();
        let mut others = directory.others.values();
        let run = key.and_then(|key| others.find(|run| run.initial().api_keys.contains(key)));
        Arc::clone(run.unwrap_or(&directory.default))
    }

    /// Creates a world. Without an initial state it gets the default one, with keys of its own.
    pub(crate) fn create(
        &self,
        initial: Option<InitialState>,
        settings: Settings,
    ) -> Result<String, InvalidState> {
        let mut directory = self.directory();
        directory.created += 1;
        let id = format!("world-{}", directory.created);
        let initial = initial.unwrap_or_else(|| InitialState::with_keys_of(&id));
        initial.check()?;
        directory.refuse_shared_keys(&id, &initial)?;
        let run = Arc::new(Run::new(initial, settings));
        directory.others.insert(id.clone(), run);
        Ok(id)
    }

    /// Starts a new run of a world, of its own or another initial state. Returns the old run.
    pub(crate) fn restart(
        &self,
        id: &str,
        initial: Option<InitialState>,
    ) -> Result<Option<Arc<Run>>, InvalidState> {
        let mut directory = self.directory();
        if let Some(initial) = &initial {
            initial.check()?;
            directory.refuse_shared_keys(id, initial)?;
        }
        let Some(run) = directory.run(id) else {
            return Ok(None);
        };
        let initial = initial.unwrap_or_else(|| run.initial().clone());
        let new = Arc::new(Run::new(initial, run.current().settings));
        let old = std::mem::replace(run, new);
        old.changed.notify_waiters();
        Ok(Some(old))
    }

    /// Deletes a world, unless it is the default one. Returns whether it existed.
    pub(crate) fn delete(&self, id: &str) -> bool {
        let old = self.directory().others.remove(id);
        if let Some(old) = &old {
            old.changed.notify_waiters();
        }
        old.is_some()
    }
}

impl Directory {
    fn run(&mut self, id: &str) -> Option<&mut Arc<Run>> {
        match id {
            DEFAULT => Some(&mut self.default),
            _ => self.others.get_mut(id),
        }
    }

    fn refuse_shared_keys(&self, id: &str, initial: &InitialState) -> Result<(), InvalidState> {
        let default = (DEFAULT, &self.default);
        let others = self.others.iter().map(|(id, run)| (id.as_str(), run));
        for (other, run) in others.chain([default]) {
            if other != id && !run.initial().api_keys.is_disjoint(&initial.api_keys) {
                return Err(InvalidState::new(
                    "/api_keys",
                    format!("world {other} has one of these keys"),
                    "choose keys that no other world has",
                ));
            }
        }
        Ok(())
    }
}

/// A world of a [`Sandbox`](crate::Sandbox): keys, users, datasets, faults and a journal of its own.
///
/// The API key of a request decides which world it belongs to, so tests can share one sandbox and run in
/// parallel. Clones are handles to the same world. It exists until it is [deleted](Self::delete) or the
/// sandbox is dropped.
///
/// ```
/// use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::start().await?;
/// let (mine, yours) = (sandbox.create_world(), sandbox.create_world());
/// assert_ne!(mine.api_key(), yours.api_key());
///
/// mine.script(Operation::Lock, [Fault::status(503)]);
/// // ... and no call follows.
/// assert_eq!(mine.reset(), [(Operation::Lock, Fault::status(503))]);
/// assert_eq!(yours.reset(), []);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct World {
    worlds: Arc<Worlds>,
    id: String,
    /// The run that the handle was created with.
    first: Arc<Run>,
}

impl World {
    pub(crate) fn new(worlds: &Arc<Worlds>, id: String) -> Self {
        let first = worlds.run(&id).unwrap_or_else(|| worlds.default_run());
        Self {
            worlds: Arc::clone(worlds),
            id,
            first,
        }
    }

    fn run(&self) -> Arc<Run> {
        self.worlds
            .run(&self.id)
            .unwrap_or_else(|| Arc::clone(&self.first))
    }

    pub(crate) fn settings(&self) -> Settings {
        self.run().current().settings
    }

    /// Returns the id of the world, by which `/__sandbox/v1/` names it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns a valid API key: the first in alphabetical order, if the world has several.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.first
            .initial()
            .api_keys
            .first()
            .map_or("", String::as_str)
    }

    /// Returns the application key of the first user.
    #[must_use]
    pub fn application_key(&self) -> &str {
        self.users()
            .first()
            .map_or("", |user| &user.application_key)
    }

    /// Returns the users that the world was created with, in their order: by default Jane Doe and
    /// John Roe.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.first.initial().users
    }

    /// Returns the current state of a dataset; `None` if there is no such project or dataset.
    #[must_use]
    pub fn dataset(&self, project_id: &str, dataset_id: &str) -> Option<DatasetState> {
        let run = self.run();
        let current = run.current();
        let dataset = current.dataset(project_id, dataset_id)?;
        Some(dataset.state(current.settings.assumptions))
    }

    /// Creates a dataset, or replaces one with its lock history.
    ///
    /// # Errors
    ///
    /// An error that names the place if the dataset has no version, or a lock whose holder is no user.
    pub fn set_dataset(
        &self,
        project_id: &str,
        dataset_id: &str,
        dataset: &InitialDataset,
    ) -> Result<(), InvalidState> {
        let run = self.run();
        run.initial().check_dataset("", dataset)?;
        run.set_dataset(project_id, dataset_id, dataset);
        Ok(())
    }

    /// Returns the requests so far, in the order in which the sandbox received them. Requests for
    /// another path or with another method are not among them. The oldest are forgotten beyond
    /// [`SandboxBuilder::remember`](crate::SandboxBuilder::remember).
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.run().current().requests().iter().cloned().collect()
    }

    /// Returns the requests so far and forgets them.
    #[must_use]
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.run().current().take_requests()
    }

    /// Waits until a condition on the requests holds, and returns them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect; wrap it in `tokio::time::timeout` to limit the wait.
    pub async fn wait_for(
        &self,
        condition: impl Fn(&[ReceivedRequest]) -> bool,
    ) -> Vec<ReceivedRequest> {
        loop {
            let run = self.run();
            let mut changed = std::pin::pin!(run.changed.notified());
            changed.as_mut().enable();
            let requests = self.requests();
            if condition(&requests) {
                return requests;
            }
            changed.await;
        }
    }

    /// Queues the faults that the next calls of an operation get, one fault per call, whoever makes it.
    /// Once the queue is empty, responses are regular again.
    pub fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.run().current().script(operation, faults);
    }

    /// Returns the scripted faults that no call got yet.
    #[must_use]
    pub fn unmet_faults(&self) -> Vec<(Operation, Fault)> {
        self.run().current().unmet()
    }

    /// Sets the behavior where the documentation is silent, from now on and beyond resets.
    pub fn set_assumptions(&self, assumptions: Assumptions) {
        self.run().current().settings.assumptions = assumptions;
    }

    /// Sets which source the responses follow, from now on and beyond resets.
    pub fn set_profile(&self, profile: Profile) {
        self.run().current().settings.profile = profile;
    }

    /// Sets whether deviations from the documented requests are refused, from now on and beyond resets.
    /// See [`SandboxBuilder::strict`](crate::SandboxBuilder::strict).
    pub fn set_strict(&self, strict: bool) {
        self.run().current().settings.strict = strict;
    }

    /// Returns to the initial state, in one step: requests in progress end with the old state and leave
    /// no trace in the new one. Requests and scripted faults are forgotten. Returns the faults that no
    /// call got, for a test to fail on.
    pub fn reset(&self) -> Vec<(Operation, Fault)> {
        match self.worlds.restart(&self.id, None) {
            Ok(Some(old)) => old.current().unmet(),
            _ => Vec::new(),
        }
    }

    /// Deletes the world; its keys are not valid any more. The default world stays.
    pub fn delete(self) {
        self.worlds.delete(&self.id);
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
