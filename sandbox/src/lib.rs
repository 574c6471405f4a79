#![doc = include_str!("../README.md")]

mod assumptions;
mod dataset;
mod fault;
mod initial;
mod operations;
mod response;
mod world;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

pub use assumptions::{Assumptions, OnConflict, OnRelock};
pub use dataset::{DatasetState, Lock, LockPeriod};
pub use fault::{Fault, Operation};
pub use initial::{InitialDataset, InitialLock, InitialState, Record, User};
pub use response::Profile;
pub use world::ReceivedRequest;

use operations::Service;
use world::World;

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
///     .log(|request| println!("{:?}: {:?}", request.operation, request.status))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SandboxBuilder {
    listen: SocketAddr,
    profile: Profile,
    assumptions: Assumptions,
    state: InitialState,
    log: Option<fn(&ReceivedRequest)>,
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
        self.profile = profile;
        self
    }

    /// Sets the behavior where the documentation is silent. [`Assumptions::default`] by default.
    #[must_use]
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.assumptions = assumptions;
        self
    }

    /// Keys, users and datasets. [`InitialState::default`] by default.
    #[must_use]
    pub fn state(mut self, state: InitialState) -> Self {
        self.state = state;
        self
    }

    /// Sets a function to be called with each request as soon as its response is decided. None by
    /// default.
    #[must_use]
    pub fn log(mut self, log: fn(&ReceivedRequest)) -> Self {
        self.log = Some(log);
        self
    }

    /// Starts the sandbox on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// What binding the address gives if it can't be listened on; and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the state has no API key, no user, a dataset
    /// without a version, or a lock whose holder is no user.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or in one without I/O and time.
    pub async fn start(self) -> io::Result<Sandbox> {
        self.state
            .check()
            .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let world = World::new(self.state, self.assumptions);
        let (tasks, received) = mpsc::unbounded_channel();
        let service = Arc::new(Service::new(world, self.profile, self.log, tasks));
        let router = Arc::clone(&service).router();
        let task = tokio::spawn(serve(listener, router, received));
        Ok(Sandbox {
            address,
            service,
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
            profile: Profile::default(),
            assumptions: Assumptions::default(),
            state: InitialState::default(),
            log: None,
        }
    }

    /// Starts a sandbox with the defaults, on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// What binding gives if no port is free.
    ///
    /// # Panics
    ///
    /// As [`SandboxBuilder::start`] does.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// The base URL, such as `http://127.0.0.1:41234`, for a client to call.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A valid API key: the first in alphabetical order, if the state has more.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.service
            .world()
            .initial()
            .api_keys
            .first()
            .map_or("", String::as_str)
    }

    /// The application key of the first user.
    #[must_use]
    pub fn application_key(&self) -> &str {
        self.users()
            .first()
            .map_or("", |user| &user.application_key)
    }

    /// The users, in the order of the initial state: by default Jane Doe and John Roe.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.service.world().initial().users
    }

    /// A dataset as it is now; `None` if there is no such project or dataset.
    #[must_use]
    pub fn dataset(&self, project_id: &str, dataset_id: &str) -> Option<DatasetState> {
        let current = self.service.world().current();
        current.dataset(project_id, dataset_id).cloned()
    }

    /// Returns the requests so far, in the order in which the sandbox received them. Requests for
    /// another path or with another method are not among them.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.service.world().current().requests().cloned().collect()
    }

    /// Returns the requests so far and forgets them, so that a sandbox can run for long.
    #[must_use]
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.service.world().current().take_requests()
    }

    /// Queues what the next calls of an operation meet, one fault a call, whoever makes it. Once the
    /// queue is empty, the service answers again.
    pub fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.service.world().current().script(operation, faults);
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

/// Accepts connections and runs tasks until it is aborted, which ends all of them.
async fn serve(
    listener: TcpListener,
    router: Router,
    mut tasks: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((socket, _)) = accepted {
                running.spawn(connection(socket, router.clone()));
            },
            Some(task) = tasks.recv() => {
                running.spawn(task);
            }
            Some(_) = running.join_next() => {}
        }
    }
}

/// Serves a connection, and closes it without an answer where a fault says so.
async fn connection(socket: TcpStream, router: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let Ok(response) = router
                .oneshot(request)
                .await
                .map_err(|never: Infallible| never);
            match response.extensions().get::<response::Hangup>() {
                Some(_) => Err(io::Error::other("the fault script says so")),
                None => Ok(response),
            }
        }
    });
    // A client that hangs up is no fault of the sandbox.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(socket), service)
        .await;
}
