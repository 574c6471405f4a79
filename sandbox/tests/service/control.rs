//! The control API under `/__sandbox/v1/`.

use std::time::Duration;

use llmobs_sandbox::{Operation, Profile, Sandbox};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::setup::{DATASET, PROJECT, call, holder, http, url, version};

async fn send(sandbox: &Sandbox, method: Method, path: &str, body: Option<Value>) -> Response {
    let url = format!("{}/__sandbox/v1{path}", sandbox.url());
    let request = http().request(method, url);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    request.send().await.unwrap()
}

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    let response = send(sandbox, Method::GET, path, None).await;
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Value {
    let response = send(sandbox, Method::POST, path, Some(body)).await;
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.text().await.unwrap()
    );
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_state_can_be_read_and_replaced() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(get(&sandbox, "/health").await["status"], "ok");
    call(&sandbox, 0, Operation::Lock).await;
    let whole = get(&sandbox, "/state").await;
    let path = format!("/state/{PROJECT}/{DATASET}");
    let dataset = get(&sandbox, &path).await;
    assert_eq!(whole["projects"][PROJECT][DATASET], dataset);
    assert_eq!(whole["world"], "default");
    assert_eq!(whole["api_keys"], json!(["sandbox-api-key"]));
    assert_eq!(
        whole["users"][1]["application_key"],
        "sandbox-application-key-11"
    );
    let jane = &sandbox.users()[0].user.id;
    assert_eq!(
        (&dataset["version"], &dataset["holder"]),
        (&json!(2), &json!(jane))
    );
    assert_eq!(dataset["records"][0]["input"], "2 + 2");
    let period = &dataset["lock_history"][0];
    assert_eq!(
        (&period["user"], &period["from"]),
        (&json!(jane), &dataset["since"])
    );
    assert_eq!(
        (&period["acquired_by"], &period["until"]),
        (&json!(0), &Value::Null)
    );

    let one = json!({ "versions": [[{ "a": 1 }]] });
    let put = send(&sandbox, Method::PUT, &path, Some(one)).await;
    assert_eq!(put.status(), 200);
    assert_eq!((holder(&sandbox), version(&sandbox)), (None, 0));
    let state = json!({
        "api_keys": ["key"],
        "users": [{ "application_key": "one", "id": "jane" }],
        "projects": { "p /%": { "d?": { "versions": [[], []] } } }
    });
    let put = send(&sandbox, Method::PUT, "/state", Some(state)).await;
    assert_eq!(put.status(), 200);
    assert_eq!(get(&sandbox, "/state/p%20%2F%25/d%3F").await["version"], 1);
    assert_eq!(send(&sandbox, Method::GET, &path, None).await.status(), 404);
    assert_eq!(call(&sandbox, 0, Operation::Lock).await, 401);
}

#[tokio::test]
async fn faults_are_scripted_and_listed_until_they_are_met() {
    let sandbox = Sandbox::start().await.unwrap();
    let twice = json!({
        "operation": "lock", "fault": "after:status:503", "times": 2,
        "headers": { "retry-after": "1" }, "body": "busy"
    });
    let elsewhere =
        json!({ "operation": "lock", "fault": "reset", "dataset": "other", "times": 1 });
    post(&sandbox, "/faults", elsewhere.clone()).await;
    post(&sandbox, "/faults", twice.clone()).await;
    let faults = get(&sandbox, "/faults").await;
    assert_eq!(faults, json!({ "faults": [elsewhere, twice] }));
    let (method, url) = url(&sandbox, Operation::Lock);
    let request = http().request(method, url);
    let request = request.header("dd-api-key", sandbox.api_key());
    let request = request.header("dd-application-key", sandbox.application_key());
    let response = request.send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "1")
    );
    assert_eq!(response.text().await.unwrap(), "busy");
    assert!(holder(&sandbox).is_some());
    assert_eq!(get(&sandbox, "/faults").await["faults"][1]["times"], 1);
    assert_eq!(call(&sandbox, 0, Operation::Lock).await, 503);
    assert_eq!(call(&sandbox, 0, Operation::Lock).await, 200);
    let reset = post(&sandbox, "/reset", json!({})).await;
    assert_eq!(reset, json!({ "unmet_faults": [elsewhere] }));
    assert_eq!(holder(&sandbox), None);

    post(&sandbox, "/faults", elsewhere.clone()).await;
    let deleted = send(&sandbox, Method::DELETE, "/faults", None).await;
    let deleted: Value = deleted.json().await.unwrap();
    assert_eq!(deleted, json!({ "unmet_faults": [elsewhere] }));
    assert_eq!(get(&sandbox, "/faults").await, json!({ "faults": [] }));
}

