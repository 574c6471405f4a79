//! The three verbs.

use llmobs_datasets_generated::types;

use crate::answer::Answer;
use crate::call::Request;
use crate::{Client, DatasetId, DatasetVersion, ProjectId, Response, Result};

/// The draft state of a dataset: who edits its draft, and since when.
pub type DraftState = types::LlmObsDatasetDraftStateDataAttributes;

/// A dataset of a project, with the operations of the API. Cheap to clone.
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

    /// The id of the project.
    #[must_use]
    pub fn project_id(&self) -> &ProjectId {
        &self.project
    }

    /// The id of the dataset.
    #[must_use]
    pub fn dataset_id(&self) -> &DatasetId {
        &self.id
    }

    /// Takes the draft lock for the calling user, and tells who holds it since when. A lock that the
    /// user holds already is taken to be kept as it is; the documentation doesn't say so.
    ///
    /// Nothing gives the lock back but [`unlock`](Self::unlock): see
    /// [`with_draft_lock`](Self::with_draft_lock) for what can't be forgotten.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error with another
    /// [outcome](crate::Error::outcome) than `NotApplied` the dataset may be locked.
    pub async fn lock(&self) -> Result<Response<DraftState>> {
        self.call(Request::Lock, Answer::draft_state).await
    }

    /// Gives the draft lock of the calling user back.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn unlock(&self) -> Result<Response<()>> {
        self.call(Request::Unlock, Answer::done).await
    }

    /// Makes the records of a prior version those of a new current version.
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
