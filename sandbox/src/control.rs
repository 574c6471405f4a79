//! The control API under `/__sandbox/v1/`, which `openapi.yaml` describes.

mod requests;
mod scripted;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::{HeaderValue, Response, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::initial::{InitialDataset, InitialState, InvalidState};
use crate::operations::Service;
use crate::response::json_response;
use crate::run::{Current, Run, Settings};
use crate::server::{LastResponse, Peer};
use crate::world::DEFAULT;

use requests::requests;
use scripted::{Scripted, scripted, shown};

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 64 << 20;

pub(crate) fn router(service: &Arc<Service>) -> Router {
    let routes = Router::new()
        .route("/health", get(health))
        .route("/shutdown", post(shutdown))
        .route("/worlds", post(create_world))
        .route("/worlds/{world}", delete(delete_world))
        .route("/settings", get(settings).patch(change_settings))
        .route("/state", get(state).put(put_state))
        .route(
            "/state/{project_id}/{dataset_id}",
            get(dataset).put(put_dataset),
        )
        .route("/requests", get(requests))
        .route("/faults", get(faults).post(add_fault).delete(forget_faults))
        .route("/reset", post(reset))
        .fallback(|| async { Failure(404, "there is no such path; see openapi.yaml".to_owned()) })
        .method_not_allowed_fallback(|| async {
            Failure(
                405,
                "the path doesn't have this method; see openapi.yaml".to_owned(),
            )
        })
        .layer(middleware::from_fn(only_from_this_machine))
        .with_state(Arc::clone(service));
    Router::new().nest("/__sandbox/v1", routes)
}

/// A status and a message.
#[derive(Debug)]
struct Failure(u16, String);

type Result<T> = std::result::Result<T, Failure>;

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        respond(self.0, &json!({ "error": self.1 }))
    }
}

impl From<InvalidState> for Failure {
    fn from(error: InvalidState) -> Self {
        Self(400, error.to_string())
    }
}

fn respond(status: u16, body: &Value) -> Response<Body> {
    json_response(status, "application/json", body)
}

/// Refuses other machines, and web pages that reach this one under another name.
async fn only_from_this_machine(request: Request, next: Next) -> Response<Body> {
    let peer = request.extensions().get::<Peer>();
    if !peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback()) {
        let problem = "only this machine may control the sandbox".to_owned();
        return Failure(403, problem).into_response();
    }
    if !request.headers().get(header::HOST).is_some_and(is_loopback) {
        let problem = "the Host header must name localhost or a loopback address".to_owned();
        return Failure(403, problem).into_response();
    }
    next.run(request).await
}

fn is_loopback(host: &HeaderValue) -> bool {
    let Ok(authority) = host
        .as_bytes()
        .try_into()
        .map(|it: axum::http::uri::Authority| it)
    else {
        return false;
    };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The world that a request is about.
struct InWorld {
    service: Arc<Service>,
    id: String,
    run: Arc<Run>,
}

impl FromRequestParts<Arc<Service>> for InWorld {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        service: &Arc<Service>,
    ) -> Result<Self> {
        let pairs: Query<Vec<(String, String)>> = Query::try_from_uri(&parts.uri)
            .map_err(|error| Failure(400, format!("the query can't be read: {error}")))?;
        let mut id = DEFAULT.to_owned();
        for (name, value) in pairs.0 {
            match name.as_str() {
                "world" => id = value,
                // The filters have a check of their own.
                _ if parts.uri.path() == "/requests" => {}
                _ => {
                    let problem =
                        format!("the query has an unknown field {name:?}; write world=ID");
                    return Err(Failure(400, problem));
                }
            }
        }
        let run = service.worlds.run(&id).ok_or_else(|| no_world(&id))?;
        Ok(Self {
            service: Arc::clone(service),
            id,
            run,
        })
    }
}

fn no_world(id: &str) -> Failure {
    Failure(
        404,
        format!("there is no world {id:?}; create it with POST /worlds"),
    )
}

/// Reads a JSON body; an absent one as an empty object.
async fn read<T: DeserializeOwned>(body: Body) -> Result<T> {
    let bytes = body::to_bytes(body, MAX_BODY)
        .await
        .map_err(|error| Failure(400, format!("the body can't be read: {error}")))?;
    let bytes = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Failure(400, format!("the body can't be used: {error}")))?;
    json.end()
        .map_err(|error| Failure(400, format!("the body can't be used: {error}")))?;
    Ok(value)
}

async fn health() -> Response<Body> {
    let version = env!("CARGO_PKG_VERSION");
    respond(200, &json!({ "status": "ok", "version": version }))
}

