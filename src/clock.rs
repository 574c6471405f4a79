//! Time, which tests can replace by their own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

/// A wait of a [`Clock`]: a future that is ready when it is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The time that timeouts and waits between attempts go by.
///
/// A client uses tokio's unless it is [given another](crate::ClientBuilder::clock): a test's, which
/// can record the waits and end them at once.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use llmobs_datasets::{Clock, Sleep};
///
/// /// Doesn't wait before another attempt.
/// #[derive(Debug)]
/// struct Impatient;
///
/// impl Clock for Impatient {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///
///     fn sleep(&self, _: Duration) -> Sleep {
///         Box::pin(std::future::ready(()))
///     }
///
///     fn sleep_until(&self, end: Instant) -> Sleep {
///         Box::pin(tokio::time::sleep_until(end.into()))
///     }
/// }
/// # use llmobs_datasets::{BaseUrl, Client, Credentials};
/// # use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = Sandbox::start().await?;
/// # let keys = Credentials::new(sandbox.api_key(), sandbox.application_key())?;
/// # let base_url: BaseUrl = sandbox.url().parse()?;
///
/// let client = Client::builder(keys).endpoint(base_url).clock(Impatient).build()?;
/// # let (project, id) = (InitialState::PROJECT_ID.parse()?, InitialState::DATASET_ID.parse()?);
/// # let dataset = client.dataset(project, id);
/// # sandbox.script(Operation::Lock, [Fault::rate_limited(Duration::from_secs(29))]);
/// assert_eq!(dataset.lock().await?.attempts(), 2); // the first met a rate limit of 29 s
/// # Ok(())
/// # }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Instant;

    /// The wait before another attempt.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// A wait until the time for an attempt is over. What is not done by then is given up.
    fn sleep_until(&self, end: Instant) -> Sleep;
}

/// Tokio's clock without a box around each wait, or another.
#[derive(Clone, Debug, Default)]
pub(crate) enum Time {
    #[default]
    Tokio,
    Other(Arc<dyn Clock>),
}

/// A wait that ended before what it was for.
pub(crate) struct Elapsed;

impl Time {
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::Tokio => tokio::time::Instant::now().into_std(),
            Self::Other(clock) => clock.now(),
        }
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        match self {
            Self::Tokio => tokio::time::sleep(duration).await,
            Self::Other(clock) => clock.sleep(duration).await,
        }
    }

    /// What a future gives, unless time is up first.
    pub(crate) async fn until<F: Future>(
        &self,
        end: Instant,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        match self {
            Self::Tokio => tokio::time::timeout_at(end.into(), future)
                .await
                .map_err(|_| Elapsed),
            Self::Other(clock) => {
                let future = std::pin::pin!(future);
                match select(future, clock.sleep_until(end)).await {
                    Either::Left((output, _)) => Ok(output),
                    Either::Right(((), _)) => Err(Elapsed),
                }
            }
        }
    }
}
