//! The three verbs.

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
}

impl Dataset {
    pub(crate) fn new(client: Client, project: ProjectId, id: DatasetId) -> Self {
        Self {
            client,
            project,
            id,
        }
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

    /// Takes the draft lock for the calling user, and tells who holds it since when
    /// (`LockLLMObsDatasetDraftState`). A lock that the user holds already is taken to be kept as it is;
    /// the documentation doesn't say so.
    ///
    /// Nothing gives the lock back but [`unlock`](Self::unlock): see
    /// [`with_draft_lock`](Self::with_draft_lock) for what can't be forgotten.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); a lock that somebody else holds is taken to be a
    /// [`Conflict`](crate::ErrorKind::Conflict). After an error with another
    /// [outcome](crate::Error::outcome) than `NotApplied` the dataset may be locked.
    pub async fn lock(&self) -> Result<Response<DraftState>> {
        self.call(Request::Lock, Answer::draft_state).await
    }

    /// Gives the draft lock of the calling user back (`UnlockLLMObsDatasetDraftState`). What the service
    /// does if the user holds none is not documented.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). The dataset may then still be locked.
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
