//! The requests are those of the documented curl calls, and nothing more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use httpmock::{HttpMockRequest, MockServer};
use llmobs_datasets::generated::{Client, ClientInfo as _, Error};
use reqwest::Url;
use serde_json::Value;

use crate::calls::{self, API_KEY, APP_KEY};
use crate::documentation::{DATASET_ID, PAGES, PROJECT_ID, Page, json, sites};
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

/// Method, path and query of the documented call.
fn documented_endpoint(page: &Page) -> (String, String, Vec<(String, String)>) {
    let (method, path) = page.endpoint();
    let path = path.split('?').next().unwrap();
    let path = path
        .replace("{project_id}", PROJECT_ID)
        .replace("{dataset_id}", DATASET_ID);
    (method.to_owned(), path, page.query())
}

fn endpoint(method: &str, url: &Url) -> (String, String, Vec<(String, String)>) {
    let query = url.query_pairs().into_owned().collect();
    (method.to_owned(), url.path().to_owned(), query)
}

/// The same of a request that arrived.
fn received_endpoint(request: &HttpMockRequest) -> (String, String, Vec<(String, String)>) {
    let url = format!("http://site{}", request.uri().path_and_query().unwrap());
    endpoint(request.method_str(), &Url::parse(&url).unwrap())
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

/// The request of an operation with the documented ids and body.
fn request_of(client: &Client, page: &Page) -> reqwest::Request {
    let (project, dataset) = (PROJECT_ID, DATASET_ID);
    let request = match page.operation {
        "LockLLMObsDatasetDraftState" => {
            client.lock_llm_obs_dataset_draft_state_request(project, dataset)
        }
        "UnlockLLMObsDatasetDraftState" => {
            client.unlock_llm_obs_dataset_draft_state_request(project, dataset)
        }
        _ => {
            let body = serde_json::from_str(page.request.unwrap()).unwrap();
            client.restore_llm_obs_dataset_version_request(project, dataset, &body)
        }
    };
    request.unwrap()
}

/// A regression test: requests used to be built by polling the call that sends them. With another executor's
/// waker, such as here, that call sent the request.
#[tokio::test]
async fn requests_that_are_only_built_are_not_sent() {
    let (server, requests) = recorder().await;
    let client = calls::client(&server.base_url(), reqwest::Client::builder());
    for _ in 0..100 {
        let mut building: FuturesUnordered<_> = PAGES
            .iter()
            .map(|page| async { request_of(&client, page) })
            .collect();
        while let Some(request) = building.next().await {
            drop(request);
        }
        tokio::task::yield_now().await;
    }
    for page in PAGES {
        let request = request_of(&client, page);
        let built = endpoint(request.method().as_str(), request.url());
        assert_eq!(built, documented_endpoint(page));
    }
    // This request is sent last, and is the only one that arrives.
    calls::call(&client, PAGES[0].operation).await;
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[test]
fn a_request_is_built_without_a_runtime() {
    let client = calls::client("http://127.0.0.1:1", reqwest::Client::builder());
    for page in PAGES {
        request_of(&client, page);
    }
}

#[tokio::test]
async fn each_built_request_is_the_documented_one_once_it_is_sent() {
    for page in PAGES {
        let (server, requests) = recorder().await;
        let http = reqwest::Client::builder().user_agent("contract");
        let client = calls::client(&server.base_url(), http);
        let request = request_of(&client, page);
        client.client().execute(request).await.unwrap();
        assert_documented(page, &server, &requests, "contract");
    }
}

#[tokio::test]
async fn ids_that_a_url_cannot_hold_are_refused_and_all_others_arrive() {
    let (server, requests) = recorder().await;
    let base_urls = ["", "/", "/prefix", "/prefix/"].map(|path| server.base_url() + path);
    let clients = base_urls.map(|url| calls::client(&url, reqwest::Client::builder()));
    for id in ["", ".", "..", "a\tb", "a\nb", "a\rb"] {
        for ids in [(id, DATASET_ID), (PROJECT_ID, id)] {
            let request = clients[0].lock_llm_obs_dataset_draft_state_request(ids.0, ids.1);
            let call = clients[0].lock_llm_obs_dataset_draft_state(ids.0, ids.1);
            for error in [request.err(), call.await.err()] {
                let Some(Error::InvalidRequest(message)) = error else {
                    panic!("{id:?}: {error:?}");
                };
                assert!(message.contains(&format!("{id:?}")), "{message}");
            }
        }
    }
    assert!(requests.lock().unwrap().is_empty());

    let odd = [
        "...", ".a", "%2e%2e", "%2F", "a/b", "a\\b", "a b", "a?b#c", "é", "\u{1}",
    ];
    for id in odd {
        for (client, prefix) in clients.iter().zip(["", "", "/prefix", "/prefix"]) {
            let call = client.lock_llm_obs_dataset_draft_state(id, DATASET_ID);
            call.await.unwrap();
            let request = requests.lock().unwrap().pop().unwrap();
            let path = request.uri().path().to_owned();
            let id_sent = path
                .strip_prefix(&format!("{prefix}/api/v2/llm-obs/v1/"))
                .and_then(|rest| {
                    rest.strip_suffix(&format!("/datasets/{DATASET_ID}/draft_state/lock"))
                });
            let id_sent = id_sent.unwrap_or_else(|| panic!("{id:?}: {path}"));
            assert!(!id_sent.contains('/'), "{path}");
            let decoded = percent_encoding::percent_decode_str(id_sent);
            assert_eq!(decoded.decode_utf8().unwrap(), id);
        }
    }
}

#[test]
fn a_base_url_without_a_path_is_refused() {
    let client = calls::client("data:,nowhere", reqwest::Client::builder());
    let request = client.lock_llm_obs_dataset_draft_state_request(PROJECT_ID, DATASET_ID);
    let error = request.unwrap_err().to_string();
    let expected = "the base URL can't have a path: data:,nowhere; use one such as";
    assert!(error.contains(expected), "{error}");
}

/// Asserts that exactly one request arrived, with the documented method, path, headers and body.
#[track_caller]
fn assert_documented(page: &Page, server: &MockServer, requests: &Requests, user_agent: &str) {
    let requests = requests.lock().unwrap();
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(received_endpoint(request), documented_endpoint(page));

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
        for site in sites() {
            let host = site.strip_prefix("https://").unwrap();
            // Without TLS, and to this server: the rest of the URL is the client's.
            let to_server: SocketAddr = *server.address();
            let http = reqwest::Client::builder().resolve(host, to_server);
            let client = calls::client(&format!("http://{host}:{}", server.port()), http);
            calls::call(&client, page.operation).await;
            let authority = format!("{host}:{}", server.port());
            sent.push((authority, documented_endpoint(page)));
        }
    }
    let received: Vec<_> = requests
        .lock()
        .unwrap()
        .iter()
        .map(|request| {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            (host, received_endpoint(request))
        })
        .collect();
    assert_eq!(received, sent);
    assert_eq!(received.len(), sites().len() * PAGES.len());
}
