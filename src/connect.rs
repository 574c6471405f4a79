//! Connecting, told apart from waiting for a response: nothing is sent before a connection is established.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::task_local;
use tokio::time::{Instant, timeout_at};

use crate::error::seconds;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

task_local! {
    /// The end of the attempt that the current task makes.
    static ATTEMPT_END: Instant;
}

/// The response to a request, or `None` if there is none by the end.
///
/// A connection that is not established by then is an error: nothing was sent. The connector itself must
/// tell, because a request may also get a connection that another one returns to the pool.
pub(crate) async fn respond_by<F: Future>(end: Instant, request: F) -> Option<F::Output> {
    timeout_at(end, ATTEMPT_END.scope(end, request)).await.ok()
}

/// Establishes a connection within the connect timeout, and before the end of the attempt that needs it.
pub(crate) async fn connect_within<C>(
    timeout: Duration,
    connecting: impl Future<Output = Result<C, BoxError>>,
) -> Result<C, BoxError> {
    let start = Instant::now();
    let end = start.checked_add(timeout);
    // A connection that is no longer needed is established in a task of its own, for the pool.
    let attempt_end = ATTEMPT_END.try_with(|end| *end).ok();
    let Some(end) = end.into_iter().chain(attempt_end).min() else {
        return connecting.await;
    };
    // A tick of the timer early, so that this ends before the attempt does.
    let timer = end.checked_sub(Duration::from_millis(1)).unwrap_or(end);
    let connected = timeout_at(timer, connecting).await;
    connected.unwrap_or_else(|_| {
        let time = seconds(end.duration_since(start));
        let text = format!("connecting timed out after {time}");
        Err(io::Error::new(io::ErrorKind::TimedOut, text).into())
    })
}
