//! One attempt of a call: a request and its response.

use std::pin::pin;

use llmobs_datasets_generated as generated;
use llmobs_datasets_generated::ClientInfo as _;
use reqwest::Url;
use reqwest::header::LOCATION;
use tokio::time::{Instant, timeout_at};

use crate::api_error;
use crate::call::{Input, Read, after};
use crate::client::Inner;
use crate::endpoint::host_and_port;
use crate::error::{Cause, ErrorResponse, Unreadable, is_unsent, root};
use crate::hooks::Attempt;
use crate::raw_response::{Head, RawResponse, without_mark};

/// The cause of a failed attempt, with its response if there was one.
pub(crate) type Failed = (Cause, Option<RawResponse>);

impl Inner {
    /// Makes an attempt: the value of its response with status and headers, or the cause of its failure.
    pub(crate) async fn attempt<T>(
        &self,
        input: Input<'_>,
        read: Read<T>,
        attempt: &Attempt<'_>,
        start: Instant,
        call_end: Instant,
    ) -> Result<(T, Head), Failed> {
        let made = self.generated(input, attempt);
        let mut request = made.map_err(|cause| (cause, None))?;
        if let Some(before) = &self.hooks.before {
            before(attempt, request.headers_mut());
        }
        let settings = &self.settings;
        let end = call_end.min(after(start, settings.attempt_timeout));
        let sent = self.generated.client().execute(request);
        let mut response = match timeout_at(end, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err((no_response(error), None)),
            Err(_) => {
                let cause = if end == call_end {
                    Cause::CallTimedOut(settings.call_timeout)
                } else {
                    Cause::AttemptTimedOut(settings.attempt_timeout)
                };
                return Err((cause, None));
            }
        };
        let mut raw = RawResponse::new(&mut response);
        let body = raw.read_body(response, settings.max_response_bytes);
        // A timeout ends the body, not the response: its status is known.
        let _ = timeout_at(end, pin!(body)).await;
        let cause = if raw.head.status.is_success() {
            match read(&raw) {
                Ok(value) => return Ok((value, raw.head)),
                Err(why) => Cause::Unreadable(self.reread(&mut raw, read).unwrap_or(why)),
            }
        } else {
            Cause::Status(raw.head.status)
        };
        Err((cause, Some(raw)))
    }

    /// The request that the generated code makes.
    fn generated(
        &self,
        input: Input<'_>,
        attempt: &Attempt<'_>,
    ) -> Result<reqwest::Request, Cause> {
        let client = &self.generated;
        let (project, dataset) = (attempt.project_id.as_str(), attempt.dataset_id.as_str());
        let made = match input {
            Input::Lock => client.lock_llm_obs_dataset_draft_state_request(project, dataset),
            Input::Unlock => client.unlock_llm_obs_dataset_draft_state_request(project, dataset),
            Input::Restore(body) => {
                client.restore_llm_obs_dataset_version_request(project, dataset, body)
            }
        };
        made.map_err(|error| match error {
            generated::Error::CommunicationError(error) => no_response(error),
            error => Cause::InvalidInput(error.to_string()),
        })
    }

    /// The reason why a response can't be read, without the keys that the reason may quote. `None` if the
    /// response contains no key.
    fn reread<T>(&self, raw: &mut RawResponse, read: Read<T>) -> Option<Unreadable> {
        raw.body = self.redactor.redact(&raw.body)?;
        Some(read(raw).err().unwrap_or(Unreadable::NotJson))
    }

    /// The response of an error, without the keys.
    pub(crate) fn error_response(&self, raw: RawResponse) -> ErrorResponse {
        let body = self.redactor.redact(&raw.body).unwrap_or(raw.body);
        ErrorResponse {
            redirect_host: self.redirect_host(&raw.head),
            head: raw.head,
            errors: api_error::read(without_mark(&body)),
            body,
        }
    }

    /// The host of a redirect, unless it repeats a key. The rest of the URL may be private.
    fn redirect_host(&self, head: &Head) -> Option<String> {
        let location = head.headers.get(LOCATION)?.to_str().ok()?;
        let url = Url::parse(location).ok().filter(Url::has_host);
        let host = host_and_port(&url.filter(|_| head.status.is_redirection())?);
        let shown = self.redactor.redact(host.as_bytes()).is_none();
        shown.then_some(host)
    }
}

/// The cause of a missing response.
fn no_response(error: reqwest::Error) -> Cause {
    // The message names the ids already, and the URL would repeat them.
    let error = error.without_url();
    if error.is_builder() {
        Cause::InvalidInput(match &*root(&error).to_string() {
            "Parsed Url is not a valid Uri" => {
                "the request URL is not valid (it may be too long); \
                                                use shorter ids or another base URL"
                    .to_owned()
            }
            "URL scheme is not allowed" => {
                "the `http` client allows only https URLs (`https_only`); \
                                            use one as the base URL"
                    .to_owned()
            }
            why => format!("the request can't be built: {why}"),
        })
    } else if error.is_connect() || is_unsent(&error) {
        Cause::NotSent(error)
    } else if error.is_timeout() {
        Cause::HttpTimedOut(error)
    } else {
        Cause::Lost(error)
    }
}
