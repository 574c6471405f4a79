//! The operations: the method, path and idempotency of each.

use reqwest::Method;

use crate::text::names;

names! {
    "operation"
    /// An operation of the API. Its name is a verb.
    pub enum Operation {
        /// Acquire the draft lock of a dataset (`LockLLMObsDatasetDraftState`).
        Lock = "lock",
        /// Release the draft lock of a dataset (`UnlockLLMObsDatasetDraftState`).
        Unlock = "unlock",
        /// Restore a dataset to a prior version (`RestoreLLMObsDatasetVersion`).
        Restore = "restore",
    }
}

impl Operation {
    /// Method, URL template, and whether it is idempotent.
    const fn facts(self) -> (Method, &'static str, bool) {
        match self {
            Self::Lock => (
                Method::PATCH,
                "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/draft_state/lock",
                true,
            ),
            Self::Unlock => (
                Method::PATCH,
                "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/draft_state/unlock",
                true,
            ),
            Self::Restore => (
                Method::POST,
                "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/restore",
                // Each call that takes effect adds a version, and there is no idempotency key.
                false,
            ),
        }
    }

    /// The HTTP method: `PATCH` for lock and unlock, `POST` for restore.
    pub fn method(self) -> Method {
        self.facts().0
    }

    /// The path, with the names of the ids in braces, as in the spec (`#/paths`).
    pub fn url_template(self) -> &'static str {
        self.facts().1
    }

    /// Whether a second call has no further effect, so that a call whose outcome is unknown may be
    /// retried. Lock and unlock by the same user are assumed to be idempotent; Datadog's documentation doesn't
    /// say.
    pub fn is_idempotent(self) -> bool {
        self.facts().2
    }
}
