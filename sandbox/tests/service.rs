//! Each answer, each change of state and each fault, as a plain HTTP client meets them.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use llmobs_sandbox::{
    Assumptions, DatasetState, Fault, InitialDataset, InitialState, OnConflict, OnRelock,
    Operation, Profile, Sandbox,
};
use proptest::prelude::*;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

const PROJECT: &str = InitialState::PROJECT_ID;
const DATASET: &str = InitialState::DATASET_ID;
const OPERATIONS: [Operation; 3] = [Operation::Lock, Operation::Unlock, Operation::Restore];

fn url(sandbox: &Sandbox, operation: Operation) -> (Method, String) {
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
fn http() -> Client {
    thread_local! {
        static HTTP: Client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
    }
    HTTP.with(Client::clone)
}

fn body(version: i64) -> Value {
    json!({ "data": { "attributes": { "dataset_version": version }, "id": DATASET, "type": "datasets" } })
}

/// A request by the user of this index, without a body.
fn request(sandbox: &Sandbox, user: usize, operation: Operation) -> RequestBuilder {
    let (method, url) = url(sandbox, operation);
    http()
        .request(method, url)
        .header("dd-api-key", sandbox.api_key())
        .header("dd-application-key", &sandbox.users()[user].application_key)
}

async fn call(sandbox: &Sandbox, user: usize, operation: Operation) -> u16 {
    let request = request(sandbox, user, operation);
    let request = match operation {
        Operation::Restore => request.json(&body(1)),
        _ => request,
    };
    request.send().await.unwrap().status().as_u16()
}

/// The only error of an answer: status, detail, pointer.
async fn refused(response: Response) -> (u16, String, Value) {
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

fn holder(sandbox: &Sandbox) -> Option<String> {
    sandbox
        .dataset(PROJECT, DATASET)
        .unwrap()
        .holder()
        .map(str::to_owned)
}

fn version(sandbox: &Sandbox) -> usize {
    state(sandbox).version()
}

fn state(sandbox: &Sandbox) -> DatasetState {
    sandbox.dataset(PROJECT, DATASET).unwrap()
}

/// Waits until this holds; the timeout ends a test in which it never does.
async fn until(holds: impl Fn() -> bool) {
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
async fn hang_up(sandbox: &Sandbox, operation: Operation) {
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

#[tokio::test]
async fn a_lock_has_one_holder() {
    let sandbox = Sandbox::start().await.unwrap();
    let jane = sandbox.users()[0].user.clone();

    let first: Value = request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(first["data"]["id"], DATASET);
    assert_eq!(first["data"]["type"], "draft_state_data");
    assert_eq!(first["data"]["attributes"]["user"], json!(jane));
    assert_eq!(holder(&sandbox), Some(jane.id.clone()));
    let lock = sandbox.dataset(PROJECT, DATASET).unwrap().lock.unwrap();

    // Again by the holder: the lock stays as it is.
    let again: Value = request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(
        sandbox.dataset(PROJECT, DATASET).unwrap().lock.unwrap(),
        lock
    );

    for operation in [Operation::Lock, Operation::Unlock] {
        let answer = refused(request(&sandbox, 1, operation).send().await.unwrap()).await;
        let detail = format!("The draft of the dataset is locked by user {}", jane.id);
        assert_eq!(answer, (409, detail, Value::Null));
    }
    assert_eq!(call(&sandbox, 1, Operation::Restore).await, 409);
    assert_eq!((holder(&sandbox), version(&sandbox)), (Some(jane.id), 2));

    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(holder(&sandbox), None);
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(call(&sandbox, 1, Operation::Lock).await, 200);
}

#[tokio::test]
async fn a_restore_adds_a_version() {
    let sandbox = Sandbox::start().await.unwrap();
    let before = sandbox.dataset(PROJECT, DATASET).unwrap();
    let answer = request(&sandbox, 0, Operation::Restore)
        .json(&body(1))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "");
    let after = sandbox.dataset(PROJECT, DATASET).unwrap();
    assert_eq!(after.version(), 3);
    assert_eq!(after.records(), before.versions[1]);
    assert_eq!(after.versions[..3], before.versions[..]);
    // The current version is the last that can be restored.
    assert_eq!(
        request(&sandbox, 0, Operation::Restore)
            .json(&body(3))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(version(&sandbox), 4);
}

#[tokio::test]
async fn a_body_at_fault_is_refused_at_its_place() {
    let sandbox = Sandbox::start().await.unwrap();
    let rows = [
        (
            body(3).to_string(),
            "/data/attributes/dataset_version",
            "between 0 and 2",
        ),
        (
            body(-1).to_string(),
            "/data/attributes/dataset_version",
            "between 0 and 2",
        ),
        (
            body(1 << 40).to_string(),
            "/data/attributes/dataset_version",
            "expected i32",
        ),
        (
            body(1).to_string().replace(DATASET, "other"),
            "/data/id",
            "not the one in the path",
        ),
        (
            body(1).to_string().replace("datasets", "projects"),
            "/data/type",
            "projects",
        ),
        (
            body(1).to_string().replace("dataset_version", "version"),
            "/data/attributes",
            "missing field",
        ),
        (
            r#"{"data":{"attributes":{"dataset_version":"1"}}}"#.to_owned(),
            "/data/attributes/dataset_version",
            "invalid type",
        ),
        ("{}".to_owned(), "", "missing field `data`"),
        ("[]".to_owned(), "", "must be an object"),
        (
            format!("[[[1],\"{DATASET}\",\"datasets\"]]"),
            "",
            "must be an object",
        ),
        ("{\"data\"".to_owned(), "", "EOF"),
        (String::new(), "", "EOF"),
    ];
    for (body, pointer, words) in rows {
        let response = request(&sandbox, 0, Operation::Restore)
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let (status, detail, found) = refused(response).await;
        assert_eq!((status, found), (400, json!(pointer)), "{body}");
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(version(&sandbox), 2);
}

#[tokio::test]
async fn keys_and_ids_are_checked() {
    let sandbox = Sandbox::start().await.unwrap();
    for operation in OPERATIONS {
        let (method, url) = url(&sandbox, operation);
        let send = |keys: &[(&'static str, &str)], url: &str| {
            let request = http().request(method.clone(), url).json(&body(1));
            let request = keys
                .iter()
                .fold(request, |request, (name, key)| request.header(*name, *key));
            async { refused(request.send().await.unwrap()).await.0 }
        };
        let api = ("dd-api-key", sandbox.api_key());
        let app = ("dd-application-key", sandbox.application_key());
        assert_eq!(send(&[], &url).await, 401);
        assert_eq!(send(&[api], &url).await, 401);
        assert_eq!(send(&[app], &url).await, 401);
        assert_eq!(send(&[("dd-api-key", "x"), app], &url).await, 403);
        assert_eq!(send(&[api, ("dd-application-key", "x")], &url).await, 403);
        assert_eq!(send(&[api, app], &url.replace(PROJECT, "x")).await, 404);
        assert_eq!(send(&[api, app], &url.replace(DATASET, "x")).await, 404);
        assert_eq!(send(&[api, app], &format!("{url}/x")).await, 404);
        // A method that no operation has.
        let wrong = http().request(Method::OPTIONS, &url);
        let wrong = refused(wrong.send().await.unwrap()).await;
        assert_eq!(wrong.0, 405);
    }
    assert_eq!((holder(&sandbox), version(&sandbox)), (None, 2));
}

#[tokio::test]
async fn requests_are_kept_without_the_keys() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    call(&sandbox, 1, Operation::Restore).await;
    let (method, url) = url(&sandbox, Operation::Unlock);
    http().request(method, url).send().await.unwrap();

    let requests = sandbox.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.operation, request.user.is_some(), request.status))
        .collect();
    assert_eq!(
        seen,
        [
            (Operation::Lock, true, Some(200)),
            (Operation::Restore, true, Some(409)),
            (Operation::Unlock, false, Some(401)),
        ]
    );
    assert!(requests[0].path.ends_with("/draft_state/lock"));
    let key = ("dd-api-key".to_owned(), "[redacted]".to_owned());
    assert!(requests[0].headers.contains(&key));
    let text = format!("{requests:?}");
    for user in sandbox.users() {
        assert!(!text.contains(&user.application_key));
    }

    assert_eq!(sandbox.take_requests(), requests);
    assert_eq!(sandbox.requests(), []);
    assert!(!text.contains(sandbox.api_key()));
}

#[tokio::test]
async fn assumptions_can_be_switched() {
    let allow = OnConflict::Allow;
    let sandbox = Sandbox::builder()
        .assumptions(
            Assumptions::default()
                .lock_of_another(allow)
                .unlock_of_another(allow)
                .restore_under_another(allow),
        )
        .start()
        .await
        .unwrap();
    for user in [0, 1] {
        assert_eq!(call(&sandbox, user, Operation::Lock).await, 200);
        assert_eq!(holder(&sandbox).unwrap(), sandbox.users()[user].user.id);
    }
    assert_eq!(call(&sandbox, 0, Operation::Restore).await, 200);
    assert_eq!(
        (holder(&sandbox).unwrap(), version(&sandbox)),
        (sandbox.users()[1].user.id.clone(), 3)
    );
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(holder(&sandbox), None);

    let refuse = Assumptions::default()
        .lock_of_another(OnConflict::Refuse(423))
        .unlock_of_another(OnConflict::Refuse(403))
        .restore_under_another(OnConflict::Refuse(412));
    let sandbox = Sandbox::builder()
        .assumptions(refuse)
        .start()
        .await
        .unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    assert_eq!(call(&sandbox, 1, Operation::Lock).await, 423);
    assert_eq!(call(&sandbox, 1, Operation::Unlock).await, 403);
    assert_eq!(call(&sandbox, 1, Operation::Restore).await, 412);
}

#[tokio::test]
async fn a_relock_keeps_the_time_or_starts_anew() {
    for rule in [OnRelock::KeepSince, OnRelock::StartAnew] {
        let sandbox = Sandbox::builder()
            .assumptions(Assumptions::default().relock(rule))
            .start()
            .await
            .unwrap();
        call(&sandbox, 0, Operation::Lock).await;
        let first = state(&sandbox).lock.unwrap();
        call(&sandbox, 0, Operation::Lock).await;
        let second = state(&sandbox);
        assert_eq!(
            second.lock.unwrap().since > first.since,
            rule == OnRelock::StartAnew
        );
        let [period] = &second.lock_history[..] else {
            panic!("{:?}", second.lock_history)
        };
        assert_eq!((period.from, period.until), (first.since, None));
    }
}

#[tokio::test]
async fn the_lock_history_names_users_and_requests() {
    let sandbox = Sandbox::builder()
        .assumptions(Assumptions::default().lock_of_another(OnConflict::Allow))
        .start()
        .await
        .unwrap();
    let as_task = async |task: &str, user, operation| {
        let request = request(&sandbox, user, operation).header("user-agent", task);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(as_task("none yet", 0, Operation::Unlock).await, 200);
    assert_eq!(as_task("first", 0, Operation::Lock).await, 200);
    assert_eq!(as_task("second", 0, Operation::Lock).await, 200);
    assert_eq!(as_task("other user", 1, Operation::Unlock).await, 409);
    assert_eq!(as_task("other user", 1, Operation::Lock).await, 200);
    assert_eq!(as_task("other user", 1, Operation::Unlock).await, 200);
    assert_eq!(as_task("first", 0, Operation::Lock).await, 200);

    let requests = sandbox.requests();
    let ids: Vec<u64> = requests.iter().map(|it| it.id).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6]);
    let task = |id: u64| {
        let request = &requests[usize::try_from(id).unwrap()];
        assert!(request.took_effect);
        let mut headers = request.headers.iter();
        let (_, task) = headers.find(|(name, _)| name == "user-agent").unwrap();
        task.as_str()
    };
    let history = state(&sandbox).lock_history;
    let seen: Vec<_> = history
        .iter()
        .map(|period| {
            (
                period.user == sandbox.users()[0].user.id,
                period.acquired_by.map(task),
                period.relocked_by.iter().copied().map(task).collect(),
                period.released_by.map(task),
            )
        })
        .collect();
    let expected: [(_, _, Vec<&str>, _); 3] = [
        (true, Some("first"), vec!["second"], Some("other user")),
        (false, Some("other user"), vec![], Some("other user")),
        (true, Some("first"), vec![], None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(history[0].until, Some(history[1].from));
    assert!(history[1].from <= history[1].until.unwrap());
    assert_eq!(history[2].until, None);
    assert_eq!(requests[3].status, Some(409));
    assert!(!requests[3].took_effect);
}

#[tokio::test]
async fn a_dataset_may_start_locked() {
    let mut state = InitialState::default();
    let jane = state.users[0].user.clone();
    let since = "2026-11-25T09:00:00.123456789Z".parse().unwrap();
    let dataset = InitialDataset::new([vec![], vec![]]).locked_by(&jane.id, since);
    let project = state.projects.get_mut(PROJECT).unwrap();
    project.insert(DATASET.to_owned(), dataset);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<InitialState>(&text).unwrap(), state);
    for profile in [Profile::Documented, Profile::Observed] {
        let builder = Sandbox::builder().profile(profile).state(state.clone());
        let sandbox = builder.start().await.unwrap();
        let before = self::state(&sandbox);
        assert_eq!(before.holder(), Some(&*jane.id));
        assert_eq!(before.lock_history[0].from, since);
        assert_eq!(before.lock_history[0].acquired_by, None);

        assert_eq!(call(&sandbox, 1, Operation::Lock).await, 409);
        let locked = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let locked: Value = locked.json().await.unwrap();
        let shown = locked["data"]["attributes"]["drafting_since"].as_str();
        assert_eq!(
            shown.unwrap(),
            match profile {
                Profile::Observed => "2026-11-25T09:00:00.123456789Z",
                _ => "2026-11-25T09:00:00Z",
            }
        );
        assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
        assert_eq!(holder(&sandbox), None);
    }

    let project = state.projects.get_mut(PROJECT).unwrap();
    let lock = project.get_mut(DATASET).unwrap().lock.as_mut().unwrap();
    lock.user = "nobody".to_owned();
    let error = Sandbox::builder().state(state).start().await.unwrap_err();
    assert!(error.to_string().contains("locked by nobody"), "{error}");
}

#[tokio::test]
async fn every_response_has_a_date() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.script(Operation::Lock, [Fault::status(503), Fault::empty()]);
    for _ in 0..3 {
        let response = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let date = response.headers()["date"].to_str().unwrap();
        let date = chrono::DateTime::parse_from_rfc2822(date).unwrap();
        let age = chrono::Utc::now().signed_duration_since(date);
        assert!(age.num_seconds().abs() < 60, "{date}");
    }
}

#[tokio::test]
async fn the_observed_profile_answers_like_the_recordings() {
    let sandbox = Sandbox::builder()
        .profile(Profile::Observed)
        .start()
        .await
        .unwrap();
    let locked = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
    assert_eq!(locked.headers()["content-type"], "application/vnd.api+json");
    let limits = ["limit", "period", "remaining", "reset", "name"];
    for name in limits {
        assert!(
            locked.headers().contains_key(format!("x-ratelimit-{name}")),
            "{name}"
        );
    }
    let locked: Value = locked.json().await.unwrap();
    let since = locked["data"]["attributes"]["drafting_since"]
        .as_str()
        .unwrap();
    assert!(since.contains('.'), "{since} has no fraction of a second");

    let unlocked = request(&sandbox, 0, Operation::Unlock)
        .send()
        .await
        .unwrap();
    assert!(unlocked.headers().contains_key("x-ratelimit-remaining"));

    let (method, url) = url(&sandbox, Operation::Lock);
    let forbidden = http()
        .request(method, url)
        .header("dd-api-key", "x")
        .header("dd-application-key", "x")
        .send()
        .await
        .unwrap();
    assert_eq!(forbidden.status(), 403);
    let forbidden: Value = forbidden.json().await.unwrap();
    assert_eq!(
        (&forbidden["errors"], &forbidden["code"]),
        (&json!(["Forbidden"]), &json!(403))
    );
}

#[tokio::test]
async fn faults_come_in_their_order_and_then_the_service_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let faults = [
        Fault::status(503).header("retry-after", "1").body("busy"),
        Fault::rate_limited(Duration::from_secs(9)),
        Fault::html(),
        Fault::empty(),
        Fault::redirect("http://127.0.0.1:1/x"),
        Fault::huge(100_000),
        Fault::delay(Duration::from_millis(1)),
    ];
    sandbox.script(Operation::Lock, faults);
    let mut answers = Vec::new();
    for _ in 0..8 {
        let answer = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        answers.push((status, headers, answer.text().await.unwrap()));
    }
    assert_eq!((answers[0].0, answers[0].2.as_str()), (503, "busy"));
    assert_eq!(answers[0].1["retry-after"], "1");
    assert_eq!(
        (answers[1].0, &answers[1].1["x-ratelimit-reset"]),
        (429, &"9".parse().unwrap())
    );
    assert_eq!(answers[1].2, r#"{"errors":["Too many requests"]}"#);
    assert_eq!(
        (answers[2].0, &answers[2].1["content-type"]),
        (200, &"text/html".parse().unwrap())
    );
    assert!(answers[2].2.starts_with("<!DOCTYPE html>"));
    assert_eq!((answers[3].0, answers[3].2.as_str()), (200, ""));
    assert_eq!(
        (answers[4].0, &answers[4].1["location"]),
        (307, &"http://127.0.0.1:1/x".parse().unwrap())
    );
    assert_eq!((answers[5].0, answers[5].2.len()), (200, 100_000));
    for (status, _, body) in &answers[6..] {
        assert_eq!(*status, 200);
        assert!(body.contains("draft_state_data"));
    }
}

#[tokio::test]
async fn an_answer_may_be_late_after_the_effect() {
    let sandbox = Sandbox::start().await.unwrap();
    let late = Fault::delay(Duration::from_secs(3600)).after_effect();
    sandbox.script(Operation::Lock, [late]);
    let locked = async {
        while holder(&sandbox).is_none() {
            tokio::task::yield_now().await;
        }
    };
    // The timeout ends the test where nothing takes effect.
    let request = request(&sandbox, 0, Operation::Lock).timeout(Duration::from_secs(30));
    tokio::select! {
        answer = request.send() => panic!("{answer:?}"),
        () = locked => {}
    }
}

#[tokio::test]
async fn a_delayed_call_takes_effect_although_its_client_hung_up() {
    let sandbox = Sandbox::start().await.unwrap();
    for operation in [Operation::Lock, Operation::Restore, Operation::Unlock] {
        sandbox.script(operation, [Fault::delay(Duration::from_millis(100))]);
        let before = state(&sandbox);
        hang_up(&sandbox, operation).await;
        assert_eq!(state(&sandbox), before);
        let received = sandbox.requests().pop().unwrap();
        assert_eq!((received.took_effect, received.status), (false, None));

        until(|| sandbox.requests()[usize::try_from(received.id).unwrap()].took_effect).await;
        assert_ne!(state(&sandbox), before);
        assert_eq!(sandbox.requests().pop().unwrap().status, Some(200));
    }
    assert_eq!((holder(&sandbox), version(&sandbox)), (None, 3));
}

#[tokio::test]
async fn an_effect_may_be_later_than_the_response() {
    let late = Duration::from_millis(100);
    for fault in [
        Fault::status(504),
        Fault::reset(),
        Fault::truncated(),
        Fault::delay(Duration::ZERO),
    ] {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.script(Operation::Restore, [fault.clone().late_effect(late)]);
        let request = request(&sandbox, 0, Operation::Restore).json(&body(1));
        let response = request.send().await;
        let received = sandbox.requests().pop().unwrap();
        if fault == Fault::delay(Duration::ZERO) {
            assert_eq!((received.took_effect, version(&sandbox)), (true, 3));
            continue;
        }
        let status = response.ok().map(|response| response.status().as_u16());
        assert_eq!((received.status, received.took_effect), (status, false));
        assert_eq!(version(&sandbox), 2);

        until(|| version(&sandbox) == 3).await;
        let received = sandbox.requests().pop().unwrap();
        assert_eq!((received.status, received.took_effect), (status, true));
    }
}

#[tokio::test]
async fn a_late_effect_ends_with_the_sandbox() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let idle = tasks();
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.script(Operation::Lock, [Fault::delay(Duration::from_secs(3600))]);
    // With a client of its own, whose tasks end with it.
    let client = Client::builder().no_proxy().build().unwrap();
    let (method, url) = url(&sandbox, Operation::Lock);
    tokio::select! {
        response = client.request(method, url).send() => panic!("{response:?}"),
        () = until(|| !sandbox.requests().is_empty()) => {}
    }
    drop(client);
    assert!(tasks() > idle);
    drop(sandbox);
    until(|| tasks() == idle).await;
}

#[tokio::test]
async fn a_fault_takes_effect_only_if_told_to() {
    let faults = [
        Fault::status(500),
        Fault::reset(),
        Fault::truncated(),
        Fault::html(),
        Fault::empty(),
    ];
    for fault in faults {
        for after in [false, true] {
            let sandbox = Sandbox::start().await.unwrap();
            let fault = if after {
                fault.clone().after_effect()
            } else {
                fault.clone()
            };
            for operation in [Operation::Lock, Operation::Restore] {
                sandbox.script(operation, [fault.clone()]);
                let request = request(&sandbox, 0, operation).json(&body(1));
                // Whatever comes of it: only the state tells.
                drop(request.send().await);
            }
            assert_eq!(
                (holder(&sandbox).is_some(), version(&sandbox)),
                (after, 2 + usize::from(after)),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn broken_connections_are_broken() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.script(
        Operation::Lock,
        [Fault::reset(), Fault::truncated(), Fault::endless()],
    );
    request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap_err();
    assert_eq!(sandbox.requests()[0].status, None);

    let truncated = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
    assert_eq!(truncated.status(), 200);
    truncated.bytes().await.unwrap_err();

    let mut endless = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
    let mut read = 0;
    while read < 10_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_fault_after_the_effect_of_a_refused_call_has_none() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    sandbox.script(Operation::Unlock, [Fault::status(500).after_effect()]);
    assert_eq!(call(&sandbox, 1, Operation::Unlock).await, 500);
    assert!(holder(&sandbox).is_some());
}

#[tokio::test]
async fn a_state_of_ones_own_is_used() {
    let mut state = InitialState::default();
    let projects = BTreeMap::from([("d".to_owned(), InitialDataset::new([vec![]]))]);
    state.projects = BTreeMap::from([("p".to_owned(), projects)]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<InitialState>(&text).unwrap(), state);
    let sandbox = Sandbox::builder()
        .state(state.clone())
        .start()
        .await
        .unwrap();
    assert_eq!(sandbox.dataset("p", "d").unwrap().version(), 0);
    assert!(sandbox.dataset(PROJECT, DATASET).is_none());

    state
        .projects
        .get_mut("p")
        .unwrap()
        .get_mut("d")
        .unwrap()
        .versions
        .clear();
    let error = Sandbox::builder().state(state).start().await.unwrap_err();
    assert_eq!(error.to_string(), "dataset d has no version");
}

#[tokio::test]
async fn a_dropped_sandbox_is_gone() {
    let sandbox = Sandbox::start().await.unwrap();
    let (method, url) = url(&sandbox, Operation::Lock);
    drop(sandbox);
    // The task ends at its next step.
    tokio::task::yield_now().await;
    assert!(
        http()
            .request(method, url)
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
}

/// What the documentation and the assumptions say, in the fewest words.
#[derive(Debug, Default)]
struct Model {
    holder: Option<usize>,
    versions: usize,
}

impl Model {
    fn expect(&mut self, user: usize, operation: Operation) -> u16 {
        if self.holder.is_some_and(|holder| holder != user) {
            return 409;
        }
        match operation {
            Operation::Lock => self.holder = Some(user),
            Operation::Unlock => self.holder = None,
            Operation::Restore => self.versions += 1,
            other => panic!("add the effect of {other:?} here"),
        }
        200
    }
}

#[test]
fn any_sequence_of_calls_does_what_the_model_says() {
    let operations = proptest::sample::select(&OPERATIONS[..]);
    let calls = proptest::collection::vec((0..2_usize, operations), 1..40);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    };
    proptest!(config, |(calls in calls)| {
        runtime.block_on(async {
            let sandbox = Sandbox::start().await.unwrap();
            let mut model = Model::default();
            for (user, operation) in calls {
                prop_assert_eq!(call(&sandbox, user, operation).await, model.expect(user, operation));
                let holder = model.holder.map(|user| sandbox.users()[user].user.id.clone());
                prop_assert_eq!(self::holder(&sandbox), holder);
                prop_assert_eq!(version(&sandbox), 2 + model.versions);
            }
            Ok(())
        })?;
    });
}

#[test]
fn faults_can_be_written_as_text() {
    let second = Duration::from_secs(1);
    let rows = [
        ("status:503", Fault::status(503)),
        ("rate-limited:1", Fault::rate_limited(second)),
        ("delay:1000", Fault::delay(second)),
        ("reset", Fault::reset()),
        ("truncated", Fault::truncated()),
        ("endless", Fault::endless()),
        ("huge:9", Fault::huge(9)),
        ("html", Fault::html()),
        ("empty", Fault::empty()),
        ("redirect:http://a/b", Fault::redirect("http://a/b")),
        ("after:reset", Fault::reset().after_effect()),
        ("after:status:500", Fault::status(500).after_effect()),
        (
            "late:1000:status:504",
            Fault::status(504).late_effect(second),
        ),
        ("late:1000:reset", Fault::reset().late_effect(second)),
    ];
    for (text, fault) in rows {
        assert_eq!(text.parse::<Fault>().unwrap(), fault, "{text}");
    }
    for text in [
        "",
        "rest",
        "status",
        "status:x",
        "status:99",
        "after",
        "after:",
        "after:after:reset",
        "after:late:1:reset",
        "late:1",
        "late:x:reset",
        "late:reset",
        "huge:-1",
        "reset:1",
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert!(
            error.contains(&format!("{text:?} is not a fault")) && error.contains("status:503"),
            "{error}"
        );
    }
}
