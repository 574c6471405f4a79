//! A handle to a dataset, with the three operations.

use std::future::{Future, pending};
use std::time::Duration;

use llmobs_datasets_generated::types;

use crate::call::Input;
use crate::raw_response::RawResponse;
use crate::{Client, DatasetId, DatasetVersion, ProjectId, Response, Result};

/// The draft state of a dataset (`#/components/schemas/LLMObsDatasetDraftStateDataAttributes`): the `user` who
/// edits its draft, and the time when that began (`drafting_since`, UTC).
pub type DraftState = types::LlmObsDatasetDraftStateDataAttributes;

/// A dataset of a project, with the operations of the API. Cheap to clone.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
/// # fn main() -> Done { run(async |sandbox, dataset| {
/// use llmobs_datasets::DatasetVersion;
///
/// let state = dataset.lock().await?;
/// println!("locked by {} since {}", state.user().id, state.drafting_since());
/// dataset.restore(DatasetVersion::new(1)?).await?;
/// dataset.unlock().await?;
/// # Ok(()) }) }
/// ```
///
/// # Cancel safety
///
/// Dropping a call's future stops waiting and retrying, but not work that the service has already begun: the
/// call may have taken effect, or may yet do so. [`with_draft_lock`](Self::with_draft_lock) and
/// [`draft_lock`](Self::draft_lock) make sure that this leaves no lock behind.
///
/// # Panics
///
/// Calls panic outside of a Tokio runtime with I/O and time, and if a hook panics.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) client: Client,
    project: ProjectId,
    id: DatasetId,
    lock_wait: Option<Duration>,
}

impl Dataset {
    pub(crate) fn new(client: Client, project: ProjectId, id: DatasetId) -> Self {
        Self {
            lock_wait: client.inner.settings.lock_wait,
            client,
            project,
            id,
        }
    }

    /// Replaces [`ClientBuilder::lock_wait`](crate::ClientBuilder::lock_wait) for this handle.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |sandbox, dataset| {
    /// # use std::time::Duration;
    /// let lock = dataset.lock_wait(Duration::from_secs(300)).draft_lock().await?;
    /// # lock.unlock().await?;
    /// # Ok(()) }) }
    /// ```
    #[must_use = "it returns a new handle"]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = Some(wait);
        self
    }

    pub(crate) fn wait(&self) -> Option<Duration> {
        self.lock_wait
    }

    /// The client that makes the calls.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The id of the project that the dataset is in.
    pub fn project_id(&self) -> &ProjectId {
        &self.project
    }

    /// The id of the dataset.
    pub fn dataset_id(&self) -> &DatasetId {
        &self.id
    }

    /// Acquires the draft lock for the calling user, and returns who holds it, and since when
    /// (`LockLLMObsDatasetDraftState`).
    ///
    /// This is a single call. It doesn't queue behind other tasks of this process: **everybody who uses the
    /// same application key is the same user, and holds the same lock.** Give each replica an application key
    /// of a different user (service account), or guard the work with a lock of your own. Locking again is
    /// assumed to change nothing; Datadog's documentation doesn't say.
    ///
    /// The lock is held until [`unlock`](Self::unlock). A call whose outcome is unknown may lock the dataset
    /// later. [`with_draft_lock`](Self::with_draft_lock) unlocks for you, and once more after such a call.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |_, dataset| {
    /// let state = dataset.lock().await?;
    /// println!("locked by {} since {}", state.user().id, state.drafting_since());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). Another user's lock is assumed to be a
    /// [`Conflict`](crate::ErrorKind::Conflict). After an error whose [outcome](crate::Error::outcome) is not
    /// `NotApplied`, the dataset may be locked.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, the dataset may be locked, now or later.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with I/O and time, and if a hook panics.
    pub async fn lock(&self) -> Result<Response<DraftState>> {
        self.lock_until(pending()).await
    }

    /// Locks, with no further attempt once `stop` is ready.
    pub(crate) async fn lock_until(
        &self,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<DraftState>> {
        self.call(Input::Lock, RawResponse::draft_state, stop).await
    }

    /// Releases the draft lock of the calling user (`UnlockLLMObsDatasetDraftState`).
    ///
    /// This is a single call. It also releases a lock that another task or process acquired with the same
    /// application key. Datadog's documentation doesn't say how the service responds if the user holds no
    /// lock.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |_, dataset| {
    /// # dataset.lock().await?;
    /// if let Err(error) = dataset.unlock().await {
    ///     eprintln!("may still be locked: {error}");
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The dataset may then still be locked.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, the dataset may stay locked, or be unlocked later.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with I/O and time, and if a hook panics.
    pub async fn unlock(&self) -> Result<Response<()>> {
        self.call(Input::Unlock, RawResponse::done, pending()).await
    }

    /// Restores the dataset to a prior version: copies its records to a new current version
    /// (`RestoreLLMObsDatasetVersion`).
    ///
    /// A restore takes effect at most once per call: an attempt that may have taken effect is not retried,
    /// unless [`RetryPolicy::repeat_restore`](crate::RetryPolicy::repeat_restore) is on.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |_, dataset| {
    /// use llmobs_datasets::{DatasetVersion, Outcome};
    ///
    /// match dataset.restore(DatasetVersion::new(1)?).await {
    ///     Ok(_) => println!("restored"),
    ///     Err(error) if error.outcome() == Outcome::NotApplied => println!("not restored: {error}"),
    ///     Err(error) => println!("check the current version: {error}"),
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error whose [outcome](crate::Error::outcome) is
    /// `Unknown`, check the dataset's current version before restoring again.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, the dataset may be restored, now or later.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with I/O and time, and if a hook panics.
    pub async fn restore(&self, version: DatasetVersion) -> Result<Response<()>> {
        let body = types::LlmObsDatasetRestoreVersionRequest {
            data: types::LlmObsDatasetRestoreVersionDataRequest {
                attributes: types::LlmObsDatasetRestoreVersionDataAttributesRequest {
                    dataset_version: version.get(),
                },
                id: self.id.as_str().to_owned(),
                type_: types::LlmObsDatasetType::Datasets,
            },
        };
        self.call(Input::Restore(&body), RawResponse::done, pending())
            .await
    }
}
