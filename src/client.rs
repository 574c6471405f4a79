//! The client, which holds what its calls share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;

use crate::clock::Time;
use crate::{ClientBuilder, Credentials, Dataset, DatasetId, ProjectId, Result, RetryPolicy};

/// A client of the API.
///
/// Building one loads the TLS roots of the platform, which costs milliseconds and megabytes: build it
/// once and clone it. A clone costs next to nothing and shares the connections.
///
/// ```no_run
/// # async fn run() -> llmobs_datasets::Result<()> {
/// use llmobs_datasets::{Client, DatasetVersion};
///
/// let client = Client::from_env()?;
/// let dataset = client.dataset("a33671aa-24fd-4dcd-9b33-a8ec7dde7751".parse()?,
///                              "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d".parse()?);
/// let state = dataset.lock().await?;
/// println!("locked by {} since {}", state.user.id, state.drafting_since);
/// dataset.restore(DatasetVersion::new(1)?).await?;
/// dataset.unlock().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) generated: generated::Client,
    pub(crate) credentials: Credentials,
    pub(crate) host: String,
    pub(crate) retry: RetryPolicy,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) time: Time,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.inner.host)
            .field("retry", &self.inner.retry)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the keys in `DD_API_KEY` and `DD_APP_KEY` for the site in `DD_SITE` (US1 if that
    /// is not set). Proxies in the environment (`HTTPS_PROXY` and so on) are used, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the name of the variable
    /// that is missing or wrong, and what to do.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }

    /// A client to be configured. It reads nothing from the environment.
    #[must_use]
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A dataset to call operations of. Nothing is sent.
    #[must_use]
    pub fn dataset(&self, project_id: ProjectId, dataset_id: DatasetId) -> Dataset {
        Dataset::new(self.clone(), project_id, dataset_id)
    }
}
