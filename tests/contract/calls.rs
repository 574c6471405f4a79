//! One call through the generated client.

use futures_util::TryStreamExt as _;
use llmobs_datasets::generated::{ByteStream, Client, Error, ResponseValue, types};
use reqwest::header::{HeaderMap, HeaderValue};

use crate::documentation::{DATASET_ID, PAGES, PROJECT_ID};

pub(crate) const API_KEY: &str = "an-api-key";
pub(crate) const APP_KEY: &str = "an-application-key";

/// The response, as a success or an error of the client.
#[derive(Debug)]
pub(crate) struct Received {
    /// Whether the client returned a success.
    pub(crate) success: bool,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A client with the keys of the documented calls.
pub(crate) fn client(base_url: &str, http: reqwest::ClientBuilder) -> Client {
    let mut keys = HeaderMap::new();
    keys.insert("dd-api-key", HeaderValue::from_static(API_KEY));
    keys.insert("dd-application-key", HeaderValue::from_static(APP_KEY));
    let http = http.default_headers(keys).no_proxy().build().unwrap();
    Client::new_with_client(base_url.parse().unwrap(), http)
}

/// Calls an operation with the documented ids and body.
pub(crate) async fn call(client: &Client, operation: &str) -> Received {
    received(match operation {
        "LockLLMObsDatasetDraftState" => {
            client
                .lock_llm_obs_dataset_draft_state(PROJECT_ID, DATASET_ID)
                .await
        }
        "UnlockLLMObsDatasetDraftState" => {
            client
                .unlock_llm_obs_dataset_draft_state(PROJECT_ID, DATASET_ID)
                .await
        }
        "RestoreLLMObsDatasetVersion" => {
            let page = PAGES
                .iter()
                .find(|page| page.operation == operation)
                .unwrap();
            let body: types::LlmObsDatasetRestoreVersionRequest =
                serde_json::from_str(page.request.unwrap()).unwrap();
            client
                .restore_llm_obs_dataset_version(PROJECT_ID, DATASET_ID, &body)
                .await
        }
        other => panic!("add a call of {other} here"),
    })
    .await
}

async fn received(result: Result<ResponseValue<ByteStream>, Error>) -> Received {
    match result {
        Ok(response) => Received {
            success: true,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response
                .into_inner_stream()
                .map_ok(|chunk| chunk.to_vec())
                .try_concat()
                .await
                .unwrap(),
        },
        Err(Error::UnexpectedResponse(response)) => Received {
            success: false,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        },
        Err(error) => panic!("a response was lost: {error:?}"),
    }
}
