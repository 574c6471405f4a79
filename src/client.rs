//! The client, which holds what its calls share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;

use crate::attempt::Hooks;
use crate::endpoint::Host;
use crate::redactor::Redactor;
use crate::{
    ClientBuilder, Credentials, Dataset, DatasetId, Endpoint, ProjectId, Result, RetryPolicy,
};

/// A client for the API.
///
/// Building a client loads the root certificates of the system, which costs milliseconds and megabytes:
/// build it once and clone it. Cloning is cheap, and clones share their connections and their
/// [retry budget](crate::retry#budget).
///
/// # Panics
///
/// Calls need a Tokio runtime with I/O and time, and panic outside of one.
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
    pub(crate) endpoint: Endpoint,
    pub(crate) host: Host,
    pub(crate) retry: RetryPolicy,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) hooks: Hooks,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.inner.host.to_string())
            .field("retry", &self.inner.retry)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Builds a client from environment variables:
    ///
    /// - `DD_API_KEY` and `DD_APP_KEY`: the keys;
    /// - `DD_SITE`: the site, `datadoghq.com` by default;
    /// - `LLMOBS_DATASETS_BASE_URL`: a [base URL](crate::BaseUrl) that replaces the site, such as that of the
    ///   sandbox. Plain HTTP is refused unless the host is this machine;
    /// - `HTTPS_PROXY` and the other proxy variables.
    ///
    /// An empty `DD_SITE` or `LLMOBS_DATASETS_BASE_URL` counts as unset.
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
    /// that is missing or wrong, and how to fix it; and any error of [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }

    /// Starts the configuration of a client. Reads nothing from the environment.
    #[must_use]
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The location of the API.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// The retry policy of the calls.
    #[must_use]
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.retry
    }

    /// The time limit for connecting: [`ClientBuilder::connect_timeout`].
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.inner.connect_timeout
    }

    /// The time limit for one attempt: [`ClientBuilder::attempt_timeout`].
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.inner.attempt_timeout
    }

    /// The time limit for a whole call: [`ClientBuilder::call_timeout`].
    #[must_use]
    pub fn call_timeout(&self) -> Duration {
        self.inner.call_timeout
    }

    /// The maximum number of response body bytes to read: [`ClientBuilder::max_response_bytes`].
    #[must_use]
    pub fn max_response_bytes(&self) -> usize {
        self.inner.max_response_bytes
    }

    /// A handle to a dataset, to call its operations. This sends nothing, and doesn't check that the dataset
    /// exists.
    #[must_use]
    pub fn dataset(&self, project_id: ProjectId, dataset_id: DatasetId) -> Dataset {
        Dataset::new(self.clone(), project_id, dataset_id)
    }
}
