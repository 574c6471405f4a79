//! The client, and the state that its calls share.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets_generated as generated;
use reqwest::Url;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::call::after;
use crate::endpoint::host_and_port;
use crate::hooks::Hooks;
use crate::redactor::Redactor;
use crate::retry::Budget;
use crate::{
    BaseUrl, ClientBuilder, Credentials, Dataset, DatasetId, ProjectId, Result, RetryPolicy, Site,
};

/// A client for the API.
///
/// Building a client loads the root certificates of the system, which costs milliseconds and megabytes:
/// build it once and clone it. Cloning is cheap, and clones share their connections and their
/// [retry budget](crate::retry#budget).
///
/// # Panics
///
/// Calls panic outside of a Tokio runtime with I/O and time, and if a hook panics.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
/// # fn main() -> Done { run(async |sandbox, _| {
/// use llmobs_datasets::{BaseUrl, Client, Credentials};
///
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
/// # Ok(()) }) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) generated: generated::Client,
    pub(crate) credentials: Credentials,
    pub(crate) redactor: Redactor,
    pub(crate) settings: Settings,
    pub(crate) url: Url,
    /// The proxy of the environment, as errors name it.
    pub(crate) proxy: Option<Arc<str>>,
    pub(crate) hooks: Hooks,
    pub(crate) budget: Budget,
    /// Identifies the user that holds a lock, by the endpoint and the application key.
    pub(crate) user: u64,
    /// The datasets that are or may be locked.
    pub(crate) locks: watch::Sender<BTreeMap<(ProjectId, DatasetId), LockState>>,
}

/// The settings of a client, set by its [`ClientBuilder`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Settings {
    /// [`ClientBuilder::endpoint`].
    pub endpoint: BaseUrl,
    /// [`ClientBuilder::retry`].
    pub retry: RetryPolicy,
    /// [`ClientBuilder::connect_timeout`].
    pub connect_timeout: Duration,
    /// [`ClientBuilder::attempt_timeout`].
    pub attempt_timeout: Duration,
    /// [`ClientBuilder::call_timeout`].
    pub call_timeout: Duration,
    /// [`ClientBuilder::max_response_bytes`].
    pub max_response_bytes: usize,
    /// [`ClientBuilder::lock_wait`].
    pub lock_wait: Option<Duration>,
    /// [`ClientBuilder::adopt_held_lock`].
    pub adopt_held_lock: bool,
}

impl Settings {
    /// The effective connect timeout. It expires before the attempt and the call time out: after those,
    /// there is no way to tell whether a request was sent.
    pub(crate) fn connect_limit(&self) -> Duration {
        let others = self.attempt_timeout.min(self.call_timeout);
        self.connect_timeout.min(others / 2)
    }
}

impl Default for Settings {
    /// The defaults of a [`ClientBuilder`].
    fn default() -> Self {
        Self {
            endpoint: Site::default().into(),
            retry: RetryPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(15),
            call_timeout: Duration::from_secs(60),
            max_response_bytes: 1 << 20,
            lock_wait: None,
            adopt_held_lock: true,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &host_and_port(&self.inner.url))
            .field("retry", &self.inner.settings.retry)
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
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(credentials)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The settings, set by the builder.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Returns a handle to a dataset. Sends no request, and doesn't check that the dataset exists.
    pub fn dataset(&self, project_id: ProjectId, dataset_id: DatasetId) -> Dataset {
        Dataset::new(self.clone(), project_id, dataset_id)
    }

    /// Waits until no draft lock of this client and its clones is being requested, held or released, for at
    /// most `timeout`. Returns the datasets that may still be locked: those whose lock has not ended by then,
    /// and those whose unlock failed.
    ///
    /// Dropped locks are released in the background, which ends with the program: call this before `main`
    /// returns. The client stays usable.
    ///
    /// Stop tasks that wait for their turn first: they are not counted. Locks that were
    /// [kept](crate::DraftLock::keep), or acquired by [`Dataset::lock`], are not returned. A call within the
    /// work of [`with_draft_lock`](Dataset::with_draft_lock), or in a task that holds a guard, always waits
    /// until the timeout.
    ///
    /// A release takes as long as one unlock if all goes well. In the worst case it makes two unlocks, each
    /// followed by a wait for late effects: 2 × ([`call_timeout`](ClientBuilder::call_timeout) +
    /// [`attempt_timeout`](ClientBuilder::attempt_timeout)), which is 150 s by default. A lock request in
    /// flight adds one attempt timeout. With a shorter timeout, a slow service may leave a lock behind.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
    /// # fn main() -> Done { run(async |sandbox, dataset| {
    /// # use std::time::Duration;
    /// # let client = dataset.client().clone();
    /// drop(dataset.draft_lock().await?); // releases in the background
    ///
    /// for dataset in client.shutdown(Duration::from_secs(20)).await {
    ///     eprintln!("dataset {} may still be locked", dataset.dataset_id());
    /// }
    /// # let state = sandbox.dataset(InitialState::PROJECT_ID, InitialState::DATASET_ID);
    /// # assert_eq!(state.ok_or("it is there")?.holder(), None);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future only stops waiting. The releases continue.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with time.
    pub async fn shutdown(&self, timeout: Duration) -> Vec<Dataset> {
        let end = after(Instant::now(), timeout);
        let mut locks = self.inner.locks.subscribe();
        let ended = pin!(locks.wait_for(|locks| locks.values().all(|lock| !lock.current)));
        // The remaining locks are returned even after a timeout.
        let _ = timeout_at(end, ended).await;
        let left: Vec<_> = self.inner.locks.borrow().keys().cloned().collect();
        left.into_iter()
            .map(|(project, dataset)| self.dataset(project, dataset))
            .collect()
    }
}

/// A draft lock, for [`Client::shutdown`].
#[derive(Debug, Default)]
pub(crate) struct LockState {
    /// Whether it is being requested, held or released.
    current: bool,
    /// Whether the last acquired lock may be left behind.
    left: bool,
}

impl Inner {
    /// Counts a lock. Tasks take turns, so a dataset has one lock at a time.
    pub(crate) fn begin_lock(&self, dataset: &Dataset) {
        let ids = (dataset.project_id().clone(), dataset.dataset_id().clone());
        self.locks.send_modify(|locks| {
            locks.entry(ids).or_default().current = true;
        });
    }

    /// Ends a lock. `may_be_locked` is `None` if the lock was not acquired.
    pub(crate) fn end_lock(&self, dataset: &Dataset, may_be_locked: Option<bool>) {
        let ids = (dataset.project_id().clone(), dataset.dataset_id().clone());
        self.locks.send_modify(|locks| {
            let lock = locks.entry(ids.clone()).or_default();
            lock.current = false;
            lock.left = may_be_locked.unwrap_or(lock.left);
            if !lock.left {
                locks.remove(&ids);
            }
        });
    }
}
