//! The keys go to the server that they are for, and nowhere else.

use std::time::Duration;

use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, Error, ErrorKind, RetryPolicy};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::server::{Server, Step};
use crate::setup::{LOCKED, OPERATIONS, call, chain, dataset};
use crate::telemetry::Recorder;

// With characters that percent-encoding and JSON escape.
const API_KEY: &str = "k3y+of/the=org&\"1\"";
const APP_KEY: &str = "ddapp_K3Y-of/the=user?%25";

/// The characters that URLs encode: all but the unreserved ones of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[track_caller]
fn assert_hidden(text: &str) {
    for key in [API_KEY, APP_KEY] {
        for form in [
            key.to_owned(),
            utf8_percent_encode(key, UNRESERVED).to_string(),
            format!("{key:?}").trim_matches('"').to_owned(),
        ] {
            let (text, form) = (text.to_lowercase(), form.to_lowercase());
            assert!(!text.contains(&form), "{form} is shown by {text}");
        }
    }
}

#[track_caller]
fn assert_error_hides(error: &Error) {
    assert_hidden(&error.to_string());
    assert_hidden(&format!("{error:#}"));
    assert_hidden(&format!("{error:?}"));
    assert_hidden(&format!("{error:#?}"));
    assert_hidden(&chain(error));
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        assert_hidden(&format!("{error:?}"));
        source = error.source();
    }
    assert_hidden(&String::from_utf8_lossy(
        error.raw_body().unwrap_or_default(),
    ));
    assert_hidden(&format!("{:?}", error.errors()));
}

fn credentials() -> Credentials {
    Credentials::new(API_KEY, APP_KEY).unwrap()
}

fn client(url: &str) -> Client {
    let base_url: BaseUrl = url.parse().unwrap();
    Client::builder(credentials())
        .endpoint(base_url)
        .retry(RetryPolicy::default().without_waits())
        // A draft lock is released once more after it, if a lock may take effect late.
        .attempt_timeout(Duration::from_secs(2))
        .build()
        .unwrap()
}

fn dataset_of(server: &Server) -> Dataset {
    dataset(&client(&server.url()))
}

