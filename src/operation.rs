//! The operations, with what the rest of the crate must know of each.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::text::names;

/// An operation of the API. Its `Display` is a verb: `lock`, `unlock`, `restore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Operation {
    /// Take the draft lock of a dataset (`LockLLMObsDatasetDraftState`).
    Lock,
    /// Give the draft lock of a dataset back (`UnlockLLMObsDatasetDraftState`).
    Unlock,
    /// Restore a dataset to a prior version (`RestoreLLMObsDatasetVersion`).
    Restore,
}

/// What is said of an operation, in one table.
struct Facts {
    method: Method,
    url_template: &'static str,
    idempotent: bool,
}

impl Operation {
    fn facts(self) -> Facts {
        match self {
            Self::Lock => Facts {
                method: Method::PATCH,
                url_template: "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/draft_state/lock",
                idempotent: true,
            },
            Self::Unlock => Facts {
                method: Method::PATCH,
                url_template: "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/draft_state/unlock",
                idempotent: true,
            },
            Self::Restore => Facts {
                method: Method::POST,
                url_template: "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/restore",
                // Each call that takes effect adds a version, and there is no idempotency key.
                idempotent: false,
            },
        }
    }

    /// The HTTP method: `PATCH` for lock and unlock, `POST` for restore.
    #[must_use]
    pub fn method(self) -> Method {
        self.facts().method
    }

    /// The path, with the names of the ids in braces, as the spec has it (`#/paths`).
    #[must_use]
    pub fn url_template(self) -> &'static str {
        self.facts().url_template
    }

    /// Whether a second call has no further effect, so that a call whose outcome is unknown may be
    /// repeated. Lock and unlock by the same user are taken to be idempotent; the documentation
    /// doesn't say so.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        self.facts().idempotent
    }
}

names!(Operation, "operation", Lock => "lock", Unlock => "unlock", Restore => "restore");
