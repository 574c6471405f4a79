//! The operations over HTTP.

use std::fmt;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Request, Response, Uri, request};
use axum::routing::{patch, post};
use chrono::Utc;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};

use crate::dataset::{Lock, Refusal};
use crate::fault::{Effect, Fault, Kind, Operation};
use crate::request::{deviation, redacted, requested_version, whole};
use crate::response::{Hangup, Profile};
use crate::run::{Action, Current, ReceivedRequest, Run};
use crate::world::Worlds;

/// The state that all connections share.
pub(crate) struct Service {
    pub(crate) worlds: Arc<Worlds>,
    pub(crate) log: Option<SyncSender<LogEntry>>,
    /// Runs a task that outlives its connection and ends with the sandbox.
    pub(crate) tasks: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    /// Whether the sandbox must stop.
    pub(crate) stop: watch::Sender<bool>,
}

/// A line of the log: a request that isn't one for `/__sandbox/`. As text it is such a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Method and path.
    pub request: String,
    /// The operation; `None` for another path or method.
    pub operation: Option<Operation>,
    /// Id of the calling user; `None` if the keys are not valid.
    pub user: Option<String>,
    /// The status of the response; `None` if the connection was closed instead.
    pub status: Option<u16>,
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.request)?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("closed")?,
        }
        if let Some(operation) = self.operation {
            let user = self.user.as_deref().unwrap_or("nobody");
            write!(f, " ({operation} by {user})")?;
        }
        Ok(())
    }
}

/// A request that was recorded.
struct Call {
    service: Arc<Service>,
    run: Arc<Run>,
    id: u64,
    operation: Operation,
    ids: (String, String),
    headers: HeaderMap,
    body: Vec<u8>,
    /// Method and path.
    line: String,
}

/// What follows once a request is recorded.
enum Next {
    Refuse(Refusal),
    Respond,
    Inject(Fault),
}

impl Service {
    pub(crate) fn router(self: Arc<Self>) -> Router {
        const DATASET: &str = "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}";
        let route = |operation| {
            move |State(service): State<Arc<Self>>, ids, request| async move {
                service.respond(operation, ids, request).await
            }
        };
        let other = |status: u16, detail: &'static str| {
            move |State(service): State<Arc<Self>>, request: Request<Body>| async move {
                service.refuse(&request, Refusal::new(status, detail))
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
            .fallback(other(404, "There is no such path"))
            .method_not_allowed_fallback(other(405, "The path doesn't have this method"))
            .with_state(self)
    }

    /// Adds to the log, unless the log can't keep up.
    pub(crate) fn log(&self, entry: LogEntry) {
        if let Some(log) = &self.log {
            let _ = log.try_send(entry);
        }
    }

    /// Refuses a request that calls no operation.
    fn refuse(&self, request: &Request<Body>, refusal: Refusal) -> Response<Body> {
        let status = refusal.status;
        let run = self.worlds.of(request.headers());
        let response = regular(&mut run.current(), "", Err(refusal));
        self.log(LogEntry {
            request: line(request.method(), request.uri()),
            operation: None,
            user: None,
            status: Some(status),
        });
        response
    }

    async fn respond(
        self: Arc<Self>,
        operation: Operation,
        ids: Result<Path<(String, String)>, PathRejection>,
        request: Request<Body>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = whole(body).await;
        let (call, next) = self.receive(operation, ids, parts, body);
        match next {
            Next::Refuse(refusal) => {
                let mut current = call.run.current();
                let response = regular(&mut current, "", Err(refusal));
                call.decide(current, response)
            }
            Next::Respond => call.take_effect(None),
            Next::Inject(fault) => call.inject(fault).await,
        }
    }

    /// Records a request, and takes the fault that it gets.
    fn receive(
        self: Arc<Self>,
        operation: Operation,
        ids: Result<Path<(String, String)>, PathRejection>,
        parts: request::Parts,
        body: Result<Vec<u8>, Refusal>,
    ) -> (Call, Next) {
        let run = self.worlds.of(&parts.headers);
        let user = run.user(&parts.headers, 401).ok();
        let mut current = run.current();
        let id = current.receive(ReceivedRequest {
            id: 0,
            operation,
            path: parts.uri.path().to_owned(),
            dataset: ids.as_ref().ok().map(|Path((_, dataset))| dataset.clone()),
            user: user.map(|user| user.user.id.clone()),
            headers: redacted(&parts.headers),
            status: None,
            took_effect: false,
        });
        let strict = current.settings.strict;
        let readable = body.and_then(|body| {
            if strict {
                deviation(operation, &parts, &body)?;
            }
            let Path(ids) = ids.map_err(|_| Refusal::new(400, "The path is not valid UTF-8"))?;
            Ok((ids, body))
        });
        let (ids, body, next) = match readable {
            Ok((ids, body)) => {
                let fault = current.next_fault(operation, &ids.1);
                (ids, body, fault.map_or(Next::Respond, Next::Inject))
            }
            Err(refusal) => (Default::default(), Vec::new(), Next::Refuse(refusal)),
        };
        drop(current);
        run.changed.notify_waiters();
        let call = Call {
            line: line(&parts.method, &parts.uri),
            service: self,
            run,
            id,
            operation,
            ids,
            headers: parts.headers,
            body,
        };
        (call, next)
    }
}

/// Returns the response that isn't a fault.
fn regular(
    current: &mut Current,
    dataset: &str,
    result: Result<Option<Lock>, Refusal>,
) -> Response<Body> {
    let profile = current.settings.profile;
    let mut response = match result {
        Ok(Some(lock)) => profile.draft_state(dataset, &lock),
        Ok(None) => Response::new(Body::empty()),
        Err(refusal) => profile.refusal(&refusal),
    };
    if profile == Profile::Observed {
        current.count(Utc::now()).add_to(response.headers_mut());
    }
    response
}

fn line(method: &Method, uri: &Uri) -> String {
    format!("{method} {}", uri.path())
}

impl Call {
    async fn inject(self, fault: Fault) -> Response<Body> {
        match (&fault.kind, fault.effect) {
            (Kind::Delay(time), Effect::Default) => self.respond_after(*time).await,
            (Kind::Delay(time), Effect::After(late)) => self.respond_after(*time + late).await,
            (Kind::Delay(time), Effect::Before) => {
                let response = self.take_effect(None);
                tokio::time::sleep(*time).await;
                response
            }
            (_, Effect::Before) => self.take_effect(Some(&fault)),
            (_, Effect::Default) => self.respond_with(&fault),
            (_, Effect::After(late)) => {
                let response = self.respond_with(&fault);
                drop(self.after(late, |call| call.perform(&mut call.run.current())));
                response
            }
        }
    }

