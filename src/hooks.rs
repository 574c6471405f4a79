//! Hooks that a client calls before and after each attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::{DatasetId, ErrorKind, Operation, ProjectId};

/// One attempt of a call, as the hooks of a client see it:
/// [`ClientBuilder::before_attempt`](crate::ClientBuilder::before_attempt),
/// [`ClientBuilder::after_attempt`](crate::ClientBuilder::after_attempt).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The operation, which has the HTTP method and the URL template.
    pub operation: Operation,
    /// The project of the call.
    pub project_id: &'a ProjectId,
    /// The dataset of the call.
    pub dataset_id: &'a DatasetId,
    /// The number of the attempt within its call; the first is 1.
    pub number: u32,
}

/// The result of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptResult {
    /// The status of the response; `None` if there was none.
    pub status: Option<StatusCode>,
    /// The kind of failure; `None` after a success.
    pub error: Option<ErrorKind>,
    /// The time from the start of the attempt to the end of its response.
    pub duration: Duration,
    /// The wait before the next attempt; `None` if this is the last one.
    pub retry_in: Option<Duration>,
}

pub(crate) type Before = Arc<dyn Fn(&Attempt<'_>, &mut HeaderMap) + Send + Sync>;
pub(crate) type After = Arc<dyn Fn(&Attempt<'_>, &AttemptResult) + Send + Sync>;

/// The hooks of a client.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) before: Option<Before>,
    pub(crate) after: Option<After>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}
