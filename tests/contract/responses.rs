//! Each documented response arrives whole: status, headers, body, and the body as the documented type.

use httpmock::MockServer;
use llmobs_datasets::generated::types;
use serde_json::Value;

use crate::calls::{self, Received};
use crate::documentation::{PAGES, json};
use crate::spec;

/// Calls an operation of a server that always sends this response.
pub(crate) async fn call_with_response(
    operation: &str,
    status: u16,
    media_type: &str,
    body: impl AsRef<[u8]>,
) -> Received {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(status)
                .header("content-type", media_type)
                .header("x-ratelimit-remaining", "17")
                .body(body);
        })
        .await;
    let client = calls::client(&server.base_url(), reqwest::Client::builder());
    let received = calls::call(&client, operation).await;
    mock.assert_calls_async(1).await;
    received
}

/// Parses a body as the generated type of a schema, and serializes it again.
fn through_model(schema: &str, body: &[u8]) -> Value {
    fn through<T: serde::Serialize + serde::de::DeserializeOwned>(body: &[u8]) -> Value {
        serde_json::to_value(serde_json::from_slice::<T>(body).unwrap()).unwrap()
    }
    match schema {
        "LLMObsDatasetDraftStateResponse" => {
            through::<types::LlmObsDatasetDraftStateResponse>(body)
        }
        "JSONAPIErrorResponse" => through::<types::JsonapiErrorResponse>(body),
        "APIErrorResponse" => through::<types::ApiErrorResponse>(body),
        other => panic!("add the type of {other} here"),
    }
}

#[tokio::test]
async fn each_documented_response_arrives_whole() {
    let spec = spec::load();
    let mut seen = 0;
    for (_, _, _, operation) in spec::operations(&spec) {
        let id = operation["operationId"].as_str().unwrap();
        let page = PAGES.iter().find(|page| page.operation == id).unwrap();
        for (status, response) in operation["responses"].as_object().unwrap() {
            let status: u16 = status.parse().unwrap();
            let example = page
                .responses
                .iter()
                .find(|(code, _)| *code == status)
                .unwrap()
                .1;
            let body = example.unwrap_or_default();

            let received = call_with_response(id, status, "application/json", body).await;

            assert_eq!(received.status, status, "{id}");
            assert_eq!(received.success, status == 200, "{id} {status}");
            assert_eq!(received.headers["x-ratelimit-remaining"], "17");
            assert_eq!(received.body, body.as_bytes(), "{id} {status}");
            let schema = &spec::resolve(&spec, response)["content"]["application/json"]["schema"];
            match spec::component(schema) {
                Some(schema) => assert_eq!(through_model(schema, &received.body), json(body)),
                None => assert_eq!(body, ""),
            }
            seen += 1;
        }
    }
    assert_eq!(
        seen,
        PAGES.iter().map(|page| page.responses.len()).sum::<usize>()
    );
}
