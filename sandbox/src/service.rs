//! The operations over HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Request, Response, Uri};
use axum::routing::{patch, post};
use chrono::Utc;
use llmobs_datasets_generated::types;
use serde_json::Value;

use crate::answer::Profile;
use crate::fault::{Fault, Kind, Operation};
use crate::state::{Assumptions, Datasets, InitialState, Refusal, User};

/// The most of a request's body that is read.
const MAX_BODY: usize = 1 << 20;

/// A call of an operation that the sandbox received, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The operation that it called.
    pub operation: Operation,
    /// The path of its URL, percent-encoded as it came.
    pub path: String,
    /// The id of the calling user; `None` if the keys are not valid.
    pub user: Option<String>,
    /// Its headers, with names in lower case. Keys are `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// The status of the answer; `None` if the connection was closed in its place.
    pub status: Option<u16>,
}

/// What all connections share.
pub(crate) struct Service {
    profile: Profile,
    initial: InitialState,
    datasets: Mutex<Datasets>,
    faults: Mutex<BTreeMap<Operation, VecDeque<Fault>>>,
    requests: Mutex<Vec<ReceivedRequest>>,
    log: Option<fn(&ReceivedRequest)>,
}

/// A panic elsewhere leaves nothing half-done behind these locks.
fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Ids = Path<(String, String)>;

impl Service {
    pub(crate) fn new(
        initial: InitialState,
        assumptions: Assumptions,
        profile: Profile,
        log: Option<fn(&ReceivedRequest)>,
    ) -> Self {
        Self {
            profile,
            datasets: Mutex::new(Datasets::new(&initial, assumptions)),
            initial,
            faults: Mutex::default(),
            requests: Mutex::default(),
            log,
        }
    }

    pub(crate) fn initial(&self) -> &InitialState {
        &self.initial
    }

    pub(crate) fn datasets(&self) -> MutexGuard<'_, Datasets> {
        open(&self.datasets)
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        open(&self.requests).clone()
    }

    pub(crate) fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut *open(&self.requests))
    }

    pub(crate) fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        open(&self.faults)
            .entry(operation)
            .or_default()
            .extend(faults);
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        const DATASET: &str = "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}";
        let route = |operation| {
            move |State(service): State<Arc<Self>>, ids: Ids, request| async move {
                service.answer(operation, ids, request).await
            }
        };
        Router::new()
            .route(
                &format!("{DATASET}/draft_state/lock"),
                patch(route(Operation::Lock)),
            )
            .route(
                &format!("{DATASET}/draft_state/unlock"),
                patch(route(Operation::Unlock)),
            )
            .route(
                &format!("{DATASET}/restore"),
                post(route(Operation::Restore)),
            )
            .fallback(|State(service): State<Arc<Self>>| async move {
                service
                    .profile
                    .refusal(&Refusal::new(404, "There is no such path"))
            })
            .method_not_allowed_fallback(
                |State(service): State<Arc<Self>>, method: Method, uri: Uri| async move {
                    let detail = format!("{method} is not allowed for {}", uri.path());
                    service.profile.refusal(&Refusal::new(405, detail))
                },
            )
            .with_state(self)
    }

    async fn answer(
        &self,
        operation: Operation,
        Path((project, dataset)): Ids,
        request: Request<Body>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
        let fault = open(&self.faults)
            .get_mut(&operation)
            .and_then(VecDeque::pop_front);
        if let Some(fault) = &fault
            && !fault.after_effect
        {
            tokio::time::sleep(fault.delay).await;
        }
        let user = self.user(&parts.headers);
        let name = user.as_ref().ok().map(|user| user.user.id.clone());
        let in_place = fault.as_ref().filter(|fault| fault.kind != Kind::Late);
        let response = match in_place {
            Some(fault) if !fault.after_effect => fault.response(),
            _ => {
                let answered = user
                    .and_then(|user| self.apply(operation, (&project, &dataset), user, &body))
                    .unwrap_or_else(|refusal| self.profile.refusal(&refusal));
                if let Some(fault) = &fault
                    && fault.after_effect
                {
                    tokio::time::sleep(fault.delay).await;
                }
                in_place.map_or(answered, Fault::response)
            }
        };
        let hangup = response
            .extensions()
            .get::<crate::answer::Hangup>()
            .is_some();
        let request = ReceivedRequest {
            operation,
            path: parts.uri.path().to_owned(),
            user: name,
            headers: redacted(&parts.headers),
            status: (!hangup).then(|| response.status().as_u16()),
        };
        if let Some(log) = self.log {
            log(&request);
        }
        open(&self.requests).push(request);
        response
    }

    /// The user that the keys name.
    fn user(&self, headers: &HeaderMap) -> Result<&User, Refusal> {
        let key = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(api_key), Some(application_key)) = (key("dd-api-key"), key("dd-application-key"))
        else {
            return Err(Refusal::new(
                401,
                "The headers DD-API-KEY and DD-APPLICATION-KEY are needed",
            ));
        };
        let users = self.initial.users.iter();
        let user = users.filter(|_| self.initial.api_keys.contains(api_key));
        user.into_iter()
            .find(|user| user.application_key == application_key)
            .ok_or_else(|| Refusal::new(403, "The keys are not valid"))
    }

    /// Does what is asked, and gives the answer to it.
    fn apply(
        &self,
        operation: Operation,
        ids: (&str, &str),
        User { user, .. }: &User,
        body: &[u8],
    ) -> Result<Response<Body>, Refusal> {
        match operation {
            Operation::Lock => {
                let lock = self.datasets().lock(ids, user, Utc::now())?;
                Ok(self.profile.draft_state(ids.1, &lock))
            }
            Operation::Unlock => {
                self.datasets().unlock(ids, user)?;
                Ok(self.profile.done())
            }
            Operation::Restore => {
                if self.datasets().get(ids.0, ids.1).is_none() {
                    return Err(Refusal::new(
                        404,
                        "The project or the dataset does not exist",
                    ));
                }
                let version = requested_version(ids.1, body)?;
                self.datasets().restore(ids, user, version)?;
                Ok(self.profile.done())
            }
        }
    }
}

/// The version in the body of a restore.
fn requested_version(dataset: &str, body: &[u8]) -> Result<i32, Refusal> {
    let misfit = |pointer: String, error: serde_json::Error| {
        Refusal::at(
            pointer,
            format!("The body does not fit its schema: {error}"),
        )
    };
    let body: Value = serde_json::from_slice(body).map_err(|error| misfit(String::new(), error))?;
    // A list of the values of an object would pass for the object below.
    for pointer in ["", "/data", "/data/attributes"] {
        if body.pointer(pointer).is_some_and(Value::is_array) {
            return Err(Refusal::at(pointer, "The value must be an object"));
        }
    }
    let request: types::LlmObsDatasetRestoreVersionRequest = serde_path_to_error::deserialize(body)
        .map_err(|error| {
            let parts: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            let pointer = parts
                .iter()
                .fold(String::new(), |pointer, part| pointer + "/" + part);
            misfit(pointer, error.into_inner())
        })?;
    if request.data.id != dataset {
        return Err(Refusal::at("/data/id", "The id is not the one in the path"));
    }
    Ok(request.data.attributes.dataset_version)
}

fn redacted(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "dd-api-key" | "dd-application-key" | "authorization" | "cookie" => {
                    "[redacted]".into()
                }
                _ => String::from_utf8_lossy(value.as_bytes()),
            };
            (name.to_string(), value.into_owned())
        })
        .collect()
}
