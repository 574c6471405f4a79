//! Set-up that the tests of the wrapper share.

use llmobs_datasets::{
    Client, ClientBuilder, Credentials, Dataset, DatasetVersion, Error, Operation, Outcome,
    RetryPolicy,
};
use llmobs_sandbox::DatasetState;
use reqwest::Method;

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::Server;

pub(crate) const OPERATIONS: [Operation; 3] =
    [Operation::Lock, Operation::Unlock, Operation::Restore];

/// The operations that have an effect, about which an outcome could be wrong.
pub(crate) fn writes() -> impl Iterator<Item = Operation> {
    OPERATIONS
        .into_iter()
        .filter(|operation| operation.method() != Method::GET)
}

/// The documented response to lock.
pub(crate) const LOCKED: &str = include_str!("documentation/lock-200.json");

pub(crate) fn credentials() -> Credentials {
    Credentials::new("an-api-key", "an-application-key").unwrap()
}

pub(crate) fn builder(url: &str) -> ClientBuilder {
    let base_url: llmobs_datasets::BaseUrl = url.parse().unwrap();
    Client::builder(credentials()).endpoint(base_url)
}

pub(crate) fn dataset(client: &Client) -> Dataset {
    client.dataset(PROJECT_ID.parse().unwrap(), DATASET_ID.parse().unwrap())
}

/// A dataset whose calls make one attempt.
pub(crate) fn one_attempt(server: &Server) -> Dataset {
    dataset(
        &builder(&server.url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap(),
    )
}

/// Calls an operation, and returns the number of attempts of a success.
pub(crate) async fn call(dataset: &Dataset, operation: Operation) -> Result<u32, Error> {
    Ok(match operation {
        Operation::Lock => dataset.lock().await?.attempts(),
        Operation::Unlock => dataset.unlock().await?.attempts(),
        Operation::Restore => dataset.restore(DatasetVersion::new(1)?).await?.attempts(),
        other => panic!("add a call of {other} here"),
    })
}

/// Whether the call took effect, according to its result; `None` if the result doesn't say.
pub(crate) fn reported_effect<T>(result: &Result<T, Error>) -> Option<bool> {
    match result.as_ref().map_err(Error::outcome) {
        Ok(_) | Err(Outcome::Applied) => Some(true),
        Err(Outcome::NotApplied) => Some(false),
        Err(_) => None,
    }
}

/// Whether one of the `writes` has taken effect since a state: the dataset starts locked for an unlock, and
/// unlocked for the others.
pub(crate) fn took_effect(
    operation: Operation,
    before: &DatasetState,
    after: &DatasetState,
) -> bool {
    match operation {
        Operation::Restore => after.version() > before.version(),
        _ => after.holder() != before.holder(),
    }
}

/// A resolver that knows no name, so that no test uses a network. If `true`, it responds with an error;
/// otherwise it never responds.
pub(crate) struct Names(pub(crate) bool);

impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let responds = self.0;
        Box::pin(async move {
            if !responds {
                std::future::pending::<()>().await;
            }
            Err(format!("no address of {}", name.as_str()).into())
        })
    }
}

/// A resolver that knows no name, and responds with an error.
pub(crate) const NO_NAMES: Names = Names(true);

/// The address of a port that nobody listens on.
pub(crate) fn closed_port() -> String {
    // Bound, so that no server of another test gets it, but not listened on.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    std::mem::forget(socket);
    url
}

/// A runtime of one thread, for tests that are not in one.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    runtime_with_clock(false)
}

/// The same, with its clock paused or not.
pub(crate) fn runtime_with_clock(paused: bool) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(paused)
        .build()
        .unwrap()
}

/// The errors from the first to the last source.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
