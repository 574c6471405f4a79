//! The client, which holds what its calls share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;

use crate::attempt::Hooks;
use crate::redactor::Redactor;
use crate::{ClientBuilder, Credentials, Dataset, DatasetId, ProjectId, Result, RetryPolicy};

/// A client of the API.
///
/// Building one loads the TLS roots of the platform, which costs milliseconds and megabytes: build it
/// once and clone it. A clone costs next to nothing and shares the connections. Calls need a tokio
/// runtime with I/O and time, and panic outside of one.
///
/// ```
/// use llmobs_datasets::{BaseUrl, Client, Credentials};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
/// # let (url, api_key, application_key) = (sandbox.url(), sandbox.api_key(), sandbox.application_key());
/// let base_url: BaseUrl = url.parse()?; // or a `Site`
/// let client = Client::builder(Credentials::new(api_key, application_key)?)
///     .endpoint(base_url)
///     .build()?;
/// let dataset = client.dataset(
///     "a33671aa-24fd-4dcd-9b33-a8ec7dde7751".parse()?,
///     "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d".parse()?,
/// );
/// dataset.lock().await?;
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
    pub(crate) redactor: Redactor,
    pub(crate) host: String,
    pub(crate) retry: RetryPolicy,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) hooks: Hooks,
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
    /// ```
    /// match llmobs_datasets::Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // the environment variable DD_API_KEY is not set; set it to an API key of your organization
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the name of the variable
    /// that is missing or wrong, and what to do; or as of [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }

    /// Starts the configuration of a client. Nothing is read from the environment.
    #[must_use]
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A handle on a dataset, to call its operations. Nothing is sent, nor is it checked that the
    /// dataset exists.
    #[must_use]
    pub fn dataset(&self, project_id: ProjectId, dataset_id: DatasetId) -> Dataset {
        Dataset::new(self.clone(), project_id, dataset_id)
    }
}
