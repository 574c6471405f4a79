//! Undocumented responses that the service sends anyway, from recordings of the official
//! clients. No part of them may be lost, and readable parts must be read.

use llmobs_datasets::generated::types;
use serde_json::{Value, json};

use crate::documentation::{PAGES, json as documented};
use crate::responses::call_with_response;

const LOCK: &str = "LockLLMObsDatasetDraftState";

fn draft_state(change: impl FnOnce(&mut Value)) -> String {
    let mut response = documented(include_str!("documentation/lock-200.json"));
    change(&mut response);
    response.to_string()
}

fn error_item(item: &Value) -> types::JsonapiErrorItem {
    serde_json::from_value(item.clone()).unwrap()
}

#[tokio::test]
async fn json_is_read_with_any_media_type() {
    let body = draft_state(|_| {});
    for media_type in [
        "application/vnd.api+json",
        "text/plain",
        "application/json; charset=utf-8",
    ] {
        let received = call_with_response(LOCK, 200, media_type, &body).await;
        assert!(received.success);
        assert_eq!(received.headers["content-type"], media_type);
        serde_json::from_slice::<types::LlmObsDatasetDraftStateResponse>(&received.body).unwrap();
    }
}

#[tokio::test]
async fn any_body_of_an_error_arrives() {
    let strings = json!({
        "status": "error",
        "code": 403,
        "errors": ["Forbidden"],
        "statuspage": "http://status.datadoghq.com",
        "twitter": "http://twitter.com/datadogops",
        "email": "support@datadoghq.com",
    });
    let cases = [
        (403, "application/json", strings.to_string()),
        (
            404,
            "application/vnd.api+json",
            json!({ "errors": ["Not Found"] }).to_string(),
        ),
        (
            400,
            "application/json",
            json!({ "error": { "code": "x", "message": "y" } }).to_string(),
        ),
        (
            429,
            "text/html",
            "<html><body>Too many requests</body></html>".to_owned(),
        ),
        (429, "text/plain", String::new()),
        (500, "application/json", String::new()),
        (502, "text/html", "<html>".to_owned()),
        (409, "application/json", json!({ "errors": [] }).to_string()),
    ];
    for page in PAGES {
        for (status, media_type, body) in &cases {
            let received = call_with_response(page.operation, *status, media_type, body).await;
            assert!(!received.success, "{status}");
            assert_eq!(received.status, *status);
            assert_eq!(received.headers["content-type"], *media_type);
            assert_eq!(received.headers["x-ratelimit-remaining"], "17");
            assert_eq!(received.body, body.as_bytes());
        }
    }
    let parsed: types::ApiErrorResponse = serde_json::from_value(strings).unwrap();
    assert_eq!(parsed.errors, ["Forbidden"]);
}

#[tokio::test]
async fn any_2xx_is_a_success_with_its_body() {
    for operation in PAGES.iter().map(|page| page.operation) {
        for (status, body) in [
            (200, ""),
            (204, ""),
            (202, "accepted"),
            (200, "<html>"),
            (200, "{\"data\":"),
        ] {
            let received = call_with_response(operation, status, "text/plain", body).await;
            assert!(received.success, "{operation} {status}");
            assert_eq!(received.status, status);
            assert_eq!(received.body, body.as_bytes());
        }
    }
}

#[tokio::test]
async fn redirects_are_errors() {
    for operation in PAGES.iter().map(|page| page.operation) {
        let received = call_with_response(operation, 304, "text/plain", "").await;
        assert!(!received.success);
        assert_eq!(received.status, 304);
    }
}

#[test]
fn timestamps_have_any_precision_and_offset() {
    let cases = [
        ("2026-07-20T09:20:00Z", "2026-07-20T09:20:00Z"),
        ("2026-07-20T09:20:00.1Z", "2026-07-20T09:20:00.100Z"),
        ("2026-07-20T09:20:00.14012Z", "2026-07-20T09:20:00.140120Z"),
        ("2026-07-20T09:20:00.140121Z", "2026-07-20T09:20:00.140121Z"),
        (
            "2026-07-20T09:20:00.140121332Z",
            "2026-07-20T09:20:00.140121332Z",
        ),
        ("2026-07-20T09:20:00+00:00", "2026-07-20T09:20:00Z"),
        ("2026-07-20T11:20:00.14+02:00", "2026-07-20T09:20:00.140Z"),
        ("2026-07-20T03:50:00-05:30", "2026-07-20T09:20:00Z"),
    ];
    for (sent, expected) in cases {
        let body =
            draft_state(|response| response["data"]["attributes"]["drafting_since"] = json!(sent));
        let response: types::LlmObsDatasetDraftStateResponse = serde_json::from_str(&body).unwrap();
        let written = serde_json::to_value(response.data.attributes.drafting_since).unwrap();
        assert_eq!(written, expected, "{sent}");
    }
}

#[test]
fn draft_states_are_read_leniently() {
    let body = draft_state(|response| {
        response["meta"] = json!({ "new": 1 });
        response["data"]["links"] = Value::Null;
        response["data"]["type"] = json!("a_type_of_tomorrow");
        let user = response["data"]["attributes"]["user"]
            .as_object_mut()
            .unwrap();
        user.insert("email".to_owned(), Value::Null);
        user.insert("team".to_owned(), json!("new"));
        user.remove("icon");
    });
    let response: types::LlmObsDatasetDraftStateResponse = serde_json::from_str(&body).unwrap();
    assert_eq!(
        response.data.type_,
        types::LlmObsDatasetDraftStateType::Unknown("a_type_of_tomorrow".to_owned())
    );
    let user = response.data.attributes.user;
    assert_eq!((user.email, user.icon), (None, None));
    assert_eq!(user.name.as_deref(), Some("Jane Doe"));
}

#[test]
fn errors_are_read_leniently() {
    let nulls = json!({
        "detail": null, "status": null, "title": null, "source": null, "meta": null,
        "id": null, "links": null, "code": null,
    });
    assert_eq!(error_item(&nulls), types::JsonapiErrorItem::default());
    assert_eq!(error_item(&json!({})), types::JsonapiErrorItem::default());

    let more = error_item(&json!({
        "title": "Conflict", "code": "locked", "id": "7", "source": { "pointer": null, "line": 3 },
    }));
    assert_eq!(more.title.as_deref(), Some("Conflict"));
    assert_eq!(more.source, Some(types::JsonapiErrorItemSource::default()));
}

#[test]
fn requests_are_written_strictly() {
    let mut request = documented(include_str!("documentation/restore-request.json"));
    request["data"]["type"] = json!("a_type_of_tomorrow");
    serde_json::from_value::<types::LlmObsDatasetRestoreVersionRequest>(request).unwrap_err();
}
