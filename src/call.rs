//! A call: one attempt after the other, until there is a success or none is to be had.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use llmobs_datasets_generated as generated;
use llmobs_datasets_generated::{ByteStream, ResponseValue, types};
use tracing::Instrument as _;

use crate::answer::{self, Answer};
use crate::client::Inner;
use crate::clock::Elapsed;
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

/// How the value of a 2xx is had.
pub(crate) type Read<T> = fn(&Answer) -> Result<T, Unreadable>;

impl Dataset {
    pub(crate) async fn call<T>(&self, request: Request<'_>, read: Read<T>) -> Result<Response<T>> {
        let operation = request.operation();
        let span = tracing::info_span!(
            "llmobs_datasets.call",
            otel.kind = "client",
            otel.name = %operation,
            http.request.method = %operation.method(),
            url.template = operation.url_template(),
            server.address = %self.client.inner.host,
            http.response.status_code = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
        );
        // Pinned where it is made, as all large futures of a call: handing one on copies it.
        pin!(self.attempts(request, read)).instrument(span).await
    }

    async fn attempts<T>(&self, request: Request<'_>, read: Read<T>) -> Result<Response<T>> {
        let operation = request.operation();
        let client = &*self.client.inner;
        let end = after(client.time.now(), client.call_timeout);
        let mut waits = client.retry.waits();
        let mut attempts = 0;
        let mut effect_possible = false;
        loop {
            attempts += 1;
            let sent = self.attempt(request, end).await;
            let (cause, answer) = match sent {
                Ok(mut answer) => {
                    if answer.head.status().is_success() {
                        match read(&answer) {
                            Ok(value) => {
                                record_status(&answer);
                                return Ok(Response::new(value, answer.head, attempts));
                            }
                            Err(why) => {
                                let why = client.reread(&mut answer, read).unwrap_or(why);
                                (Cause::Unreadable(why), Some(answer))
                            }
                        }
                    } else {
                        (Cause::Status(answer.head.status()), Some(answer))
                    }
                }
                Err(cause) => (cause, None),
            };
            let hint = answer.as_ref().and_then(|answer| {
                rate_limit::retry_hint(answer.head.status(), answer.head.headers())
            });
            let wait = if client.retry.allows(operation, &cause) {
                waits
                    .next()
                    .and_then(|backoff| client.retry.wait(backoff, hint))
            } else {
                None
            };
            let outcome = match cause.outcome() {
                Outcome::NotApplied if effect_possible => Outcome::Unknown,
                outcome => outcome,
            };
            let error = |cause, answer: Option<Answer>| {
                Error::of_call(
                    self.named(operation),
                    cause,
                    outcome,
                    answer.map(|it| client.told(it)),
                    attempts,
                )
            };
            let Some(wait) = wait.filter(|wait| after(client.time.now(), *wait) < end) else {
                answer.iter().for_each(record_status);
                return Err(error(cause, answer));
            };
            effect_possible |= outcome == Outcome::Unknown;
            tracing::Span::current().record("http.request.resend_count", attempts);
            tracing::debug!(
                attempt = attempts,
                reason = %error(cause, answer),
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "retrying"
            );
            client.time.sleep(wait).await;
        }
    }

    /// One attempt: an answer, or why there is none.
    async fn attempt(&self, request: Request<'_>, call_end: Instant) -> Result<Answer, Cause> {
        let client = &*self.client.inner;
        let end = call_end.min(after(client.time.now(), client.attempt_timeout));
        let sent = pin!(self.send(request));
        let sent = generated::with_headers_apart(sent);
        let (answered, headers) = match client.time.until(end, sent).await {
            Ok(answered) => answered,
            Err(Elapsed) if end == call_end => {
                return Err(Cause::CallTimedOut(client.call_timeout));
            }
            Err(Elapsed) => return Err(Cause::AttemptTimedOut(None)),
        };
        match answered {
            Ok(mut value) => {
                let head = ResponseValue::new((), value.status(), headers);
                Ok(client.answer(head, &mut **value, end).await)
            }
            Err(generated::Error::UnexpectedResponse(response)) => {
                let head = ResponseValue::new((), response.status(), headers);
                Ok(client.answer(head, response.bytes_stream(), end).await)
            }
            Err(error) => Err(unanswered(error)),
        }
    }

    async fn send(
        &self,
        request: Request<'_>,
    ) -> Result<ResponseValue<ByteStream>, generated::Error<()>> {
        let generated = &self.client.inner.generated;
        let (project, dataset) = (self.project_id().as_str(), self.dataset_id().as_str());
        match request {
            Request::Lock => {
                generated
                    .lock_llm_obs_dataset_draft_state(project, dataset)
                    .await
            }
            Request::Unlock => {
                generated
                    .unlock_llm_obs_dataset_draft_state(project, dataset)
                    .await
            }
            Request::Restore(body) => {
                generated
                    .restore_llm_obs_dataset_version(project, dataset, body)
                    .await
            }
        }
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
    /// An answer with what can be read of its body until time is up. That ends the body, not the
    /// answer: its status is known.
    async fn answer<E>(
        &self,
        head: ResponseValue<()>,
        chunks: impl Stream<Item = Result<Bytes, E>>,
        end: Instant,
    ) -> Answer {
        let mut body = Bytes::new();
        let read = answer::read_body(chunks, self.max_response_bytes, &mut body);
        let ended = self.time.until(end, read).await;
        Answer {
            head,
            body,
            too_large: matches!(ended, Ok(answer::End::TooLarge)),
        }
    }

    /// Why an answer can't be read, without the keys should it repeat them: what says why may quote
    /// it. Of an answer without keys, nothing else is to be said.
    fn reread<T>(&self, answer: &mut Answer, read: Read<T>) -> Option<Unreadable> {
        answer.body = self.credentials.hide_in(&answer.body)?.into();
        Some(read(answer).err().unwrap_or(Unreadable::NotJson))
    }

    /// An answer as errors keep it, without the keys should it repeat them.
    fn told(&self, answer: Answer) -> Answered {
        let body = match self.credentials.hide_in(&answer.body) {
            Some(hidden) => hidden.into(),
            None => answer.body,
        };
        Answered {
            head: answer.head,
            errors: api_error::read(&body),
            body,
        }
    }
}

/// Why there is no answer.
fn unanswered(error: generated::Error<()>) -> Cause {
    match error {
        generated::Error::CommunicationError(error) if error.is_connect() => Cause::NotSent(error),
        generated::Error::CommunicationError(error) if error.is_builder() => {
            Cause::InvalidInput(error.to_string())
        }
        generated::Error::CommunicationError(error) if error.is_timeout() => {
            Cause::AttemptTimedOut(Some(error))
        }
        generated::Error::CommunicationError(error) => Cause::Lost(error),
        error => Cause::InvalidInput(error.to_string()),
    }
}

/// Tells the span of the call the status that the call ends with.
fn record_status(answer: &Answer) {
    let status = answer.head.status().as_u16();
    tracing::Span::current().record("http.response.status_code", status);
}

/// A time later than another; one beyond what can be told is as good as never.
fn after(start: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    start.checked_add(duration.min(NEVER)).unwrap_or(start)
}
