//! The operations over HTTP.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Request, Response, Uri};
use axum::routing::{patch, post};
use futures_util::future::BoxFuture;
use llmobs_datasets_generated::types;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::dataset::Refusal;
use crate::fault::{Effect, Fault, Kind, Operation};
use crate::response::{Hangup, Profile};
use crate::world::{Action, Current, ReceivedRequest, World};

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// What all connections share.
pub(crate) struct Service {
    profile: Profile,
    world: World,
    log: Option<fn(&ReceivedRequest)>,
    /// Runs a task that outlives its connection and ends with the sandbox.
    tasks: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
}

type Ids = Path<(String, String)>;

/// A request that has been received whole and recorded.
struct Call {
    service: Arc<Service>,
    id: u64,
    operation: Operation,
    ids: (String, String),
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Service {
    pub(crate) fn new(
        world: World,
        profile: Profile,
        log: Option<fn(&ReceivedRequest)>,
        tasks: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    ) -> Self {
        Self {
            profile,
            world,
            log,
            tasks,
        }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        const DATASET: &str = "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}";
        let route = |operation| {
            move |State(service): State<Arc<Self>>, ids: Ids, request| async move {
                service.respond(operation, ids, request).await
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

    async fn respond(
        self: Arc<Self>,
        operation: Operation,
        Path(ids): Ids,
        request: Request<Body>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body::to_bytes(body, MAX_BODY).await.unwrap_or_default();
        let user = self.world.user(&parts.headers);
        let (id, fault) = self.world.current().receive(ReceivedRequest {
            id: 0,
            operation,
            path: parts.uri.path().to_owned(),
            user: user.ok().map(|user| user.user.id.clone()),
            headers: redacted(&parts.headers),
            status: None,
            took_effect: false,
        });
        let call = Call {
            service: self,
            id,
            operation,
            ids,
            headers: parts.headers,
            body: body.into(),
        };
        match fault {
            None => call.take_effect(None),
            Some(fault) => call.meet(fault).await,
        }
    }
}

impl Call {
    async fn meet(self, fault: Fault) -> Response<Body> {
        match (fault.kind, fault.effect) {
            (Kind::Late, Effect::Default) => self.respond_after(fault.delay).await,
            (Kind::Late, Effect::After(late)) => self.respond_after(fault.delay + late).await,
            (Kind::Late, Effect::Before) => {
                let response = self.take_effect(None);
                tokio::time::sleep(fault.delay).await;
                response
            }
            (_, Effect::Before) => self.take_effect(Some(&fault)),
            (_, Effect::Default) => self.decide(self.service.world.current(), fault.response()),
            (_, Effect::After(late)) => {
                let response = self.decide(self.service.world.current(), fault.response());
                drop(self.after(late, |call| call.perform(&mut call.service.world.current())));
                response
            }
        }
    }

    async fn respond_after(self, time: Duration) -> Response<Body> {
        let response = self.after(time, |call| call.take_effect(None)).await;
        // The task is gone only if the sandbox has ended, and the connection with it.
        response.unwrap_or_else(|_| Fault::reset().response())
    }

    /// Acts after this time, in a task of the sandbox: the connection may be closed by then.
    fn after(
        self,
        time: Duration,
        act: fn(&Self) -> Response<Body>,
    ) -> oneshot::Receiver<Response<Body>> {
        let (sender, receiver) = oneshot::channel();
        let tasks = self.service.tasks.clone();
        let task = async move {
            tokio::time::sleep(time).await;
            // Nobody receives it if the connection is closed.
            let _ = sender.send(act(&self));
        };
        // Nobody takes the task if the sandbox has ended.
        let _ = tasks.send(Box::pin(task));
        receiver
    }

    /// Takes effect and decides the response in one step.
    fn take_effect(&self, fault: Option<&Fault>) -> Response<Body> {
        let mut current = self.service.world.current();
        let regular = self.perform(&mut current);
        self.decide(current, fault.map_or(regular, Fault::response))
    }

    /// Records the response.
    fn decide(
        &self,
        mut current: MutexGuard<'_, Current>,
        response: Response<Body>,
    ) -> Response<Body> {
        let hangup = response.extensions().get::<Hangup>().is_some();
        if let Some(record) = current.record(self.id) {
            record.status = (!hangup).then(|| response.status().as_u16());
            let record = record.clone();
            drop(current);
            if let Some(log) = self.service.log {
                log(&record);
            }
        }
        response
    }

    /// Carries the operation out. Returns the regular response.
    fn perform(&self, current: &mut Current) -> Response<Body> {
        let (world, profile) = (&self.service.world, self.service.profile);
        let (project, dataset) = (self.ids.0.as_str(), self.ids.1.as_str());
        let action = match self.operation {
            Operation::Lock => Action::Lock,
            Operation::Unlock => Action::Unlock,
            Operation::Restore => Action::Restore(requested_version(dataset, &self.body)),
        };
        let done = world.user(&self.headers).and_then(|user| {
            let assumptions = world.assumptions();
            current.perform(self.id, (project, dataset), &user.user, action, assumptions)
        });
        match done {
            Ok(Some(lock)) => profile.draft_state(dataset, &lock),
            Ok(None) => profile.done(),
            Err(refusal) => profile.refusal(&refusal),
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
