//! The requests are those of the documented curl calls, and nothing more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, MockServer};
use llmobs_datasets::generated::{self, Error};
use serde_json::Value;

use crate::calls::{self, API_KEY, APP_KEY};
use crate::documentation::{DATASET_ID, PAGES, PROJECT_ID, Page, SITES, json};
use crate::setup::{self, OPERATIONS};

type Requests = Arc<Mutex<Vec<HttpMockRequest>>>;

/// A server that records the requests that it receives.
async fn recorder() -> (MockServer, Requests) {
    let server = MockServer::start_async().await;
    let requests = Requests::default();
    let kept = Arc::clone(&requests);
    server
        .mock_async(|when, then| {
            when.is_true(move |request: &HttpMockRequest| {
                kept.lock().unwrap().push(request.clone());
                true
            });
            then.status(200);
        })
        .await;
    (server, requests)
}

fn documented_path(url: &str) -> String {
    let path = url.splitn(4, '/').nth(3).unwrap();
    format!("/{path}")
        .replace("{project_id}", PROJECT_ID)
        .replace("{dataset_id}", DATASET_ID)
}

#[tokio::test]
async fn each_request_of_the_generated_client_is_the_documented_one() {
    for page in PAGES {
        let (server, requests) = recorder().await;
        let http = reqwest::Client::builder().user_agent("contract");
        calls::call(&calls::client(&server.base_url(), http), page.operation).await;
        assert_documented(page, &server, &requests, "contract");
    }
}

#[tokio::test]
async fn each_request_of_the_wrapper_is_the_documented_one() {
    for (page, operation) in PAGES.iter().zip(OPERATIONS) {
        let (server, requests) = recorder().await;
        let client = setup::builder(&server.base_url()).build().unwrap();
        let result = setup::call(&setup::dataset(&client), operation).await;
        // The recorder sends an empty response, which is an error where the page documents a body.
        let (_, success) = page.responses[0];
        assert_eq!(result.is_ok(), success.is_none());
        let user_agent = concat!("llmobs-datasets/", env!("CARGO_PKG_VERSION"));
        assert_documented(page, &server, &requests, user_agent);
    }
}

#[tokio::test]
async fn a_request_that_is_only_asked_for_is_not_sent() {
    let (server, requests) = recorder().await;
    let http = reqwest::Client::builder;
    let client = calls::client(&server.base_url(), http());
    let lock = || client.lock_llm_obs_dataset_draft_state(PROJECT_ID, DATASET_ID);

    let request = generated::request_of(lock()).unwrap();
    let (method, url) = PAGES[0].endpoints()[0];
    assert_eq!(request.method(), method);
    assert_eq!(request.url().path(), documented_path(url));
    assert!(requests.lock().unwrap().is_empty());

    let panics = || generated::request_of::<()>(async { panic!("as a caller's may") }).is_ok();
    std::panic::catch_unwind(panics).unwrap_err();

    lock().await.unwrap();
    assert_eq!(requests.lock().unwrap().len(), 1, "the next call is made");

    let nowhere = calls::client("nowhere", http());
    let lock = nowhere.lock_llm_obs_dataset_draft_state(PROJECT_ID, DATASET_ID);
    match generated::request_of(lock).unwrap_err() {
        Error::CommunicationError(error) => assert!(error.is_builder(), "{error:?}"),
        error => panic!("{error:?}"),
    }
    let none = generated::request_of(async { Ok(()) }).unwrap_err();
    assert!(none.to_string().contains("it made no request"), "{none}");
}

/// One request came, and it is the documented one: method, path, the headers and no others, body.
#[track_caller]
fn assert_documented(page: &Page, server: &MockServer, requests: &Requests, user_agent: &str) {
    let requests = requests.lock().unwrap();
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    let (method, url) = page.endpoints()[0];
    assert_eq!(request.method_str(), method);
    let path = request.uri().path_and_query().unwrap().to_string();
    assert_eq!(path, documented_path(url));

    let found: BTreeMap<String, String> = request
        .headers_vec()
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect();
    let sent = request.headers_vec().len();
    assert_eq!(found.len(), sent, "a header is sent twice");
    let mut expected: BTreeMap<String, String> = page
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.replace("${DD_API_KEY}", API_KEY);
            let value = value.replace("${DD_APP_KEY}", APP_KEY);
            ((*name).to_owned(), value)
        })
        .collect();
    expected.insert("host".to_owned(), server.address().to_string());
    expected.insert("user-agent".to_owned(), user_agent.to_owned());
    let body = request.body_vec();
    match page.request {
        Some(documented) => {
            expected.insert("content-length".to_owned(), body.len().to_string());
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, json(documented));
        }
        None => assert!(body.is_empty()),
    }
    assert_eq!(found, expected, "{}", page.operation);
}

#[tokio::test]
async fn each_site_gets_the_documented_url() {
    let (server, requests) = recorder().await;
    let mut sent = Vec::new();
    for page in PAGES {
        for (method, url) in page.endpoints() {
            let host = url.split('/').nth(2).unwrap();
            // Without TLS, and to this server: the rest of the URL is the client's.
            let to_server: SocketAddr = *server.address();
            let http = reqwest::Client::builder().resolve(host, to_server);
            let client = calls::client(&format!("http://{host}:{}", server.port()), http);
            calls::call(&client, page.operation).await;
            let authority = format!("{host}:{}", server.port());
            sent.push((method.to_owned(), authority, documented_path(url)));
        }
    }
    let received: Vec<_> = requests
        .lock()
        .unwrap()
        .iter()
        .map(|request| {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            (
                request.method_str().to_owned(),
                host,
                request.uri().path().to_owned(),
            )
        })
        .collect();
    assert_eq!(received, sent);
    assert_eq!(received.len(), SITES * PAGES.len());
}
