//! Listing and awaiting requests.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::Response;
use serde::Deserialize;
use serde_json::json;

use super::{Failure, InWorld, Result, no_world, respond};
use crate::fault::Operation;
use crate::run::{ReceivedRequest, Run};

/// The longest that a request for requests waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Read by [`InWorld`].
    #[serde(rename = "world")]
    _world: Option<String>,
    operation: Option<Operation>,
    user: Option<String>,
    dataset: Option<String>,
    status: Option<u16>,
    took_effect: Option<bool>,
    after: Option<u64>,
    #[serde(default)]
    count: usize,
    timeout_ms: Option<u64>,
}

impl Filter {
    fn accepts(&self, request: &ReceivedRequest) -> bool {
        self.operation.is_none_or(|it| it == request.operation)
            && self
                .user
                .as_ref()
                .is_none_or(|it| request.user.as_ref() == Some(it))
            && self
                .dataset
                .as_ref()
                .is_none_or(|it| request.dataset.as_ref() == Some(it))
            && self.status.is_none_or(|it| request.status == Some(it))
            && self.took_effect.is_none_or(|it| request.took_effect == it)
            && self.after.is_none_or(|it| request.id > it)
    }
}

pub(super) async fn requests(
    world: InWorld,
    filter: std::result::Result<Query<Filter>, QueryRejection>,
) -> Result<Response<Body>> {
    let Query(filter) = filter.map_err(|error| {
        Failure(
            400,
            format!("the query can't be used: {}", error.body_text()),
        )
    })?;
    let wait = filter
        .timeout_ms
        .map_or(Duration::from_secs(10), Duration::from_millis);
    let deadline = tokio::time::Instant::now() + wait.min(MAX_WAIT);
    loop {
        // A reset begins a new run.
        let run = world.service.worlds.run(&world.id);
        let run = run.ok_or_else(|| no_world(&world.id))?;
        let mut changed = std::pin::pin!(run.changed.notified());
        changed.as_mut().enable();
        let found = found(&run, &filter);
        let enough = found.len() >= filter.count;
        if enough || tokio::time::timeout_at(deadline, changed).await.is_err() {
            return Ok(respond(
                200,
                &json!({ "complete": enough, "requests": found }),
            ));
        }
    }
}

fn found(run: &Run, filter: &Filter) -> Vec<ReceivedRequest> {
    let current = run.current();
    let requests = current.requests().iter();
    requests.filter(|it| filter.accepts(it)).cloned().collect()
}
