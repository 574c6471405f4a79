//! The sandbox conforms to the spec, and the wrapper's outcomes are never wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, Operation, RetryPolicy};
use llmobs_sandbox::{DatasetState, Fault, InitialState, Operation as Scripted, Sandbox};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::setup::{OPERATIONS, call, reported_effect, took_effect, writes};
use crate::spec;

fn client(sandbox: &Sandbox, user: usize, retry: RetryPolicy) -> Client {
    let keys =
        Credentials::new(sandbox.api_key(), &*sandbox.users()[user].application_key).unwrap();
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    // On loopback, a response arrives at once or never.
    let timeout = Duration::from_secs(2);
    Client::builder(keys)
        .endpoint(base_url)
        .retry(retry)
        .attempt_timeout(timeout)
        .max_response_bytes(1 << 16)
        .build()
        .unwrap()
}

fn dataset(sandbox: &Sandbox, user: usize) -> Dataset {
    let client = client(sandbox, user, RetryPolicy::none());
    client.dataset(PROJECT_ID.parse().unwrap(), DATASET_ID.parse().unwrap())
}

fn now(sandbox: &Sandbox) -> DatasetState {
    sandbox.dataset(PROJECT_ID, DATASET_ID).unwrap()
}

/// The sandbox's operation of the same name, which is one word there.
pub(crate) fn scripted(operation: Operation) -> Scripted {
    operation.to_string().replace(' ', "-").parse().unwrap()
}

/// Checks that the response to an operation is one that the spec describes.
fn fits_the_spec(
    spec: &Value,
    operation: &Value,
    status: u16,
    media_type: Option<&str>,
    body: &str,
) {
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{status} is not described");
    let response = spec::resolve(spec, response);
    let Some(content) = response.get("content") else {
        assert_eq!((media_type, body), (None, ""));
        return;
    };
    let content = &content[media_type.unwrap()];
    let schema = json!({ "allOf": [content["schema"]], "components": spec["components"] });
    let validator = jsonschema::draft4::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{status} {body}: {faults:?}");
}

#[tokio::test]
async fn each_response_of_the_documented_profile_fits_the_spec() {
    let spec = spec::load();
    let request = include_str!("documentation/restore-request.json");
    let mut seen = std::collections::BTreeSet::new();
    for (path, method, _, operation) in spec::operations(&spec) {
        let method: Method = method.to_uppercase().parse().unwrap();
        let mut state = InitialState::default();
        state.users[1].permitted = false;
        let forbidden = state.users[1].application_key.clone();
        let sandbox = Sandbox::builder().state(state).start().await.unwrap();
        let (api, app) = (
            sandbox.api_key().to_owned(),
            sandbox.application_key().to_owned(),
        );
        let rows = [
            (&*api, &*app, DATASET_ID, request),
            (&*api, &*app, DATASET_ID, "{}"),
            (&*api, &*app, DATASET_ID, "no json"),
            ("", &*app, DATASET_ID, request),
            ("x", &*app, DATASET_ID, request),
            (&*api, &*forbidden, DATASET_ID, request),
            (&*api, &*app, "x", request),
        ];
        let limited = rows.len();
        for (row, (api, app, dataset, body)) in rows.into_iter().chain([rows[0]]).enumerate() {
            if row == limited {
                let called = OPERATIONS
                    .into_iter()
                    .find(|it| it.url_template() == path && it.method() == method);
                sandbox.script(
                    scripted(called.unwrap()),
                    [Fault::rate_limited(Duration::from_secs(1))],
                );
            }
            let path = path
                .replace("{project_id}", PROJECT_ID)
                .replace("{dataset_id}", dataset);
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let mut request = http.request(method.clone(), format!("{}{path}", sandbox.url()));
            if operation.get("requestBody").is_some() {
                request = request.body(body);
            }
            if !api.is_empty() {
                request = request.header("dd-api-key", api);
            }
            let response = request
                .header("dd-application-key", app)
                .send()
                .await
                .unwrap();
            let status = response.status().as_u16();
            let media_type = response.headers().get("content-type").cloned();
            let media_type = media_type.as_ref().map(|value| value.to_str().unwrap());
            let body = response.text().await.unwrap();
            fits_the_spec(&spec, operation, status, media_type, &body);
            seen.insert(status);
        }
    }
    assert_eq!(Vec::from_iter(seen), [200, 400, 401, 403, 404, 429]);
}

