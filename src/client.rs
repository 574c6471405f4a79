//! The client, which holds what its calls share.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::call::after;
use crate::endpoint::Host;
use crate::hooks::Hooks;
use crate::redactor::Redactor;
use crate::retry::Budget;
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
    /// The proxy of the environment.
    pub(crate) proxy: Option<Arc<str>>,
    pub(crate) retry: RetryPolicy,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) hooks: Hooks,
    pub(crate) budget: Budget,
    /// Stands for the endpoint and the application key, and so for the user that holds a lock.
    pub(crate) user: u64,
    pub(crate) lock_wait: Option<Duration>,
    pub(crate) adopt_held_lock: bool,
    /// The datasets whose lock is requested, held or being released (`false`), or may be left behind (`true`).
    pub(crate) locks: watch::Sender<BTreeMap<(ProjectId, DatasetId), bool>>,
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

    /// Waits until no draft lock of this client and its clones is requested, held or being released, for at
    /// most `timeout`. Returns the datasets that may still be locked: those whose lock has not ended by then,
    /// and those whose unlock failed. Locks that were [kept](crate::DraftLock::keep), or acquired by
    /// [`Dataset::lock`], are not among them.
    ///
    /// Locks that are dropped are released in the background, which ends with the program: call this before
    /// `main` returns. The client stays usable.
    ///
    /// ```
    /// # use llmobs_datasets::{BaseUrl, Client, Credentials};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = llmobs_sandbox::Sandbox::start().await?;
    /// # let keys = Credentials::new(sandbox.api_key(), sandbox.application_key())?;
    /// # let base_url: BaseUrl = sandbox.url().parse()?;
    /// # let client = Client::builder(keys).endpoint(base_url).build()?;
    /// # let ids = (llmobs_sandbox::InitialState::PROJECT_ID, llmobs_sandbox::InitialState::DATASET_ID);
    /// # let dataset = client.dataset(ids.0.parse()?, ids.1.parse()?);
    /// drop(dataset.draft_lock().await?); // releases in the background
    ///
    /// for dataset in client.shutdown(Duration::from_secs(20)).await {
    ///     eprintln!("dataset {} may still be locked", dataset.dataset_id());
    /// }
    /// # assert_eq!(sandbox.dataset(ids.0, ids.1).ok_or("it is there")?.holder(), None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping the future only stops waiting. Releases go on.
    pub async fn shutdown(&self, timeout: Duration) -> Vec<Dataset> {
        let end = after(Instant::now(), timeout);
        let mut locks = self.inner.locks.subscribe();
        let ended = pin!(locks.wait_for(|locks| locks.values().all(|left| *left)));
        // Either way, those that are not released are returned.
        let _ = timeout_at(end, ended).await;
        let left: Vec<_> = self.inner.locks.borrow().keys().cloned().collect();
        left.into_iter()
            .map(|(project, dataset)| self.dataset(project, dataset))
            .collect()
    }
}

impl Inner {
    /// Counts a lock for [`Client::shutdown`]. Tasks take turns, so that a dataset has one at a time.
    pub(crate) fn begin_lock(&self, dataset: &Dataset) {
        let ids = (dataset.project_id().clone(), dataset.dataset_id().clone());
        self.locks.send_modify(|locks| {
            locks.insert(ids, false);
        });
    }

    pub(crate) fn end_lock(&self, dataset: &Dataset, may_be_locked: bool) {
        let ids = (dataset.project_id().clone(), dataset.dataset_id().clone());
        self.locks.send_modify(|locks| {
            locks.remove(&ids);
            if may_be_locked {
                locks.insert(ids, true);
            }
        });
    }
}
