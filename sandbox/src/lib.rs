#![doc = include_str!("../README.md")]

mod assumptions;
mod control;
mod dataset;
mod fault;
mod initial;
mod operations;
mod request;
mod response;
mod run;
mod server;
mod unique;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use assumptions::{Assumptions, OnConflict, OnRelock};
pub use dataset::{DatasetState, Lock, LockPeriod};
pub use fault::{Fault, Operation};
pub use initial::{InitialDataset, InitialLock, InitialState, InvalidState, Record, User};
pub use operations::LogEntry;
pub use response::Profile;
pub use run::ReceivedRequest;
pub use world::World;

use operations::Service;
use run::Settings;
use world::Worlds;

/// A running sandbox. It stops, with all its connections, when it is dropped.
///
/// ```
/// use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset};
/// use llmobs_sandbox::{InitialState, Operation, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::start().await?;
/// let (project, id) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
/// let dataset_of = |application_key: &str| -> llmobs_datasets::Result<Dataset> {
///     let keys = Credentials::new(sandbox.api_key(), application_key)?;
///     let base_url: BaseUrl = sandbox.url().parse()?;
///     let client = Client::builder(keys).endpoint(base_url).build()?;
///     Ok(client.dataset(project.parse()?, id.parse()?))
/// };
/// let [jane, john] = sandbox.users() else { return Err("there are two users".into()) };
///
/// dataset_of(&jane.application_key)?.lock().await?;
/// let refused = dataset_of(&john.application_key)?.lock().await;
/// assert!(refused.is_err_and(|error| error.is_conflict()));
///
/// let state = sandbox.dataset(project, id).ok_or("it is there")?;
/// assert_eq!(state.holder(), Some(jane.user.id.as_str()));
/// let calls: Vec<_> = sandbox.requests().iter().map(|it| (it.operation, it.status)).collect();
/// assert_eq!(calls, [(Operation::Lock, Some(200)), (Operation::Lock, Some(409))]);
/// # Ok(())
/// # }
/// ```
#[must_use = "the sandbox stops when it is dropped"]
pub struct Sandbox {
    address: SocketAddr,
    service: Arc<Service>,
    world: World,
    task: JoinHandle<()>,
}

/// Configures a [`Sandbox`]. Each setting has a default.
///
/// ```
/// use llmobs_sandbox::{Profile, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::builder()
///     .profile(Profile::Observed)
///     .strict(true)
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SandboxBuilder {
    listen: SocketAddr,
    settings: Settings,
    state: InitialState,
    log: Option<SyncSender<LogEntry>>,
}

impl SandboxBuilder {
    /// The address to listen on. A free port of `127.0.0.1` by default.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets which source the responses follow. [`Profile::Documented`] by default.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Sets the behavior where the documentation is silent. [`Assumptions::default`] by default.
    #[must_use]
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.settings.assumptions = assumptions;
        self
    }

    /// Sets whether deviations from the documented requests are refused: a restore whose media type
    /// isn't `application/json` (415), a lock or unlock with a body, and an HTTP/1.1 request without
    /// `Host` (400). Off by default.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.settings.strict = strict;
        self
    }

    /// Sets how many requests are remembered, and how many periods of each lock history. 10,000 by
    /// default. The oldest are forgotten beyond that, so that a sandbox can run for long.
    #[must_use]
    pub fn remember(mut self, requests: usize) -> Self {
        self.settings.remember = requests;
        self
    }

    /// Sets the keys, users and datasets of the default world. [`InitialState::default`] by default.
    #[must_use]
    pub fn state(mut self, state: InitialState) -> Self {
        self.state = state;
        self
    }

    /// Sets where log entries go, one per request as soon as its response is decided. Nowhere by
    /// default. An entry is dropped if the channel is full: logging never delays a response.
    #[must_use]
    pub fn log(mut self, log: SyncSender<LogEntry>) -> Self {
        self.log = Some(log);
        self
    }

    /// Starts the sandbox on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// The error of binding the address; and [`InvalidInput`](io::ErrorKind::InvalidInput) with an
    /// [`InvalidState`] that names the place if the state can't be used.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, or in one without I/O and time.
    pub async fn start(self) -> io::Result<Sandbox> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        self.state.check().map_err(invalid)?;
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let worlds = Arc::new(Worlds::new(self.state, self.settings));
        let (tasks, received) = mpsc::unbounded_channel();
        let service = Arc::new(Service {
            worlds: Arc::clone(&worlds),
            log: self.log,
            tasks,
            stop: watch::Sender::new(false),
        });
        let router = control::router(&service).merge(Arc::clone(&service).router());
        let served = server::serve(listener, Arc::clone(&service), router, received);
        let task = tokio::spawn(served);
        let world = World::new(&worlds, world::DEFAULT.to_owned());
        Ok(Sandbox {
            address,
            service,
            world,
            task,
        })
    }
}

impl Sandbox {
    /// Starts from the defaults, to configure a sandbox before it runs.
    #[must_use]
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            settings: Settings::default(),
            state: InitialState::default(),
            log: None,
        }
    }

    /// Starts a sandbox with the defaults, on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// The error of binding if no port is free.
    ///
    /// # Panics
    ///
    /// Same as [`SandboxBuilder::start`].
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns the base URL for a client to call, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the default world. The methods below are short for its methods.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Creates a world with the default state but keys of its own, and with the settings that the
    /// default world has now.
    #[must_use]
    pub fn create_world(&self) -> World {
        // The default state is valid, and no other world has these keys unless a test guessed them.
        self.create(None).unwrap_or_else(|_| self.world.clone())
    }

    /// Creates a world with this state, and with the settings that the default world has now.
    ///
    /// # Errors
    ///
    /// An error that names the place if the state can't be used, or has an API key of another world.
    pub fn create_world_with(&self, state: InitialState) -> Result<World, InvalidState> {
        self.create(Some(state))
    }

    fn create(&self, state: Option<InitialState>) -> Result<World, InvalidState> {
        let worlds = &self.service.worlds;
        let id = worlds.create(state, self.world.settings())?;
        Ok(World::new(worlds, id))
    }

    /// Same as [`World::api_key`].
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.world.api_key()
    }

    /// Same as [`World::application_key`].
    #[must_use]
    pub fn application_key(&self) -> &str {
        self.world.application_key()
    }

    /// Same as [`World::users`].
    #[must_use]
    pub fn users(&self) -> &[User] {
        self.world.users()
    }

    /// Same as [`World::dataset`].
    #[must_use]
    pub fn dataset(&self, project_id: &str, dataset_id: &str) -> Option<DatasetState> {
        self.world.dataset(project_id, dataset_id)
    }

    /// Same as [`World::requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.world.requests()
    }

    /// Same as [`World::take_requests`].
    #[must_use]
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.world.take_requests()
    }

    /// Same as [`World::script`].
    pub fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.world.script(operation, faults);
    }

    /// Waits until a `POST /__sandbox/v1/shutdown` has stopped the sandbox.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect.
    pub async fn stopped(&self) {
        let mut stop = self.service.stop.subscribe();
        // The sender lives as long as the sandbox.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