    async fn respond_after(self, time: Duration) -> Response<Body> {
        let response = self.after(time, |call| call.take_effect(None)).await;
        // The task is gone only if the sandbox has ended, and the connection with it.
        response.unwrap_or_else(|_| Fault::reset().response(Profile::default()))
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
            let response = act(&self);
            self.run.changed.notify_waiters();
            // Nobody receives it if the connection is closed.
            let _ = sender.send(response);
        };
        // Nobody takes the task if the sandbox has ended.
        let _ = tasks.send(Box::pin(task));
        receiver
    }

    /// Takes effect and decides the response in one step.
    fn take_effect(&self, fault: Option<&Fault>) -> Response<Body> {
        let mut current = self.run.current();
        let regular = self.perform(&mut current);
        let profile = current.settings.profile;
        self.decide(
            current,
            fault.map_or(regular, |fault| fault.response(profile)),
        )
    }

    fn respond_with(&self, fault: &Fault) -> Response<Body> {
        let current = self.run.current();
        let response = fault.response(current.settings.profile);
        self.decide(current, response)
    }

    /// Records the response.
    fn decide(
        &self,
        mut current: MutexGuard<'_, Current>,
        response: Response<Body>,
    ) -> Response<Body> {
        let hangup = response.extensions().get::<Hangup>().is_some();
        let status = (!hangup).then(|| response.status().as_u16());
        let mut user = None;
        if let Some(record) = current.record(self.id) {
            record.status = status;
            user.clone_from(&record.user);
        }
        drop(current);
        self.run.changed.notify_waiters();
        self.service.log(LogEntry {
            request: self.line.clone(),
            operation: Some(self.operation),
            user,
            status,
        });
        response
    }

    /// Carries the operation out. Returns the regular response.
    fn perform(&self, current: &mut Current) -> Response<Body> {
        let (project, dataset) = (self.ids.0.as_str(), self.ids.1.as_str());
        let action = match self.operation {
            Operation::Lock => Action::Lock,
            Operation::Unlock => Action::Unlock,
            Operation::Restore => Action::Restore(requested_version(dataset, &self.body)),
        };
        let status = current.settings.assumptions.invalid_keys;
        let user = self.run.user(&self.headers, status);
        let done = user.and_then(|user| current.perform(self.id, (project, dataset), user, action));
        regular(current, dataset, done)
    }
}
