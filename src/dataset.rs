//! The three verbs.

use std::future::{Future, pending};
use std::time::Duration;

use llmobs_datasets_generated::types;

use crate::answer::Answer;
use crate::call::Request;
use crate::{Client, DatasetId, DatasetVersion, ProjectId, Response, Result};

/// The draft state of a dataset: who edits its draft (`user`), and since when (`drafting_since`, UTC;
/// `#/components/schemas/LLMObsDatasetDraftStateDataAttributes`).
pub type DraftState = types::LlmObsDatasetDraftStateDataAttributes;

/// A dataset of a project, with the operations of the API. Cheap to clone.
///
/// ```
/// # use llmobs_datasets::DatasetVersion;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
/// # let keys = llmobs_datasets::Credentials::new(sandbox.api_key(), sandbox.application_key())?;
/// # let base_url: llmobs_datasets::BaseUrl = sandbox.url().parse()?;
/// # let client = llmobs_datasets::Client::builder(keys).endpoint(base_url).build()?;
/// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
/// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
/// let state = dataset.lock().await?;
/// println!("locked by {} since {}", state.user().id, state.drafting_since());
/// dataset.restore(DatasetVersion::new(1)?).await?;
/// dataset.unlock().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// To drop the future of a call ends waiting and retries, but not what the service is already doing: the
/// call may have taken effect, or may yet. [`with_draft_lock`](Self::with_draft_lock) and
/// [`draft_lock`](Self::draft_lock) see to it that no lock is left behind by that.
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
            lock_wait: client.inner.lock_wait,
            client,
            project,
            id,
        }
    }

    /// Replaces [`ClientBuilder::lock_wait`](crate::ClientBuilder::lock_wait) for this handle.
    ///
    /// ```no_run
    /// # async fn wait(dataset: llmobs_datasets::Dataset) -> llmobs_datasets::Result<()> {
    /// # use std::time::Duration;
    /// let lock = dataset.lock_wait(Duration::from_secs(300)).draft_lock().await?;
    /// # lock.unlock().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = Some(wait);
        self
    }

    pub(crate) fn wait(&self) -> Option<Duration> {
        self.lock_wait
    }

    /// The client that makes the calls.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The id of the project that the dataset is in.
    #[must_use]
    pub fn project_id(&self) -> &ProjectId {
        &self.project
    }

    /// The id of the dataset.
    #[must_use]
    pub fn dataset_id(&self) -> &DatasetId {
        &self.id
    }

    /// Acquires the draft lock for the calling user, and returns who holds it, and since when
    /// (`LockLLMObsDatasetDraftState`).
    ///
    /// This is a single call. It doesn't queue behind other tasks of this process: **everybody who uses the
    /// same application key is the same user, and holds the same lock.** If the user holds the lock already,
    /// it is assumed to stay as it is; the documentation doesn't say. The lock is held until
    /// [`unlock`](Self::unlock); [`with_draft_lock`](Self::with_draft_lock) does all of this for you.
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
    pub async fn lock(&self) -> Result<Response<DraftState>> {
        self.lock_until(pending()).await
    }

    /// Locks, with no further attempt once `stop` is ready.
    pub(crate) async fn lock_until(
        &self,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<DraftState>> {
        self.call_until(Request::Lock, Answer::draft_state, stop)
            .await
    }

    /// Releases the draft lock of the calling user (`UnlockLLMObsDatasetDraftState`).
    ///
    /// This is a single call. It releases the lock whoever acquired it with the same application key: also
    /// that of another task or process. The documentation doesn't say what the service does if the user
    /// holds no lock.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The dataset may then still be locked.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, the dataset may stay locked, or be unlocked later.
    pub async fn unlock(&self) -> Result<Response<()>> {
        self.call(Request::Unlock, Answer::done).await
    }

    /// Makes the records of a prior version those of a new current version
    /// (`RestoreLLMObsDatasetVersion`).
    ///
    /// It is made at most once a call: a restore that may have taken effect is not repeated, unless
    /// [asked for](crate::RetryPolicy::repeat_restore).
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error with the outcome `Unknown` look at the
    /// dataset before restoring again.
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
        self.call(Request::Restore(&body), Answer::done).await
    }
}