#[tokio::test]
async fn requests_are_filtered_and_waited_for() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    call(&sandbox, 1, Operation::Lock).await;
    call(&sandbox, 0, Operation::Restore).await;
    let ids = async |query: &str| {
        let found = get(&sandbox, &format!("/requests?{query}")).await;
        assert_eq!(found["complete"], true);
        let found = found["requests"].as_array().unwrap().clone();
        found
            .iter()
            .map(|it| it["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let john = &sandbox.users()[1].user.id;
    assert_eq!(ids("").await, [0, 1, 2]);
    assert_eq!(ids("operation=lock").await, [0, 1]);
    assert_eq!(ids(&format!("user={john}")).await, [1]);
    assert_eq!(ids("status=409").await, [1]);
    assert_eq!(ids("took_effect=true").await, [0, 2]);
    assert_eq!(ids("after=0").await, [1, 2]);
    assert_eq!(
        ids(&format!("dataset={DATASET}&operation=restore")).await,
        [2]
    );
    assert!(ids("dataset=other").await.is_empty());
    let first = &get(&sandbox, "/requests").await["requests"][0];
    assert_eq!(first["headers"]["dd-api-key"], "[redacted]");

    let wait = get(&sandbox, "/requests?operation=unlock&count=1");
    let later = async {
        tokio::task::yield_now().await;
        call(&sandbox, 0, Operation::Unlock).await;
    };
    let (waited, ()) = tokio::join!(wait, later);
    assert_eq!(
        (&waited["complete"], &waited["requests"][0]["id"]),
        (&json!(true), &json!(3))
    );
    let in_vain = get(&sandbox, "/requests?count=9&timeout_ms=10").await;
    assert_eq!(in_vain["complete"], false);
    assert_eq!(in_vain["requests"].as_array().unwrap().len(), 4);
}

/// A wait goes on in the new run if a reset comes in between.
#[tokio::test]
async fn a_wait_survives_a_reset() {
    let sandbox = Sandbox::start().await.unwrap();
    let wait = get(&sandbox, "/requests?count=1");
    let later = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        sandbox.world().reset();
        call(&sandbox, 0, Operation::Unlock).await;
    };
    let (waited, ()) = tokio::join!(wait, later);
    assert_eq!(waited["requests"][0]["operation"], "unlock");
}

#[tokio::test]
async fn worlds_are_created_driven_and_deleted() {
    let sandbox = Sandbox::start().await.unwrap();
    let world = post(
        &sandbox,
        "/worlds",
        json!({
            "settings": { "profile": "observed", "assumptions": { "lock_of_another": "allow" } },
            "faults": [{ "operation": "restore", "fault": "reset" }]
        }),
    )
    .await;
    assert_eq!(world["world"], "world-1");
    assert_eq!(world["settings"]["assumptions"]["lock_of_another"], "allow");
    assert_eq!(world["settings"]["assumptions"]["unlock_of_another"], 409);
    let (method, url) = url(&sandbox, Operation::Lock);
    for user in [0, 1] {
        let lock = http()
            .request(method.clone(), &url)
            .header("dd-api-key", world["api_keys"][0].as_str().unwrap())
            .header(
                "dd-application-key",
                world["users"][user]["application_key"].as_str().unwrap(),
            );
        let lock = lock.send().await.unwrap();
        assert_eq!(lock.status(), 200);
        assert_eq!(lock.headers()["content-type"], "application/vnd.api+json");
    }
    let state = get(&sandbox, "/state?world=world-1").await;
    let history = &state["projects"][PROJECT][DATASET]["lock_history"];
    assert_eq!(
        (&history[0]["released_by"], &history[1]["acquired_by"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(get(&sandbox, "/requests").await["requests"], json!([]));
    let reset = post(&sandbox, "/reset?world=world-1", json!({})).await;
    assert_eq!(reset["unmet_faults"][0]["fault"], "reset");

    let default = send(&sandbox, Method::DELETE, "/worlds/default", None).await;
    assert_eq!(default.status(), 409);
    assert_eq!(
        send(&sandbox, Method::DELETE, "/worlds/world-1", None)
            .await
            .status(),
        200
    );
    for (method, path) in [
        (Method::DELETE, "/worlds/world-1"),
        (Method::GET, "/state?world=world-1"),
    ] {
        let gone = send(&sandbox, method, path, None).await;
        assert_eq!(gone.status(), 404);
        assert!(gone.text().await.unwrap().contains("there is no world"));
    }
}

#[tokio::test]
async fn settings_change_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let patch = json!({ "profile": "observed", "assumptions": { "invalid_keys": 403 } });
    let changed = send(&sandbox, Method::PATCH, "/settings", Some(patch)).await;
    let changed: Value = changed.json().await.unwrap();
    assert_eq!(changed, get(&sandbox, "/settings").await);
    assert_eq!(changed["assumptions"]["lock_of_another"], 409);
    let (method, url) = url(&sandbox, Operation::Lock);
    let invalid = http()
        .request(method, url)
        .header("dd-api-key", "x")
        .header("dd-application-key", "x");
    assert_eq!(invalid.send().await.unwrap().status(), 403);
    sandbox.world().set_profile(Profile::Documented);
    assert_eq!(get(&sandbox, "/settings").await["profile"], "documented");
}

/// Sends a request that is refused, and returns the status and the error.
async fn refused(sandbox: &Sandbox, method: Method, path: &str, body: Option<Value>) -> String {
    let response = send(sandbox, method, path, body).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    let error: Value = response.json().await.unwrap();
    format!("{status} {}", error["error"].as_str().unwrap())
}

#[tokio::test]
async fn mistakes_in_urls_are_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let rows = [
        (Method::GET, "/nowhere", "404 there is no such path"),
        (
            Method::DELETE,
            "/health",
            "405 the path doesn't have this method",
        ),
        (
            Method::GET,
            "/requests?operatoin=lock",
            "unknown field `operatoin`",
        ),
        (
            Method::GET,
            "/requests?operation=look",
            "unknown variant `look`",
        ),
        (Method::GET, "/requests?count=x", "400 the query"),
        (Method::GET, "/state?world=x", "POST /worlds"),
        // Otherwise a typing error would reset the default world.
        (
            Method::POST,
            "/reset?wrold=x",
            "400 the query has an unknown field \"wrold\"",
        ),
        (Method::GET, "/state/a/b", "404 there is no dataset"),
        (Method::GET, "/state/%ff/b", "400 the path"),
    ];
    for (method, path, words) in rows {
        let error = refused(&sandbox, method, path, None).await;
        assert!(error.contains(words), "{path}: {error}");
    }
    // None of this is a request to the faked API.
    assert_eq!(sandbox.requests(), []);
}

#[tokio::test]
async fn mistakes_in_bodies_are_named_and_change_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let no_user = json!({ "state": { "api_keys": ["x"], "users": [], "projects": {} } });
    let no_fault = json!({ "operation": "lock", "fault": "rest" });
    let no_header = json!({ "operation": "lock", "fault": "html", "headers": { "a b": "c" } });
    let no_switch = json!({ "assumptions": { "relok": 1 } });
    let rows = [
        (
            Method::POST,
            "/faults",
            json!({}),
            "missing field `operation`",
        ),
        (
            Method::POST,
            "/faults",
            no_fault,
            "\"rest\" is not a fault; write reset",
        ),
        (
            Method::POST,
            "/faults",
            no_header,
            "\"a b\" can't be a header",
        ),
        (Method::POST, "/worlds", no_user, "/users: there is no user"),
        (
            Method::POST,
            "/worlds",
            json!({ "sttings": {} }),
            "unknown field `sttings`",
        ),
        (
            Method::PATCH,
            "/settings",
            no_switch,
            "assumptions.relok: unknown field `relok`",
        ),
        (
            Method::PATCH,
            "/settings",
            json!({ "strict": 1 }),
            "strict: invalid type",
        ),
        (Method::PATCH, "/settings", json!([]), "expected an object"),
        (Method::PUT, "/state", json!({}), "missing field `api_keys`"),
        (
            Method::PUT,
            "/state/p/d",
            json!({ "versions": [] }),
            "/versions: there is no version",
        ),
        (
            Method::PUT,
            "/state/p/..%2F",
            json!({ "versions": [1] }),
            "versions[0]: invalid type",
        ),
    ];
    let before = get(&sandbox, "/state").await;
    for (method, path, body, words) in rows {
        let error = refused(&sandbox, method, path, Some(body)).await;
        assert!(
            error.starts_with("400 ") && error.contains(words),
            "{path}: {error}"
        );
    }
    assert_eq!(get(&sandbox, "/state").await, before);
}

#[tokio::test]
async fn only_this_machine_by_a_name_of_its_own_has_control() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = sandbox.url().rsplit(':').next().unwrap().to_owned();
    let status = async |host: &str| {
        let health = http().get(format!("{}/__sandbox/v1/health", sandbox.url()));
        health
            .header("host", host)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for host in [
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1",
        "127.9.9.9",
        "[::1]:1",
    ] {
        assert_eq!(status(host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "192.0.2.1",
        "x@localhost.evil",
    ] {
        assert_eq!(status(&format!("{host}:{port}")).await, 403, "{host}");
    }

    // From an address that isn't loopback, where this machine has one.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let outside = probe
        .connect("192.0.2.1:9")
        .and_then(|()| probe.local_addr());
    match outside {
        Ok(outside) if !outside.ip().is_loopback() => {
            let builder = Sandbox::builder().listen((outside.ip(), 0).into());
            let sandbox = builder.start().await.unwrap();
            let health = http().get(format!("{}/__sandbox/v1/health", sandbox.url()));
            let health = health.header("host", "localhost").send().await.unwrap();
            assert_eq!(health.status(), 403);
            assert_eq!(call(&sandbox, 0, Operation::Lock).await, 200);
        }
        _ => eprintln!("skipped: this machine has only loopback addresses"),
    }
}
