//! What the tests of the wrapper start from.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use llmobs_datasets::{
    Client, ClientBuilder, Clock, Credentials, Dataset, DatasetVersion, Error, Operation, Outcome,
    RetryPolicy, Sleep,
};
use llmobs_sandbox::DatasetState;
use reqwest::Method;
use tokio::sync::{Semaphore, watch};

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::Server;

pub(crate) const OPERATIONS: [Operation; 3] =
    [Operation::Lock, Operation::Unlock, Operation::Restore];

/// The operations that have an effect, which an outcome could be wrong about.
pub(crate) fn writes() -> impl Iterator<Item = Operation> {
    OPERATIONS
        .into_iter()
        .filter(|operation| operation.method() != Method::GET)
}

/// The documented answer to lock.
pub(crate) const LOCKED: &str = include_str!("documentation/lock-200.json");

/// A clock on which a wait between attempts takes no time and is recorded, and the time for an attempt
/// ends when it is told to.
#[derive(Clone, Debug)]
pub(crate) struct TestClock {
    state: Arc<Mutex<State>>,
    deadlines: watch::Sender<usize>,
    passed: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    now: Instant,
    waits: Vec<Duration>,
    /// The end of the time that was last set for an attempt.
    deadline: Option<Instant>,
}

impl Default for TestClock {
    fn default() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                now: Instant::now(),
                waits: Vec::new(),
                deadline: None,
            })),
            deadlines: watch::Sender::new(0),
            passed: Arc::new(Semaphore::new(0)),
        }
    }
}

impl TestClock {
    /// The waits between attempts so far.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.state.lock().unwrap().waits.clone()
    }

    /// Lets a deadline pass.
    pub(crate) fn time_out(&self) {
        self.passed.add_permits(1);
    }

    /// Lets time pass, at most until the end of the time for the present attempt; whether that is up.
    pub(crate) fn advance(&self, duration: Duration) -> bool {
        let up = {
            let mut state = self.state.lock().unwrap();
            let then = state.now + duration;
            let up = state.deadline.is_some_and(|deadline| deadline <= then);
            if !up {
                state.now = then;
            }
            up
        };
        if up {
            self.time_out();
        }
        up
    }

    /// How many deadlines were set so far.
    pub(crate) fn deadlines(&self) -> usize {
        *self.deadlines.borrow()
    }

    /// Waits until more deadlines than these have been set.
    pub(crate) async fn deadline_after(&self, deadlines: usize) {
        let mut set = self.deadlines.subscribe();
        set.wait_for(|set| *set > deadlines).await.unwrap();
    }

    /// Lets a deadline pass, once this many have been set.
    pub(crate) async fn time_out_after(&self, deadlines: usize) {
        let mut set = self.deadlines.subscribe();
        set.wait_for(|set| *set >= deadlines).await.unwrap();
        self.time_out();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.state.lock().unwrap().now
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut state = self.state.lock().unwrap();
        state.waits.push(duration);
        state.now += duration;
        Box::pin(std::future::ready(()))
    }

    fn sleep_until(&self, end: Instant) -> Sleep {
        self.state.lock().unwrap().deadline = Some(end);
        self.deadlines.send_modify(|set| *set += 1);
        let (passed, state) = (Arc::clone(&self.passed), Arc::clone(&self.state));
        Box::pin(async move {
            passed.acquire().await.unwrap().forget();
            state.lock().unwrap().now = end;
        })
    }
}

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

/// Calls an operation; gives the attempts of a success.
pub(crate) async fn call(dataset: &Dataset, operation: Operation) -> Result<u32, Error> {
    Ok(match operation {
        Operation::Lock => dataset.lock().await?.attempts(),
        Operation::Unlock => dataset.unlock().await?.attempts(),
        Operation::Restore => dataset.restore(DatasetVersion::new(1)?).await?.attempts(),
        other => panic!("add a call of {other} here"),
    })
}

/// What a caller is told of the effect of a call: that it has it, or has it not, or neither.
pub(crate) fn told<T>(result: &Result<T, Error>) -> Option<bool> {
    match result.as_ref().map_err(Error::outcome) {
        Ok(_) | Err(Outcome::Applied) => Some(true),
        Err(Outcome::NotApplied) => Some(false),
        Err(_) => None,
    }
}

/// Whether one of the `writes` has taken effect since a state: datasets begin locked for unlock, and unlocked
/// else.
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

/// A resolver that knows no name, so that no test asks a network.
pub(crate) struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move { Err(format!("no address of {}", name.as_str()).into()) })
    }
}

/// The address of a port that nobody listens on.
pub(crate) fn closed_port() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A runtime of one thread, for tests that are not in one.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
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