#[test]
fn the_search_finds_what_it_searches_for() {
    for shown in [
        format!("x{API_KEY}y"),
        format!("{:?}", [APP_KEY, API_KEY]),
        utf8_percent_encode(APP_KEY, UNRESERVED).to_string(),
    ] {
        assert!(
            std::panic::catch_unwind(|| assert_hidden(&shown)).is_err(),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_keys_go_to_the_server() {
    let server = Server::start([Step::response(200, &[], LOCKED)]).await;
    dataset_of(&server).lock().await.unwrap();
    let head = server.received()[0].head.clone();
    assert!(
        head.contains(&format!("dd-api-key: {API_KEY}\r\n")),
        "{head}"
    );
    assert!(
        head.contains(&format!("dd-application-key: {APP_KEY}\r\n")),
        "{head}"
    );
}

#[test]
fn no_debug_shows_them() {
    let builder = Client::builder(credentials());
    assert_hidden(&format!("{:?} {:#?}", credentials(), credentials()));
    assert_hidden(&format!("{builder:?} {builder:#?}"));
    let client = builder.build().unwrap();
    let dataset = dataset(&client);
    assert_hidden(&format!("{client:?} {client:#?} {dataset:?} {dataset:#?}"));
}

#[test]
fn no_error_of_a_key_shows_it() {
    for broken in [format!("{API_KEY}\n"), format!("{API_KEY}\u{feff}")] {
        assert_error_hides(&Credentials::new(broken.clone(), APP_KEY).unwrap_err());
        assert_error_hides(&Credentials::new(APP_KEY, broken).unwrap_err());
    }
}

#[tokio::test]
async fn no_error_of_a_call_shows_them() {
    let steps = [
        Step::status(401),
        Step::status(403),
        Step::status(404),
        Step::response(429, &["retry-after: 99"], ""),
        Step::status(500),
        Step::reset(),
        Step::Cut(b"garbage\r\n\r\n".to_vec()),
        Step::response(200, &[], "<html>"),
        Step::response(200, &[], "{\"errors\":[1]}"),
    ];
    for operation in OPERATIONS {
        for step in &steps {
            let server = Server::start(vec![step.clone(); 4]).await;
            assert_error_hides(&call(&dataset_of(&server), operation).await.unwrap_err());
        }
        let closed = dataset(&client("http://127.0.0.1:1"));
        let error = call(&closed, operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSent);
        assert_error_hides(&error);
    }
}

#[tokio::test]
async fn keys_that_a_server_sends_back_are_not_shown() {
    let listed = json!({ "errors": [
        format!("key {API_KEY} is not valid"),
        { "title": APP_KEY, "detail": API_KEY, "meta": { "sent": [APP_KEY] } },
    ] });
    let in_url = [API_KEY, APP_KEY].map(|key| utf8_percent_encode(key, UNRESERVED));
    let page = format!(
        "<pre>dd-api-key: {API_KEY}\ndd-application-key: {APP_KEY}{APP_KEY}</pre>\
         <a href='?api_key={}&application_key={}'>",
        in_url[0], in_url[1]
    );
    for operation in OPERATIONS {
        for (status, body) in [
            (403, listed.to_string()),
            (400, page.clone()),
            (400, API_KEY.to_owned()),
            (200, page.clone()),
        ] {
            let server = Server::start([Step::response(status, &[], &body)]).await;
            let error = call(&dataset_of(&server), operation).await.unwrap_err();
            assert_eq!(error.status().unwrap().as_u16(), status);
            // Redaction leaves the rest unchanged: a list of two errors.
            assert_eq!(error.errors().len(), if status == 403 { 2 } else { 0 });
            assert!(
                error
                    .raw_body()
                    .unwrap()
                    .windows(10)
                    .any(|it| it == b"[redacted]")
            );
            assert_error_hides(&error);
        }
    }
}

#[tokio::test]
async fn keys_that_are_sent_back_in_another_encoding_are_not_shown() {
    // As PHP writes a slash.
    let in_php = json!(API_KEY).to_string().replace('/', "\\/");
    let in_url = utf8_percent_encode(APP_KEY, UNRESERVED).to_string();
    for operation in OPERATIONS {
        for body in [
            json!({ "errors": [API_KEY] }).to_string(),
            format!("{{\"errors\":[{in_php}]}}"),
            format!("{{\"errors\":[\"{in_url}\"]}}"),
            format!("{{\"errors\":[\"{}\"]}}", in_url.to_lowercase()),
            format!("{{\"errors\":[\"{}\"]}}", APP_KEY.to_uppercase()),
        ] {
            let server = Server::start([Step::response(403, &[], &body)]).await;
            let error = call(&dataset_of(&server), operation).await.unwrap_err();
            assert_eq!(error.errors().len(), 1);
            assert!(error.to_string().contains("[redacted]"), "{error}");
            assert_error_hides(&error);
        }
    }
    // The error of an unreadable success quotes the response.
    for body in [
        json!({ "data": API_KEY }).to_string(),
        format!("{{\"data\":{}", json!(APP_KEY)),
    ] {
        let server = Server::start([Step::response(200, &[], &body)]).await;
        assert_error_hides(&dataset_of(&server).lock().await.unwrap_err());
    }
}

#[tokio::test]
async fn a_key_within_another_does_not_uncover_the_rest_of_it() {
    let keys = Credentials::new("k3y", "k3y-of-the-user").unwrap();
    let server = Server::start([Step::response(
        403,
        &[],
        r#"{"errors":["k3y-of-the-user"]}"#,
    )])
    .await;
    let base_url: BaseUrl = server.url().parse().unwrap();
    let client = Client::builder(keys).endpoint(base_url).build().unwrap();
    let error = dataset(&client).lock().await.unwrap_err();
    assert_eq!(error.errors()[0].title.as_deref(), Some("[redacted]"));
}

/// The error of a call with these keys, which is refused with this body.
async fn refused(keys: (&str, &str), cap: usize, body: &str) -> Error {
    let server = Server::start([Step::response(403, &[], body)]).await;
    let base_url: BaseUrl = server.url().parse().unwrap();
    let client = Client::builder(Credentials::new(keys.0, keys.1).unwrap())
        .endpoint(base_url)
        .max_response_bytes(cap)
        .build()
        .unwrap();
    dataset(&client).lock().await.unwrap_err()
}

#[tokio::test]
async fn keys_that_overlap_or_follow_each_other_are_not_shown() {
    let keys = ("abcabc", "bcabcd");
    let body = r#"{"errors":["-abcabcd-abcabcabcabc-"]}"#;
    let error = refused(keys, 1 << 20, body).await;
    let title = error.errors()[0].title.as_deref();
    assert_eq!(title, Some("-[redacted]-[redacted][redacted]-"));
}

#[tokio::test]
async fn a_body_that_ends_within_a_key_does_not_show_its_start() {
    let key = "0123456789abcdef/+";
    for (written, start) in [
        (key.to_owned(), "01234"),
        (key.to_uppercase(), "01234"),
        (key.replace('/', "\\/"), "01234"),
        (key.replace('/', "%2F").replace('+', "%2b"), "01234"),
    ] {
        let body = format!("sent: {written}");
        for cap in 0..=body.len() {
            let error = refused((key, "k3y"), cap, &body).await;
            let shown = String::from_utf8_lossy(error.raw_body().unwrap()).into_owned();
            // Four characters of a key don't count as the key.
            let hides = body.split_at(cap).0.contains(start);
            assert!(!shown.contains(start), "{shown}");
            assert_eq!(shown == "sent: [redacted]", hides, "{shown}");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_a_host_that_repeats_a_key_does_not_show_it() {
    // Keys that are allowed in a host name, as the service's keys are.
    let (of_org, of_user) = ("0123456789abcdef", "ddapp_0123456789AbCdEf");
    for host in [
        of_org.to_owned(),
        format!("x{of_org}.example.com"),
        format!("{of_user}.example.com"),
        format!("{}.example.com", of_org.replace('0', "%30")),
        format!("{}.example.com", of_org.replace('a', "\u{ff41}")),
    ] {
        let location = format!("location: https://{host}/");
        // The parser of URLs decodes what a search of the text doesn't find.
        assert!(reqwest::Url::parse(&format!("https://{host}/")).is_ok());
        let server = Server::start([Step::response(302, &[&location], "")]).await;
        let base_url: BaseUrl = server.url().parse().unwrap();
        let client = Client::builder(Credentials::new(of_org, of_user).unwrap())
            .endpoint(base_url)
            .build()
            .unwrap();
        let error = dataset(&client).lock().await.unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(of_org), "{text}");
            let text = text.to_lowercase();
            assert!(!text.contains(&of_user.to_lowercase()), "{text}");
        }
    }
}

#[tokio::test]
async fn a_response_that_does_not_fit_the_model_does_not_show_them() {
    let drafted = |since: &str, user: serde_json::Value| {
        json!({ "data": {
            "id": "d",
            "type": "draft_state_data",
            "attributes": { "drafting_since": since, "user": user },
        } })
    };
    for body in [
        json!({ "data": API_KEY }),
        json!({ APP_KEY: 1, "data": { API_KEY: APP_KEY } }),
        drafted(API_KEY, json!({ "id": "u" })),
        drafted("2024-01-15T10:30:00Z", APP_KEY.into()),
    ] {
        let server = Server::start([Step::response(200, &[], body.to_string())]).await;
        let error = dataset_of(&server).lock().await.unwrap_err();
        assert!(std::error::Error::source(&error).is_some(), "{error:?}");
        assert_error_hides(&error);
    }
}

#[tokio::test]
async fn nothing_that_is_traced_shows_them() {
    let server = Server::start([
        Step::response(503, &[], format!("{API_KEY} {APP_KEY}")),
        Step::response(200, &[], LOCKED),
        // Released twice, because the first lock may take effect late.
        Step::response(409, &[], format!("[\"{API_KEY}\"]")),
        Step::response(409, &[], format!("[\"{APP_KEY}\"]")),
        Step::response(
            200,
            &[],
            json!({ "data": { "attributes": APP_KEY } }).to_string(),
        ),
        Step::response(200, &[], ""),
    ])
    .await;
    Recorder::start();
    let dataset = dataset_of(&server);
    drop(dataset.draft_lock().await.unwrap());
    server.arrived(4).await;
    dataset
        .with_draft_lock(async |_| Ok::<_, Error>(()))
        .await
        .unwrap();
    let events = Recorder::events();
    let is_there = |part: &str| {
        events
            .iter()
            .any(|it| it.fields.values().any(|it| it.contains(part)))
    };
    assert!(
        is_there("is incomplete") && is_there("expected struct"),
        "{events:?}"
    );
    for list in [Recorder::spans(), Recorder::events()] {
        assert!(!list.is_empty());
        assert_hidden(&format!("{list:?}"));
        for seen in &list {
            seen.fields.values().for_each(|value| assert_hidden(value));
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start([]).await;
    for operation in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            let location = format!("location: {}/path?query=hidden", other.url());
            let server = Server::start([Step::response(status, &[&location], "")]).await;
            let error = call(&dataset_of(&server), operation).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedStatus);
            assert_eq!(error.status().unwrap().as_u16(), status);
            let line = error.to_string();
            let to = other.url().replace("http://", " to ");
            let followed = format!("{to}, which is not followed");
            assert!(line.contains(&followed), "{line}");
            assert!(!line.contains("path") && !line.contains("query"), "{line}");
            assert_eq!(server.received().len(), 1);
        }
    }
    assert!(other.lines().is_empty());
}

#[tokio::test]
async fn plain_http_to_another_host_is_refused() {
    let error = "http://example.com".parse::<BaseUrl>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    // Allowed only if the caller opts in.
    let base_url = BaseUrl::with_plain_http("http://example.com").unwrap();
    let client = Client::builder(credentials())
        .endpoint(base_url)
        .retry(RetryPolicy::none());
    client.build().unwrap();
}
