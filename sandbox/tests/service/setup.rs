//! Requests as a plain HTTP client sends them.

use std::time::Duration;

use llmobs_sandbox::{DatasetState, InitialState, Operation, Sandbox};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const PROJECT: &str = InitialState::PROJECT_ID;
pub(crate) const DATASET: &str = InitialState::DATASET_ID;
pub(crate) const OPERATIONS: [Operation; 3] =
    [Operation::Lock, Operation::Unlock, Operation::Restore];

pub(crate) fn url(sandbox: &Sandbox, operation: Operation) -> (Method, String) {
    let (method, path) = match operation {
        Operation::Lock => (Method::PATCH, "draft_state/lock"),
        Operation::Unlock => (Method::PATCH, "draft_state/unlock"),
        Operation::Restore => (Method::POST, "restore"),
        other => panic!("add the path of {other:?} here"),
    };
    let base = sandbox.url();
    (
        method,
        format!("{base}/api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}/{path}"),
    )
}

/// The client of this thread, and so of this test and its runtime: one is costly to build.
pub(crate) fn http() -> Client {
    thread_local! {
        static HTTP: Client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
    }
    HTTP.with(Client::clone)
}

pub(crate) fn body(version: i64) -> Value {
    json!({ "data": { "attributes": { "dataset_version": version }, "id": DATASET, "type": "datasets" } })
}

/// A request by the user of this index, without a body.
pub(crate) fn request(sandbox: &Sandbox, user: usize, operation: Operation) -> RequestBuilder {
    let (method, url) = url(sandbox, operation);
    http()
        .request(method, url)
        .header("dd-api-key", sandbox.api_key())
        .header("dd-application-key", &sandbox.users()[user].application_key)
}

pub(crate) async fn call(sandbox: &Sandbox, user: usize, operation: Operation) -> u16 {
    let request = request(sandbox, user, operation);
    let request = match operation {
        Operation::Restore => request.json(&body(1)),
        _ => request,
    };
    request.send().await.unwrap().status().as_u16()
}

/// The only error of an answer: status, detail, pointer.
pub(crate) async fn refused(response: Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    let [error] = body["errors"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    assert_eq!(error["status"], status.to_string());
    let detail = error["detail"].as_str().unwrap().to_owned();
    (status, detail, error["source"]["pointer"].clone())
}

pub(crate) fn holder(sandbox: &Sandbox) -> Option<String> {
    sandbox
        .dataset(PROJECT, DATASET)
        .unwrap()
        .holder()
        .map(str::to_owned)
}

pub(crate) fn version(sandbox: &Sandbox) -> usize {
    state(sandbox).version()
}

pub(crate) fn state(sandbox: &Sandbox) -> DatasetState {
    sandbox.dataset(PROJECT, DATASET).unwrap()
}

/// Waits until this holds; the timeout ends a test in which it never does.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .unwrap();
}

/// Sends a request and hangs up once the sandbox has received it.
pub(crate) async fn hang_up(sandbox: &Sandbox, operation: Operation) {
    let before = sandbox.requests().len();
    let request = match operation {
        Operation::Restore => request(sandbox, 0, operation).json(&body(1)),
        _ => request(sandbox, 0, operation),
    };
    tokio::select! {
        response = request.send() => panic!("{response:?}"),
        () = until(|| sandbox.requests().len() > before) => {}
    }
}
