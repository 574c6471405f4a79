//! The two profiles.

use llmobs_sandbox::{Fault, InitialState, Operation, Profile, Sandbox};
use serde_json::{Value, json};

use crate::setup::{OPERATIONS, call, http, request};

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
}

#[tokio::test]
async fn errors_have_the_body_and_media_type_of_the_profile() {
    for profile in [Profile::Documented, Profile::Observed] {
        let builder = Sandbox::builder().profile(profile);
        let sandbox = builder.start().await.unwrap();
        let observed = profile == Profile::Observed;
        let media_type = if observed {
            "application/vnd.api+json"
        } else {
            "application/json"
        };
        for status in [400, 401, 404, 409, 423, 429, 500, 503] {
            sandbox.script(Operation::Lock, [Fault::status(status)]);
            let response = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], media_type, "{status}");
            let body: Value = response.json().await.unwrap();
            let error = &body["errors"][0];
            if status == 429 {
                assert_eq!(body, json!({ "errors": ["Too many requests"] }));
            } else if observed {
                assert_eq!(error["title"], "Generic Error");
                assert!(error["detail"].is_string());
                assert_eq!(error.get("status"), None);
            } else {
                assert_eq!(error["status"], status.to_string());
            }
        }
        // Unless the script says otherwise.
        sandbox.script(
            Operation::Lock,
            [
                Fault::status(503).body("busy"),
                Fault::status(503).header("content-type", "text/plain"),
                Fault::status(503).body(""),
            ],
        );
        let busy = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        assert_eq!(busy.headers().get("content-type"), None);
        assert_eq!(busy.text().await.unwrap(), "busy");
        let plain = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        assert_eq!(plain.headers()["content-type"], "text/plain");
        let empty = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        assert_eq!(empty.text().await.unwrap(), "");
        // The sandbox's own errors.
        for path in ["/nowhere", "/api/v2/llm-obs/v1/x/datasets/y/restore"] {
            let response = http().get(sandbox.url() + path).send().await.unwrap();
            assert_eq!(response.headers()["content-type"], media_type);
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["errors"][0].get("status").is_some(), !observed);
        }
    }
}

#[tokio::test]
async fn observed_rate_limits_count_down() {
    let builder = Sandbox::builder().profile(Profile::Observed);
    let sandbox = builder.start().await.unwrap();
    let mut last: Option<(i64, i64)> = None;
    for _ in 0..3 {
        let response = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let number = |name: &str| -> i64 {
            let value = response.headers()[&format!("x-ratelimit-{name}")].to_str();
            value.unwrap().parse().unwrap()
        };
        assert_eq!((number("limit"), number("period")), (1000, 60));
        let (remaining, reset) = (number("remaining"), number("reset"));
        assert!((1..=60).contains(&reset));
        match last {
            // In the same minute.
            Some((before, of)) if reset <= of => assert_eq!(remaining, before - 1),
            _ => assert_eq!(remaining, 999),
        }
        last = Some((remaining, reset));
    }
}

#[tokio::test]
async fn keys_without_permission_are_forbidden() {
    for profile in [Profile::Documented, Profile::Observed] {
        let mut state = InitialState::default();
        state.users[1].permitted = false;
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<InitialState>(&text).unwrap(), state);
        let builder = Sandbox::builder().profile(profile).state(state);
        let sandbox = builder.start().await.unwrap();
        for operation in OPERATIONS {
            assert_eq!(call(&sandbox, 0, operation).await, 200);
            assert_eq!(call(&sandbox, 1, operation).await, 403);
        }
        let forbidden = request(&sandbox, 1, Operation::Lock).send().await.unwrap();
        let forbidden: Value = forbidden.json().await.unwrap();
        match profile {
            Profile::Observed => assert_eq!(
                (&forbidden["errors"], &forbidden["code"]),
                (&json!(["Forbidden"]), &json!(403))
            ),
            _ => assert_eq!(forbidden["errors"][0]["status"], "403"),
        }
    }
}
