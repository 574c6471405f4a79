//! Time, which tests put their own in the place of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

/// What a [`Clock`] gives for a wait.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The time that timeouts and waits between attempts go by.
///
/// A client uses tokio's unless it is [given another](crate::ClientBuilder::clock): a test's, which
/// can record the waits and end them at once.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Instant;

    /// The wait before another attempt.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// The end of the time for an attempt.
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
