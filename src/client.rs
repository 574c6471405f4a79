//! The client, which holds what its calls share.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::attempt::Hooks;
use crate::call::after;
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
