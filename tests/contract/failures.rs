//! The error of a failed call: kind, status, the server's message, and the outcome,
//! for each row of the table in `llmobs_datasets::error`.

use std::time::Duration;

use llmobs_datasets::{BaseUrl, Client, Error, ErrorKind, Operation, Outcome, RetryPolicy};

use crate::clock::{TestClock, pass};
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{
    LOCKED, NO_NAMES, OPERATIONS, builder, call, chain, closed_port, credentials, dataset,
    one_attempt,
};

const JSON: &str = "content-type: application/json";
const HTML: &str = "content-type: text/html";
const PAGE: &str = "<!DOCTYPE html><html><body>Sign in</body></html>";

/// The error of a call whose only attempt gets a step.
async fn failure(operation: Operation, step: Step) -> Error {
    let server = Server::start([step]).await;
    let error = call(&one_attempt(&server), operation).await.unwrap_err();
    assert_eq!(server.received().len(), 1);
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.operation(), Some(operation));
    assert_eq!(error.project_id().unwrap().as_str(), PROJECT_ID);
    assert_eq!(error.dataset_id().unwrap().as_str(), DATASET_ID);
    error
}

#[tokio::test]
async fn each_status_has_its_kind_and_outcome() {
    use ErrorKind as K;
    use Outcome::{NotApplied, Unknown};
    let rows = [
        (400, K::BadRequest, NotApplied),
        (401, K::Unauthorized, NotApplied),
        (403, K::Forbidden, NotApplied),
        (404, K::NotFound, NotApplied),
        (408, K::TimedOut, Unknown),
        (409, K::Conflict, NotApplied),
        (412, K::Conflict, NotApplied),
        (423, K::Conflict, NotApplied),
        (429, K::RateLimited, NotApplied),
        (418, K::UnexpectedStatus, NotApplied),
        (422, K::UnexpectedStatus, NotApplied),
        (500, K::ServerError, Unknown),
        (501, K::ServerError, Unknown),
        (502, K::ServerError, Unknown),
        (503, K::ServerError, Unknown),
        (504, K::ServerError, Unknown),
        (300, K::UnexpectedStatus, Unknown),
        (302, K::UnexpectedStatus, Unknown),
        (304, K::UnexpectedStatus, Unknown),
    ];
    for operation in OPERATIONS {
        for (status, kind, outcome) in rows {
            let body = r#"{"errors":[{"title":"No","detail":"because"}]}"#;
            // A 304 has no body, even if its headers give a length.
            let step = match status {
                304 => Step::Cut(b"HTTP/1.1 304 S\r\n\r\n".to_vec()),
                _ => Step::response(status, &[JSON, "x-ratelimit-remaining: 3"], body),
            };
            let error = failure(operation, step).await;
            assert_eq!(
                (error.kind(), error.outcome()),
                (kind, outcome),
                "{operation} {status}"
            );
            assert_eq!(error.is_conflict(), kind == K::Conflict);
            assert_eq!(error.status().unwrap().as_u16(), status);
            if status != 304 {
                assert_eq!(error.rate_limit().unwrap().remaining, Some(3));
                assert_eq!(error.headers().unwrap()["content-type"], "application/json");
                assert_eq!(error.raw_body(), Some(body.as_bytes()));
                assert!(error.to_string().contains("No: because"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_2xx_that_is_not_from_the_service_has_an_unknown_outcome() {
    let errors = r#"{"data":null,"errors":["Nope"]}"#;
    // Deeper than the JSON reader goes.
    let nested = &format!("{{\"errors\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for operation in OPERATIONS {
        for (headers, body) in [
            (HTML, PAGE),
            (JSON, "  \n<html>"),
            (JSON, "\u{feff}<html>"),
            (HTML, ""),
            ("content-type: Text/HTML; charset=utf-8", ""),
            (JSON, errors),
            (JSON, "\u{feff}{\"errors\":[\"Nope\"]}"),
            (JSON, r#"{"errors":[{"title":"Nope"}]}"#),
            (JSON, r#"{"errors":{"title":"Nope"}}"#),
            (JSON, r#"{"errors":"Nope"}"#),
            (JSON, r#"{"error":{"code":"x","message":"Nope"}}"#),
            (JSON, r#"{"error":"Nope"}"#),
            (JSON, r#"{"error":true,"message":"Nope"}"#),
            (JSON, r#"{"errors":1,"error":403}"#),
            // Not valid JSON, though a person can see the errors.
            (JSON, r#"{"errors":["Nope"],"errors":[]}"#),
            (JSON, r#"{"errors":["Nope"],}"#),
            (JSON, r#"{"errors":["Nope"]} and more"#),
            (JSON, r#"{"errors":[1e999]}"#),
            (JSON, nested),
            (JSON, "{\"data\":"),
            (JSON, "{\"data\": {}} and more"),
            (HTML, "OK"),
            (JSON, "\u{1f}\u{8b}\u{8}"),
        ] {
            let error = failure(operation, Step::response(200, &[headers], body)).await;
            assert_eq!(
                error.kind(),
                ErrorKind::UnreadableSuccess,
                "{operation} {body}"
            );
            assert_eq!(error.outcome(), Outcome::Unknown, "{operation} {body}");
            assert_eq!(error.status().unwrap().as_u16(), 200);
            assert_eq!(error.raw_body(), Some(body.as_bytes()));
        }
        let error = failure(operation, Step::response(200, &[JSON], errors)).await;
        assert_eq!(error.errors()[0].title.as_deref(), Some("Nope"));
        let unknown = "; it may or may not have taken effect";
        assert!(error.to_string().ends_with(unknown), "{error}");
        // Errors in an otherwise successful response.
        let beside = LOCKED.replacen('{', "{\"errors\":[\"Nope\"],", 1);
        let error = failure(operation, Step::response(200, &[JSON], beside)).await;
        assert_eq!(error.outcome(), Outcome::Unknown);
        let latin_1 = b"{\"errors\":[\"Interdit \xe0 tous\"]}";
        let error = failure(operation, Step::response(200, &[JSON], latin_1)).await;
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
}

#[tokio::test]
async fn a_2xx_that_is_cut_off_has_an_unknown_outcome() {
    // The missing part may be an error, or the rest of a login page.
    let length = LOCKED.len() + 1;
    for operation in OPERATIONS {
        // Without a length, a closed connection may or may not be the end of the response.
        for head in ["HTTP/1.1 200 S\r\n\r\n", "HTTP/1.0 200 S\r\n\r\n"] {
            let error = failure(operation, Step::Cut(head.into())).await;
            assert_eq!(error.outcome(), Outcome::Unknown, "{head:?}");
        }
        for start in ["", "{", "{\"errors\":[\"No", " ", LOCKED, "{}"] {
            let length = format!("HTTP/1.1 200 S\r\ncontent-length: {length}\r\n\r\n{start}");
            let chunk = format!("{:x}\r\n{start}", start.len() + 1);
            let chunked = format!("HTTP/1.1 200 S\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
            for step in [
                Step::Cut(length.clone().into_bytes()),
                Step::Reset(length.into_bytes()),
                Step::Cut(chunked.clone().into_bytes()),
                Step::Cut([chunked.as_bytes(), b"\r\nno chunk"].concat()),
            ] {
                let error = failure(operation, step.clone()).await;
                assert_eq!(error.kind(), ErrorKind::UnreadableSuccess, "{step:?}");
                assert_eq!(error.outcome(), Outcome::Unknown, "{step:?}");
                assert_eq!(error.status().unwrap().as_u16(), 200);
                let line = error.to_string();
                assert!(
                    line.contains("200 OK, but the response is cut off"),
                    "{line}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_lock_that_was_granted_but_cannot_be_read_took_effect() {
    let missing = LOCKED.replace("drafting_since", "since");
    for step in [
        Step::response(200, &[JSON], ""),
        Step::response(200, &[JSON], missing),
        Step::response(200, &[JSON], "{}"),
        Step::response(200, &[JSON], "[]"),
        Step::response(204, &[], ""),
    ] {
        let error = failure(Operation::Lock, step.clone()).await;
        assert_eq!(error.kind(), ErrorKind::UnreadableSuccess, "{step:?}");
        assert_eq!(error.outcome(), Outcome::Applied, "{step:?}");
        assert!(
            error.to_string().ends_with("; the call took effect anyway"),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
    // Neither a JSON object nor a page: it may come from a proxy.
    for body in ["OK", "null", "\"locked\"", "\u{1f}\u{8b}\u{8}"] {
        let error = failure(Operation::Lock, Step::response(200, &[JSON], body)).await;
        assert!(
            error
                .to_string()
                .contains("the response is not a JSON object")
        );
        assert_eq!(error.outcome(), Outcome::Unknown, "{body:?}");
    }
}

#[tokio::test]
async fn any_other_2xx_to_unlock_and_restore_is_a_success() {
    for operation in [Operation::Unlock, Operation::Restore] {
        for step in [
            Step::response(200, &[], ""),
            Step::response(200, &[JSON], "{}"),
            Step::response(200, &[JSON], r#"{"errors":[]}"#),
            Step::response(200, &[JSON], r#"{"errors":null,"error":null}"#),
            Step::response(200, &[JSON], r#"{"errors":{},"error":""}"#),
            Step::response(200, &[JSON], r#"{"errors":0,"error":false}"#),
            Step::response(200, &[JSON], r#"{"data":{"id":"x"}}"#),
            Step::response(200, &[JSON], "[]"),
            Step::response(200, &[JSON], "null"),
            Step::response(200, &[HTML], "\"OK\""),
            Step::response(202, &[], "\u{feff} \n"),
            Step::Cut(b"HTTP/1.1 204 S\r\n\r\n".to_vec()),
            Step::Cut(b"HTTP/1.0 200 S\r\n\r\n{}".to_vec()),
        ] {
            let server = Server::start([step.clone()]).await;
            let attempts = call(&one_attempt(&server), operation).await;
            assert_eq!(attempts.unwrap(), 1, "{operation} {step:?}");
        }
    }
}

#[tokio::test]
async fn a_lock_returns_the_holder_and_the_facts_of_the_call() {
    let headers = [
        "content-type: application/vnd.api+json",
        "x-ratelimit-limit: 100",
        "x-ratelimit-period: 60",
        "x-ratelimit-remaining: 99",
        "x-ratelimit-reset: 12",
        "x-ratelimit-name: llm_obs",
        "date: Tue, 20 Jan 2026 09:20:00 GMT",
    ];
    let server = Server::start([Step::response(201, &headers, LOCKED)]).await;
    let state = one_attempt(&server).lock().await.unwrap();
    assert_eq!(state.user().name.as_deref(), Some("Jane Doe"));
    assert_eq!(
        state.drafting_since().to_rfc3339(),
        "2024-01-15T10:30:00+00:00"
    );
    assert_eq!((state.status().as_u16(), state.attempts()), (201, 1));
    assert_eq!(state.headers()["x-ratelimit-name"], "llm_obs");
    let limit = state.rate_limit().unwrap();
    assert_eq!((limit.limit, limit.remaining), (Some(100), Some(99)));
    assert_eq!(limit.period, Some(Duration::from_secs(60)));
    assert_eq!(limit.reset, Some(Duration::from_secs(12)));
    assert_eq!(limit.name.as_deref(), Some("llm_obs"));
    let date = state.date().unwrap();
    let since_1970 = date
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(since_1970.as_secs(), 1_768_900_800);
}

#[tokio::test]
async fn a_lock_requires_only_fields_that_callers_get() {
    let response: serde_json::Value = serde_json::from_str(LOCKED).unwrap();
    for field in ["id", "type"] {
        for value in [None, Some(serde_json::json!(null)), Some(7.into())] {
            let mut response = response.clone();
            let data = response["data"].as_object_mut().unwrap();
            data.remove(field).unwrap();
            data.extend(value.map(|value| (field.to_owned(), value)));
            let server = Server::start([Step::response(200, &[JSON], response.to_string())]).await;
            let state = one_attempt(&server).lock().await.unwrap();
            assert_eq!(state.user().name.as_deref(), Some("Jane Doe"));
        }
    }
}

#[tokio::test]
async fn errors_of_all_forms_are_one_list() {
    let full = r#"{"errors":[
        {"title":"Bad Request","detail":"too high","code":"v1","status":400,"meta":{"a":1},
         "source":{"pointer":"/data/attributes/dataset_version","parameter":"p","header":"h"}},
        "plain",
        {"title":null,"detail":"only detail","source":null,"meta":null,"links":null},
        7
    ]}"#;
    let error = failure(Operation::Restore, Step::response(400, &[JSON], full)).await;
    let [first, second, third] = error.errors() else {
        panic!("{:?}", error.errors());
    };
    assert_eq!(first.title.as_deref(), Some("Bad Request"));
    assert_eq!(first.detail.as_deref(), Some("too high"));
    assert_eq!(
        (first.code.as_deref(), first.status.as_deref()),
        (Some("v1"), Some("400"))
    );
    assert_eq!(
        first.pointer.as_deref(),
        Some("/data/attributes/dataset_version")
    );
    assert_eq!(
        (first.parameter.as_deref(), first.header.as_deref()),
        (Some("p"), Some("h"))
    );
    assert_eq!(first.meta.as_ref().unwrap()["a"], 1);
    assert_eq!(
        (second.title.as_deref(), second.detail.as_deref()),
        (Some("plain"), None)
    );
    assert_eq!(
        (third.title.as_deref(), third.detail.as_deref()),
        (None, Some("only detail"))
    );
    let line = "restore dataset 9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d of project \
                a33671aa-24fd-4dcd-9b33-a8ec7dde7751: 400 Bad Request: too high \
                (at /data/attributes/dataset_version); plain; only detail";
    assert_eq!(error.to_string(), line);
    let debug = format!("{error:?}");
    for part in ["BadRequest", "NotApplied", DATASET_ID, "too high", "plain"] {
        assert!(debug.contains(part), "{part} is not in {debug}");
    }

    for (body, title, detail) in [
        (
            r#"{"status":"error","code":403,"errors":["Forbidden"]}"#,
            Some("Forbidden"),
            None,
        ),
        (
            r#"{"error":{"code":"x","message":"bare"}}"#,
            None,
            Some("bare"),
        ),
        (r#"{"error":"word"}"#, Some("word"), None),
        ("\u{feff}{\"error\":\"word\"}", Some("word"), None),
        (r#"{"errors":"word"}"#, Some("word"), None),
        (r#"{"errors":null,"error":"word"}"#, Some("word"), None),
        (r#"{"errors":[],"error":["word"]}"#, Some("word"), None),
        (
            r#"{"errors":["word"],"error":"once more"}"#,
            Some("word"),
            None,
        ),
    ] {
        let error = failure(
            Operation::Lock,
            Step::response(404, &["content-type: text/plain"], body),
        )
        .await;
        let [only] = error.errors() else {
            panic!("{body}")
        };
        assert_eq!(
            (only.title.as_deref(), only.detail.as_deref()),
            (title, detail),
            "{body}"
        );
    }
    for body in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        "{\"errors\":[]}",
        "\u{feff}{",
    ] {
        let error = failure(Operation::Lock, Step::response(404, &[HTML], body)).await;
        assert!(error.errors().is_empty(), "{body}");
        assert_eq!(error.status().unwrap().as_u16(), 404);
    }
}

#[tokio::test]
async fn a_message_stays_on_one_line() {
    let body = format!(
        r#"{{"errors":["first\nsecond\u0007{}"]}}"#,
        "x".repeat(5000)
    );
    let error = failure(Operation::Lock, Step::response(400, &[JSON], body)).await;
    let line = error.to_string();
    assert!(line.contains("first second x"), "{line}");
    assert!(!line.contains(char::is_control));
    assert!(line.len() < 600, "{}", line.len());
    assert!(line.ends_with("x…"), "{line}");

    // Line separators, and characters that reverse the direction of text.
    for c in [
        '\u{2028}', '\u{2029}', '\u{85}', '\u{202e}', '\u{2066}', '\u{61c}', '\u{200f}',
    ] {
        let text = format!("first{c}second");
        let body =
            serde_json::json!({ "errors": [{ "title": text, "source": { "header": text } }] });
        let server = Server::start([Step::response(400, &[JSON], body.to_string())]).await;
        let client = builder(&server.url()).build().unwrap();
        let id = |id: &str| id.replace(c, if c.is_control() { "" } else { &text });
        let dataset = client.dataset(
            id(&format!("p{c}")).parse().unwrap(),
            id(&format!("d{c}")).parse().unwrap(),
        );
        let error = dataset.lock().await.unwrap_err();
        let line = error.to_string();
        assert!(line.contains("first second"), "{line}");
        assert!(
            !line.contains(c) && !format!("{error:?}").contains(c),
            "{line}"
        );
    }

    let many = format!(r#"{{"errors":[{}"last"]}}"#, r#""word","#.repeat(9999));
    let error = failure(Operation::Lock, Step::response(400, &[JSON], many)).await;
    assert_eq!(error.errors().len(), 10_000);
    let line = error.to_string();
    let end = ": word; word; word; word; word; and 9995 more";
    assert!(line.ends_with(end), "{line}");

    // The error of the JSON parser quotes what it doesn't expect.
    let quoted = format!(r#"{{"data":"{}"}}"#, "x".repeat(5000));
    let error = failure(Operation::Lock, Step::response(200, &[JSON], quoted)).await;
    let shown = chain(&error);
    assert!(
        shown.contains("invalid type: string") && shown.len() < 600,
        "{shown}"
    );
}

#[tokio::test]
async fn a_status_appears_once_in_a_message() {
    for (status, body, line) in [
        (
            429,
            r#"{"errors":["Too many requests"]}"#,
            "429 Too Many Requests",
        ),
        (
            404,
            r#"{"errors":[{"title":"not found","detail":"no such dataset"}]}"#,
            "404 Not Found: no such dataset",
        ),
        (
            403,
            r#"{"errors":["Forbidden"]}"#,
            "403 Forbidden; check that ",
        ),
    ] {
        let error = failure(Operation::Lock, Step::response(status, &[JSON], body)).await;
        let text = error.to_string();
        assert!(text.contains(&format!(": {line}")), "{text}");
        assert!(
            !text.contains("orbidden: F") && !text.contains("equests: T"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_remedy_names_the_host_and_the_source_of_refused_keys() {
    let keys = "the API key and the application key given to Credentials::new";
    for (status, remedy) in [
        (401, format!("; check {keys} for HOST")),
        (
            403,
            format!("; check that {keys} are for HOST and have permission to lock this dataset"),
        ),
        (
            404,
            "; check that the project and the dataset exist at HOST".to_owned(),
        ),
    ] {
        let server = Server::start([Step::response(status, &[JSON], r#"{"errors":["No"]}"#)]).await;
        let error = one_attempt(&server).lock().await.unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::NotFound
        ));
        let remedy = remedy.replace("HOST", server.url().trim_start_matches("http://"));
        assert!(error.to_string().ends_with(&remedy), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_was_not_sent_had_no_effect() {
    let closed = closed_port();
    // A name that isn't known, and a server that hangs up on a TLS handshake.
    let nowhere = BaseUrl::with_plain_http("http://nowhere.invalid").unwrap();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let no_tls = format!("https://{}", listener.local_addr().unwrap());
    let hangs_up = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    for endpoint in [closed.parse().unwrap(), nowhere, no_tls.parse().unwrap()] {
        let client = Client::builder(credentials())
            .endpoint(endpoint.clone())
            .http(reqwest::Client::builder().no_proxy().dns_resolver(NO_NAMES))
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        for operation in OPERATIONS {
            let error = call(&dataset(&client), operation).await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::NotSent,
                "{endpoint:?}: {}",
                chain(&error)
            );
            assert_eq!(error.outcome(), Outcome::NotApplied);
            assert_eq!((error.status(), error.attempts()), (None, 1));
            let source = Some(error.http_error().unwrap() as &dyn std::error::Error);
            let why = std::iter::successors(source, |error| error.source()).last();
            let message = error.to_string();
            assert!(
                message.contains(": the request could not be sent to ")
                    && message.ends_with(&format!(": {}", why.unwrap())),
                "{message}"
            );
        }
    }
    hangs_up.abort();
}

#[tokio::test]
async fn a_connection_that_is_lost_leaves_the_outcome_unknown() {
    for operation in OPERATIONS {
        for bytes in [
            &b""[..],
            b"HTTP/1.1 20",
            b"HTTP/1.1 200 OK\r\ncontent-le",
            b"garbage\r\n\r\n",
        ] {
            let error = failure(operation, Step::Cut(bytes.to_vec())).await;
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{}", chain(&error));
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert_eq!(error.status(), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_leaves_the_outcome_unknown() {
    for operation in OPERATIONS {
        for (call_timeout, words) in [
            (60, "the attempt timed out after 15 s"),
            (15, "the call timed out after 15 s"),
        ] {
            let server = Server::start([Step::Stall(Vec::new())]).await;
            let clock = TestClock::default();
            let client = clock
                .watch(
                    builder(&server.url())
                        .retry(RetryPolicy::none())
                        .call_timeout(Duration::from_secs(call_timeout)),
                )
                .build()
                .unwrap();
            let dataset = dataset(&client);
            let (error, ()) = tokio::join!(call(&dataset, operation), async {
                server.arrived(1).await;
                pass(Duration::from_millis(14_999)).await;
                assert_eq!(clock.ended(), 0);
                pass(Duration::from_millis(1)).await;
                assert_eq!(clock.ended(), 1);
            });
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_between_calls_is_no_error() {
    let close = Step::Cut(b"HTTP/1.1 200 S\r\ncontent-length: 0\r\n\r\n".to_vec());
    let server = Server::start(vec![close; 5]).await;
    let dataset = one_attempt(&server);
    for _ in 0..5 {
        call(&dataset, Operation::Restore).await.unwrap();
    }
    assert_eq!(server.received().len(), 5);
}
