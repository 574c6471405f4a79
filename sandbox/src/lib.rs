#![doc = include_str!("../README.md")]

mod answer;
mod fault;
mod service;
mod state;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

pub use answer::Profile;
pub use fault::{Fault, Operation};
pub use service::ReceivedRequest;
pub use state::{
    Assumptions, DatasetState, InitialDataset, InitialState, Lock, OnConflict, Record, User,
};

use service::Service;

/// A running sandbox. It stops, with all its connections, when it is dropped.
#[must_use = "the sandbox stops when it is dropped"]
pub struct Sandbox {
    address: SocketAddr,
    service: Arc<Service>,
    task: JoinHandle<()>,
}

/// Configures a [`Sandbox`].
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

    /// Whose word the answers follow. [`Profile::Documented`] by default.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// What the documentation is silent about.
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

    /// Called with each request, once it is answered.
    #[must_use]
    pub fn log(mut self, log: fn(&ReceivedRequest)) -> Self {
        self.log = Some(log);
        self
    }

    /// Starts the sandbox on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The address can't be listened on, or the state has no user or a dataset without a version.
    pub async fn start(self) -> io::Result<Sandbox> {
        let datasets = self.state.projects.values().flatten();
        let unversioned = datasets
            .into_iter()
            .find(|(_, dataset)| dataset.versions.is_empty());
        if let Some((dataset, _)) = unversioned {
            return Err(invalid(format!("dataset {dataset} has no version")));
        }
        if self.state.users.is_empty() || self.state.api_keys.is_empty() {
            return Err(invalid("the state needs a user and an API key".to_owned()));
        }
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let service = Arc::new(Service::new(
            self.state,
            self.assumptions,
            self.profile,
            self.log,
        ));
        let task = tokio::spawn(serve(listener, Arc::clone(&service).router()));
        Ok(Sandbox {
            address,
            service,
            task,
        })
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

impl Sandbox {
    /// A sandbox to be configured.
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

    /// Starts a sandbox as it is by default.
    ///
    /// # Errors
    ///
    /// No port of `127.0.0.1` is free.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// The base URL, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A valid API key.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.service
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

    /// The users.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.service.initial().users
    }

    /// A dataset as it is now.
    #[must_use]
    pub fn dataset(&self, project_id: &str, dataset_id: &str) -> Option<DatasetState> {
        self.service.datasets().get(project_id, dataset_id).cloned()
    }

    /// The requests so far, in the order in which they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.service.requests()
    }

    /// The requests so far, which are then forgotten: a sandbox that runs for long remembers each.
    #[must_use]
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.service.take_requests()
    }

    /// Queues what the next calls to an operation meet, one fault a call.
    pub fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.service.script(operation, faults);
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

/// Accepts until it is aborted, which ends all connections.
async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((socket, _)) = accepted {
                connections.spawn(connection(socket, router.clone()));
            },
            Some(_) = connections.join_next() => {}
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
            match response.extensions().get::<answer::Hangup>() {
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
