//! A call: one attempt after the other, until there is a success or none is to be had.

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use llmobs_datasets_generated as generated;
use llmobs_datasets_generated::{ClientInfo as _, types};
use reqwest::header::LOCATION;
use reqwest::{StatusCode, Url};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument as _, Span};

use crate::answer::{Answer, Head, without_mark};
use crate::attempt::{Attempt, AttemptResult};
use crate::client::Inner;
use crate::endpoint::Host;
use crate::error::{Answered, Call, Cause, Unreadable};
use crate::{Dataset, Error, Operation, Outcome, Response, Result, api_error, rate_limit};

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

/// A failed attempt, with its response if there was one.
struct Failed {
    cause: Cause,
    answer: Option<Answer>,
}

impl From<Cause> for Failed {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            answer: None,
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
        // Pinned where it is made, as all large futures of a call: handing one on copies it.
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
        let mut waits = None;
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
            let ended = |status, error, retry_in| {
                if let Some(after) = &client.hooks.after {
                    let duration = start.elapsed();
                    after(
                        &attempt,
                        &AttemptResult {
                            status,
                            error,
                            duration,
                            retry_in,
                        },
                    );
                }
            };
            let sent = self.attempt(request, read, &attempt, start, end).await;
            let Failed { cause, answer } = match sent {
                Ok((value, head)) => {
                    record_status(span, head.status);
                    ended(Some(head.status), None, None);
                    return Ok(Response::new(value, head, attempts, effect_possible));
                }
                Err(failed) => failed,
            };
            let hint = answer.as_ref().and_then(|answer| {
                rate_limit::retry_hint(answer.head.status, &answer.head.headers)
            });
            let wait = if client.retry.allows(operation, &cause) {
                waits
                    .get_or_insert_with(|| client.retry.waits())
                    .next()
                    .and_then(|backoff| client.retry.wait(backoff, hint))
            } else {
                None
            };
            let outcome = match cause.outcome() {
                Outcome::NotApplied if effect_possible => Outcome::Unknown,
                outcome => outcome,
            };
            effect_possible |= outcome == Outcome::Unknown;
            let wait = wait.filter(|wait| after(Instant::now(), *wait) < end);
            let status = answer.as_ref().map(|answer| answer.head.status);
            if let Cause::InvalidInput(_) = cause {
                attempts -= 1; // Nothing was attempted.
            } else {
                ended(status, Some(cause.kind()), wait);
            }
            let error = Error::of_call(
                self.named(operation),
                cause,
                outcome,
                answer.map(|it| client.told(it)),
                attempts,
                effect_possible,
            );
            let stopped = match wait {
                None => true,
                Some(wait) => {
                    span.record("http.request.resend_count", attempts);
                    tracing::debug!(
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

    /// One attempt: the value of its response with status and headers, or the cause of its failure.
    async fn attempt<T>(
        &self,
        request: Request<'_>,
        read: Read<T>,
        attempt: &Attempt<'_>,
        start: Instant,
        call_end: Instant,
    ) -> Result<(T, Head), Failed> {
        let client = &*self.client.inner;
        let end = call_end.min(after(start, client.attempt_timeout));
        let mut request = self.generated(request)?;
        if let Some(before) = &client.hooks.before {
            before(attempt, request.headers_mut());
        }
        let sent = client.generated.client().execute(*request);
        let mut response = match timeout_at(end, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(unanswered(error).into()),
            Err(_) if end == call_end => {
                return Err(Cause::CallTimedOut(client.call_timeout).into());
            }
            Err(_) => return Err(Cause::AttemptTimedOut(None).into()),
        };
        let mut answer = Answer::new(&mut response);
        let body = answer.read_body(response, client.max_response_bytes);
        // Time that is up ends the body, not the answer: its status is known.
        let _ = timeout_at(end, pin!(body)).await;
        if !answer.head.status.is_success() {
            return Err(Failed {
                cause: Cause::Status(answer.head.status),
                answer: Some(answer),
            });
        }
        match read(&answer) {
            Ok(value) => Ok((value, answer.head)),
            Err(why) => {
                let why = client.reread(&mut answer, read).unwrap_or(why);
                Err(Failed {
                    cause: Cause::Unreadable(why),
                    answer: Some(answer),
                })
            }
        }
    }

    /// The request as generated code makes it, or why there is none.
    fn generated(&self, request: Request<'_>) -> Result<Box<reqwest::Request>, Cause> {
        let generated = &self.client.inner.generated;
        let (project, dataset) = (self.project_id().as_str(), self.dataset_id().as_str());
        let made = match request {
            Request::Lock => {
                generated::request_of(generated.lock_llm_obs_dataset_draft_state(project, dataset))
            }
            Request::Unlock => generated::request_of(
                generated.unlock_llm_obs_dataset_draft_state(project, dataset),
            ),
            Request::Restore(body) => generated::request_of(
                generated.restore_llm_obs_dataset_version(project, dataset, body),
            ),
        };
        made.map_err(|error| match error {
            generated::Error::CommunicationError(error) => unanswered(error),
            error => Cause::InvalidInput(error.to_string()),
        })
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
        }
    }
}

impl Inner {
    /// Why a response can't be read, without the keys: the reason may quote the response. `None` if the
    /// response has no keys.
    fn reread<T>(&self, answer: &mut Answer, read: Read<T>) -> Option<Unreadable> {
        answer.body = self.redactor.redact(&answer.body)?.into();
        Some(read(answer).err().unwrap_or(Unreadable::NotJson))
    }

    /// A response as errors keep it, without the keys.
    fn told(&self, answer: Answer) -> Answered {
        let body = match self.redactor.redact(&answer.body) {
            Some(redacted) => redacted.into(),
            None => answer.body,
        };
        Answered {
            redirect_host: self.redirect_host(&answer.head),
            head: answer.head,
            errors: api_error::read(without_mark(&body)),
            body,
        }
    }

    /// The host that a redirect leads to. The rest of its URL may be private, and so is a host that
    /// repeats a key.
    fn redirect_host(&self, head: &Head) -> Option<Host> {
        let location = head.headers.get(LOCATION)?.to_str().ok()?;
        let url = Url::parse(location).ok()?;
        let host = Host::of(&url).filter(|_| head.status.is_redirection())?;
        let shown = self.redactor.redact(host.name.as_bytes()).is_none();
        shown.then_some(host)
    }
}

/// Why there is no answer.
fn unanswered(error: reqwest::Error) -> Cause {
    if error.is_connect() {
        Cause::NotSent(error)
    } else if error.is_builder() {
        // Not reqwest's words: they are the URL, which has the ids once more, and that it is none.
        let why =
            "its URL can't be sent, as one that is too long; use shorter ids or another base URL";
        Cause::InvalidInput(why.to_owned())
    } else if error.is_timeout() {
        Cause::AttemptTimedOut(Some(error))
    } else {
        Cause::Lost(error)
    }
}

/// Tells the span of the call the status that the call ends with.
fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

/// A time later than another; one beyond what can be told is as good as never.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    start.checked_add(duration.min(NEVER)).unwrap_or(start)
}
