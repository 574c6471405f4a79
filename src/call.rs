//! A call: attempts, until one succeeds or retries run out.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use llmobs_datasets_generated::types;
use reqwest::StatusCode;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use crate::endpoint::host_and_port;
use crate::error::{Call, Cause, Unreadable};
use crate::hooks::{Attempt, AttemptResult};
use crate::raw_response::RawResponse;
use crate::{Dataset, Error, Operation, Outcome, Response, Result, rate_limit};

/// The operation of a call, with its request body if it has one.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Lock,
    Unlock,
    Restore(&'a types::LlmObsDatasetRestoreVersionRequest),
}

impl Input<'_> {
    fn operation(self) -> Operation {
        match self {
            Self::Lock => Operation::Lock,
            Self::Unlock => Operation::Unlock,
            Self::Restore(_) => Operation::Restore,
        }
    }
}

/// Reads the value of a 2xx.
pub(crate) type Read<T> = fn(&RawResponse) -> Result<T, Unreadable>;

impl Dataset {
    /// Makes a call. Once `stop` is ready, it starts no further attempt, but completes the one in flight.
    pub(crate) async fn call<T>(
        &self,
        input: Input<'_>,
        read: Read<T>,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<T>> {
        let operation = input.operation();
        let span = tracing::info_span!(
            "llmobs_datasets.call",
            otel.kind = "client",
            otel.name = %operation,
            http.request.method = %operation.method(),
            url.template = operation.url_template(),
            server.address = self.client.inner.url.host_str(),
            server.port = self.client.inner.url.port_or_known_default(),
            llmobs.project_id = %self.project_id(),
            llmobs.dataset_id = %self.dataset_id(),
            http.response.status_code = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.r#type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        // Large futures are pinned where they are created; passing one by value copies it.
        let attempts = pin!(self.attempts(input, read, &span, stop));
        attempts.instrument(span.clone()).await
    }

    async fn attempts<T>(
        &self,
        input: Input<'_>,
        read: Read<T>,
        span: &Span,
        stop: impl Future<Output = ()>,
    ) -> Result<Response<T>> {
        let operation = input.operation();
        let client = &*self.client.inner;
        let mut stop = pin!(stop);
        let mut start = Instant::now();
        let end = after(start, client.settings.call_timeout);
        let policy = &client.settings.retry;
        let connect_limit = client.settings.connect_limit();
        let mut backoffs = policy.backoffs().take(policy.retries());
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
            let report = |status, error, retry_in| {
                let Some(after) = &client.hooks.after else {
                    return;
                };
                let result = AttemptResult {
                    status,
                    error,
                    duration: start.elapsed(),
                    retry_in,
                };
                after(&attempt, &result);
            };
            let sent = client.attempt(input, read, &attempt, start, end);
            let (cause, response) = match pin!(sent).await {
                Ok((value, head)) => {
                    record_status(span, head.status);
                    client.budget.succeeded();
                    report(Some(head.status), None, None);
                    return Ok(Response::new(value, head, attempts, effect_possible));
                }
                Err(failed) => failed,
            };
            let head = response.as_ref().map(|response| &response.head);
            let hint = head.and_then(|head| rate_limit::retry_hint(head.status, &head.headers));
            let status = head.map(|head| head.status);
            let backoff = backoffs.next().filter(|_| policy.allows(operation, &cause));
            let retry = backoff.and_then(|backoff| policy.wait(backoff, hint));
            // A retry needs time to connect: see `connect_limit`.
            let begun_by =
                |wait: &Duration| after(Instant::now(), wait.saturating_add(connect_limit));
            let retry = retry.filter(|wait| begun_by(wait) <= end);
            let wait = retry.filter(|_| client.budget.take());
            let outcome = match cause.outcome() {
                Outcome::NotApplied if effect_possible => Outcome::Unknown,
                outcome => outcome,
            };
            effect_possible |= outcome == Outcome::Unknown;
            if let Cause::InvalidInput(_) = cause {
                attempts -= 1; // Nothing was attempted.
            } else {
                report(status, Some(cause.kind()), wait);
            }
            let mut error = self.error(operation, cause);
            error.0.outcome = outcome;
            error.0.response = response.map(|it| client.error_response(it));
            error.0.attempts = attempts;
            error.0.unsettled = effect_possible;
            error.0.out_of_budget = retry.is_some() && wait.is_none();
            if let Some(wait) = wait {
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(attempt = attempts, reason = %error, wait_ms, "retrying");
                if let Either::Right(_) = select(stop.as_mut(), pin!(sleep(wait))).await {
                    span.record("http.request.resend_count", attempts);
                    start = Instant::now();
                    continue;
                }
            }
            if let Some(status) = status {
                record_status(span, status);
            }
            span.record("error.type", error.kind().as_str());
            span.record("otel.status_code", "ERROR");
            return Err(error);
        }
    }

    /// The error of a call that made no attempt.
    pub(crate) fn error(&self, operation: Operation, cause: Cause) -> Error {
        let client = &*self.client.inner;
        let call = Call {
            operation,
            project_id: self.project_id().clone(),
            dataset_id: self.dataset_id().clone(),
            host: host_and_port(&client.url),
            keys: client.credentials.source(),
            connect_limit: client.settings.connect_limit(),
            proxy: client.proxy.clone(),
        };
        Error::of_call(call, cause)
    }
}

/// Records the final status of a call in its span.
fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

/// Adds a duration to a time. Saturates.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    start.checked_add(duration.min(NEVER)).unwrap_or(start)
}
