//! A call: one attempt after the other, until one succeeds or retries run out.

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use llmobs_datasets_generated::types;
use reqwest::StatusCode;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use crate::answer::Answer;
use crate::attempt::Failed;
use crate::error::{Call, Cause, Unreadable};
use crate::hooks::Attempt;
use crate::{Dataset, Error, Operation, Outcome, Response, Result, rate_limit};

/// A call to make, with its body if it has one.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    Lock,
    Unlock,
    Restore(&'a types::LlmObsDatasetRestoreVersionRequest),
}

impl Request<'_> {
    fn operation(self) -> Operation {
        match self {
            Self::Lock => Operation::Lock,
            Self::Unlock => Operation::Unlock,
            Self::Restore(_) => Operation::Restore,
        }
    }
}

/// How to read the value of a 2xx.
pub(crate) type Read<T> = fn(&Answer) -> Result<T, Unreadable>;

impl Dataset {
    pub(crate) async fn call<T>(&self, request: Request<'_>, read: Read<T>) -> Result<Response<T>> {
        self.call_until(request, read, pending()).await
    }

    /// A call that makes no further attempt once `stop` is ready. An attempt in flight is waited for.
    pub(crate) async fn call_until<T>(
        &self,
        request: Request<'_>,
        read: Read<T>,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<T>> {
        let operation = request.operation();
        let span = tracing::info_span!(
            "llmobs_datasets.call",
            otel.kind = "client",
            otel.name = %operation,
            http.request.method = %operation.method(),
            url.template = operation.url_template(),
            server.address = self.client.inner.host.name,
            server.port = self.client.inner.host.port,
            llmobs.project_id = %self.project_id(),
            llmobs.dataset_id = %self.dataset_id(),
            http.response.status_code = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.r#type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        // Large futures are pinned where they are created; passing one by value copies it.
        let attempts = pin!(self.attempts(request, read, &span, stop));
        attempts.instrument(span.clone()).await
    }

    async fn attempts<T>(
        &self,
        request: Request<'_>,
        read: Read<T>,
        span: &Span,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<T>> {
        let operation = request.operation();
        let client = &*self.client.inner;
        let mut stop = pin!(stop);
        let mut start = Instant::now();
        let end = after(start, client.call_timeout);
        let mut backoffs = client.retry.backoffs().take(client.retry.retries());
        let mut attempts = 0;
        let mut effect_possible = false;
        loop {
            attempts += 1;
            let attempt = Attempt {
                operation,
                project_id: self.project_id(),
                dataset_id: self.dataset_id(),
                number: attempts,
            };
            let sent = client.attempt(request, read, &attempt, start, end);
            let Failed { cause, answer } = match pin!(sent).await {
                Ok((value, head)) => {
                    record_status(span, head.status);
                    client.budget.succeeded();
                    client
                        .hooks
                        .after(&attempt, start, Some(head.status), None, None);
                    return Ok(Response::new(value, head, attempts, effect_possible));
                }
                Err(failed) => failed,
            };
            let head = answer.as_ref().map(|answer| &answer.head);
            let hint = head.and_then(|head| rate_limit::retry_hint(head.status, &head.headers));
            let status = head.map(|head| head.status);
            let backoff = backoffs.next();
            let retry = backoff
                .filter(|_| client.retry.allows(operation, &cause))
                .and_then(|backoff| client.retry.wait(backoff, hint))
                .filter(|wait| after(Instant::now(), *wait) < end);
            let wait = retry.filter(|_| client.budget.take());
            let outcome = match cause.outcome() {
                Outcome::NotApplied if effect_possible => Outcome::Unknown,
                outcome => outcome,
            };
            effect_possible |= outcome == Outcome::Unknown;
            if let Cause::InvalidInput(_) = cause {
                attempts -= 1; // Nothing was attempted.
            } else {
                let kind = Some(cause.kind());
                client.hooks.after(&attempt, start, status, kind, wait);
            }
            let mut error = Error::of_call(
                self.named(operation),
                cause,
                outcome,
                answer.map(|it| client.answered(it)),
                attempts,
                effect_possible,
            );
            let stopped = match wait {
                None => {
                    error.out_of_budget(retry.is_some());
                    true
                }
                Some(wait) => {
                    span.record("http.request.resend_count", attempts);
                    tracing::info!(
                        attempt = attempts,
                        reason = %error,
                        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                        "retrying"
                    );
                    matches!(
                        select(stop.as_mut(), pin!(sleep(wait))).await,
                        Either::Left(_)
                    )
                }
            };
            if stopped {
                if let Some(status) = status {
                    record_status(span, status);
                }
                span.record("error.type", tracing::field::debug(error.kind()));
                span.record("otel.status_code", "ERROR");
                return Err(error);
            }
            start = Instant::now();
        }
    }

    /// An error without a call.
    pub(crate) fn error(&self, operation: Operation, cause: Cause) -> Error {
        let outcome = cause.outcome();
        let unsettled = outcome == Outcome::Unknown;
        Error::of_call(self.named(operation), cause, outcome, None, 0, unsettled)
    }

    fn named(&self, operation: Operation) -> Call {
        let client = &*self.client.inner;
        Call {
            operation,
            project_id: self.project_id().clone(),
            dataset_id: self.dataset_id().clone(),
            host: client.host.clone(),
            keys: client.credentials.source(),
            proxy: client.proxy.clone(),
        }
    }
}

/// Records the status that a call ends with in its span.
fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

/// A later time. It saturates.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    start.checked_add(duration.min(NEVER)).unwrap_or(start)
}