/// The faults of a server that isn't malicious, before and after the effect. It never reports a refusal of a
/// call that took effect, or the success of one that did not: no client could detect such a lie.
pub(crate) fn faults() -> Vec<Fault> {
    let refusals = [
        Fault::status(400).body("{\"errors\":[\"No\"]}"),
        Fault::status(404),
        Fault::status(409),
        Fault::rate_limited(Duration::from_secs(1)),
    ];
    let successes = [Fault::empty(), Fault::truncated()].map(Fault::after_effect);
    let neither = [
        Fault::status(408),
        Fault::status(500),
        Fault::status(502).body("<html>"),
        Fault::status(503),
        Fault::reset(),
        Fault::html(),
        Fault::redirect("http://127.0.0.1:1/"),
        Fault::status(200).body("{\"errors\":[\"No\"]}"),
    ];
    let after = neither.clone().map(Fault::after_effect);
    let late = [Fault::delay(Duration::from_millis(1))];
    [&refusals[..], &successes, &neither, &after, &late].concat()
}

/// The faults whose bodies are beyond the cap.
fn large_faults() -> Vec<Fault> {
    let before = [Fault::endless(), Fault::huge(1 << 20)];
    let after = before.clone().map(Fault::after_effect);
    [before, after].concat()
}

#[tokio::test]
async fn the_outcome_is_never_wrong() {
    for operation in writes() {
        for fault in faults().into_iter().chain(large_faults()) {
            let sandbox = Sandbox::start().await.unwrap();
            let dataset = dataset(&sandbox, 0);
            if operation == Operation::Unlock {
                dataset.lock().await.unwrap();
            }
            let before = now(&sandbox);
            sandbox.script(scripted(operation), [fault.clone()]);
            let result = call(&dataset, operation).await;
            let effect = took_effect(operation, &before, &now(&sandbox));
            let right = reported_effect(&result).is_none_or(|reported| reported == effect);
            assert!(right, "{operation} {fault:?}: {result:?}, effect: {effect}");
        }
    }
}

/// The fault that a random call hits, if any: mostly none.
pub(crate) fn random_fault(runner: &mut TestRunner, faults: &[Fault]) -> Fault {
    let index = (0..4 * faults.len()).new_tree(runner).unwrap().current();
    faults
        .get(index)
        .cloned()
        .unwrap_or(Fault::delay(Duration::ZERO))
}

#[tokio::test]
async fn ten_thousand_calls_of_64_tasks_leave_all_rules_intact() {
    const CALLS: usize = 10_000;
    let sandbox = Sandbox::start().await.unwrap();
    let mut runner = TestRunner::deterministic();
    let script_faults = faults();
    for operation in OPERATIONS {
        let faults: Vec<Fault> = (0..CALLS)
            .map(|_| random_fault(&mut runner, &script_faults))
            .collect();
        sandbox.script(scripted(operation), faults);
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let users = [0, 1].map(|user| dataset(&sandbox, user));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..64 {
        let (dataset, calls) = (users[task % 2].clone(), Arc::clone(&calls));
        tasks.spawn(async move {
            let (mut applied, mut unknown) = (0, 0);
            while calls.fetch_add(3, Ordering::SeqCst) < CALLS {
                for operation in [Operation::Lock, Operation::Restore, Operation::Unlock] {
                    let result = call(&dataset, operation).await;
                    if operation == Operation::Restore {
                        applied += usize::from(reported_effect(&result) == Some(true));
                        unknown += usize::from(reported_effect(&result).is_none());
                    }
                }
            }
            (applied, unknown)
        });
    }
    let (mut applied, mut unknown) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        let (of_task, not_known) = done.unwrap();
        applied += of_task;
        unknown += not_known;
    }

    let requests = sandbox.requests();
    assert!(requests.len() >= CALLS, "{} calls", requests.len());
    // One version per restore that succeeded, and per some of those with an unknown outcome.
    let versions = now(&sandbox).versions;
    let effects = versions.len() - 3;
    let counts = format!("{applied} applied, {unknown} unknown, {effects} effects");
    assert!(applied > 0 && unknown > 0, "{counts}");
    assert!(
        applied <= effects && effects <= applied + unknown,
        "{counts}"
    );
    // No version was changed, and each new one has the records of the restored version.
    let initial = &InitialState::default().projects[PROJECT_ID][DATASET_ID].versions;
    assert_eq!(versions[..3], initial[..]);
    assert!(versions[3..].iter().all(|records| *records == initial[1]));
}