async fn shutdown() -> Response<Body> {
    let mut response = respond(202, &json!({ "status": "stopping" }));
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response.extensions_mut().insert(LastResponse);
    response
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewWorld {
    state: Option<InitialState>,
    settings: Option<Value>,
    faults: Vec<Scripted>,
}

async fn create_world(State(service): State<Arc<Service>>, body: Body) -> Result<Response<Body>> {
    let new: NewWorld = read(body).await?;
    let mut settings = service.worlds.default_run().current().settings;
    if let Some(changes) = new.settings {
        settings = changed(settings, changes)?;
    }
    let faults = scripted(new.faults)?;
    let id = service.worlds.create(new.state, settings)?;
    let run = service.worlds.run(&id).ok_or_else(|| no_world(&id))?;
    let mut current = run.current();
    for (operation, fault) in faults {
        current.script(operation, [fault]);
    }
    Ok(respond(201, &overview(&id, &run, &current)))
}

async fn delete_world(
    State(service): State<Arc<Service>>,
    path: std::result::Result<Path<String>, PathRejection>,
) -> Result<Response<Body>> {
    let Ok(Path(id)) = path else {
        return Err(Failure(400, "the path is not valid UTF-8".to_owned()));
    };
    if id == DEFAULT {
        return Err(Failure(
            409,
            "the default world can't be deleted; reset it".to_owned(),
        ));
    }
    if !service.worlds.delete(&id) {
        return Err(no_world(&id));
    }
    Ok(respond(200, &json!({ "deleted": id })))
}

async fn settings(world: InWorld) -> Response<Body> {
    respond(200, &json!(world.run.current().settings))
}

async fn change_settings(world: InWorld, body: Body) -> Result<Response<Body>> {
    let changes = read(body).await?;
    let mut current = world.run.current();
    current.settings = changed(current.settings, changes)?;
    Ok(respond(200, &json!(current.settings)))
}

/// Returns the settings with the given ones changed.
fn changed(settings: Settings, changes: Value) -> Result<Settings> {
    let invalid = |error: String| Failure(400, format!("the settings can't be used: {error}"));
    let mut value = json!(settings);
    let (Value::Object(all), Value::Object(changes)) = (&mut value, changes) else {
        return Err(invalid("expected an object".to_owned()));
    };
    for (name, change) in changes {
        match (all.get_mut(&name), change) {
            (Some(Value::Object(within)), Value::Object(changes)) => within.extend(changes),
            (_, change) => {
                all.insert(name, change);
            }
        }
    }
    serde_path_to_error::deserialize(value).map_err(|error| invalid(error.to_string()))
}

async fn state(world: InWorld) -> Response<Body> {
    let current = world.run.current();
    respond(200, &overview(&world.id, &world.run, &current))
}

/// The state of a world, without its recorded requests.
fn overview(id: &str, run: &Run, current: &Current) -> Value {
    let mut projects: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for ((project, dataset), state) in current.datasets() {
        let state = state.state(current.settings.assumptions);
        projects
            .entry(project)
            .or_default()
            .insert(dataset, json!(state));
    }
    json!({
        "world": id,
        "settings": current.settings,
        "api_keys": run.initial().api_keys,
        "users": run.initial().users,
        "projects": projects,
        "faults": shown(&current.unmet()),
    })
}

async fn put_state(world: InWorld, body: Body) -> Result<Response<Body>> {
    let initial: InitialState = read(body).await?;
    restart(&world, Some(initial))
}

async fn reset(world: InWorld) -> Result<Response<Body>> {
    restart(&world, None)
}

fn restart(world: &InWorld, initial: Option<InitialState>) -> Result<Response<Body>> {
    let old = world.service.worlds.restart(&world.id, initial)?;
    let old = old.ok_or_else(|| no_world(&world.id))?;
    let unmet = old.current().unmet();
    Ok(respond(200, &json!({ "unmet_faults": shown(&unmet) })))
}

type Ids = std::result::Result<Path<(String, String)>, PathRejection>;

fn ids(ids: Ids) -> Result<(String, String)> {
    match ids {
        Ok(Path(ids)) => Ok(ids),
        Err(_) => Err(Failure(400, "the path is not valid UTF-8".to_owned())),
    }
}

async fn dataset(world: InWorld, path: Ids) -> Result<Response<Body>> {
    let (project, id) = ids(path)?;
    show(&world, &project, &id)
}

fn show(world: &InWorld, project: &str, id: &str) -> Result<Response<Body>> {
    let current = world.run.current();
    let dataset = current.dataset(project, id).ok_or_else(|| {
        Failure(
            404,
            format!("there is no dataset {id:?} in a project {project:?}"),
        )
    })?;
    let state = dataset.state(current.settings.assumptions);
    Ok(respond(200, &json!(state)))
}

async fn put_dataset(world: InWorld, path: Ids, body: Body) -> Result<Response<Body>> {
    let (project, id) = ids(path)?;
    let dataset: InitialDataset = read(body).await?;
    world.run.initial().check_dataset("", &dataset)?;
    world.run.set_dataset(&project, &id, &dataset);
    show(&world, &project, &id)
}

async fn faults(world: InWorld) -> Response<Body> {
    let unmet = world.run.current().unmet();
    respond(200, &json!({ "faults": shown(&unmet) }))
}

async fn add_fault(world: InWorld, body: Body) -> Result<Response<Body>> {
    let new = scripted(vec![read(body).await?])?;
    let mut current = world.run.current();
    for (operation, fault) in new {
        current.script(operation, [fault]);
    }
    Ok(respond(201, &json!({ "faults": shown(&current.unmet()) })))
}

async fn forget_faults(world: InWorld) -> Response<Body> {
    let mut current = world.run.current();
    let unmet = current.unmet();
    current.forget_faults();
    respond(200, &json!({ "unmet_faults": shown(&unmet) }))
}
