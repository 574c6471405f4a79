//! What is compared: the wrapper, with a handle that is kept or made for each call, the generated client
//! beneath it, and the baseline, which is reqwest with serde structs written by hand. All send the same requests,
//! read the same responses, run on the same runtime and are set up for the same connections.

use std::cell::RefCell;
use std::fmt;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use llmobs_datasets::generated::types;
use llmobs_datasets::{
    BaseUrl, Client, Credentials, Dataset, DatasetVersion, Operation, generated,
};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::Result;

const PROJECT: &str = "a33671aa-24fd-4dcd-9b33-a8ec7dde7751";
const DATASET: &str = "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d";
const API_KEY: &str = "0123456789abcdef0123456789abcdef";
const APPLICATION_KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const VERSION: i32 = 1;

/// One of what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    /// reqwest with serde structs written by hand, as one writes it: connections as the wrapper's, the
    /// other settings as they come, no limit on the time of a call.
    Baseline,
    /// The baseline with what the wrapper has besides: a limit on the time of a call (of reqwest's, where the
    /// wrapper's is tokio's), and no copy of each request kept for a retry of reqwest's own.
    TunedBaseline,
    /// The generated client alone, with the settings of the tuned baseline.
    Generated,
    /// `llmobs_datasets::Client` with default settings, and one `Dataset` for all calls.
    Wrapper,
    /// The wrapper with a `Dataset` made for each call, from ids that are text.
    WrapperHandles,
}

impl Side {
    pub(crate) const ALL: [Self; 5] = [
        Self::Baseline,
        Self::TunedBaseline,
        Self::Generated,
        Self::Wrapper,
        Self::WrapperHandles,
    ];
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Baseline => "baseline",
            Self::TunedBaseline => "tuned baseline",
            Self::Generated => "generated",
            Self::Wrapper => "wrapper",
            Self::WrapperHandles => "wrapper, new handles",
        })
    }
}

/// A side with its connections.
pub(crate) enum Caller {
    Baseline(Baseline),
    Generated(generated::Client),
    Wrapper(Dataset),
    WrapperHandles(Client),
}

impl Caller {
    pub(crate) fn new(side: Side, address: SocketAddr) -> Result<Self> {
        Ok(match side {
            Side::Baseline => Self::Baseline(Baseline::new(address, false)?),
            Side::TunedBaseline => Self::Baseline(Baseline::new(address, true)?),
            Side::Generated => Self::Generated(generated_client(address)?),
            Side::Wrapper => Self::Wrapper(handle(&wrapper(address)?)?),
            Side::WrapperHandles => Self::WrapperHandles(wrapper(address)?),
        })
    }

    /// Makes calls: lock, unlock and restore in turn.
    pub(crate) async fn run(&self, calls: usize, in_flight: usize) -> Result<()> {
        // Which side it is, is asked once a run and not once a call.
        match self {
            Self::Baseline(baseline) => {
                run(calls, in_flight, async |it| baseline.call(it).await).await
            }
            Self::Generated(client) => {
                run(calls, in_flight, async |it| {
                    generated_call(client, it).await
                })
                .await
            }
            Self::Wrapper(dataset) => {
                run(calls, in_flight, async |it| wrapper_call(dataset, it).await).await
            }
            Self::WrapperHandles(client) => {
                run(calls, in_flight, async |it| {
                    wrapper_call(&handle(client)?, it).await
                })
                .await
            }
        }
    }
}

async fn run<T>(
    calls: usize,
    in_flight: usize,
    call: impl AsyncFn(Operation) -> Result<T>,
) -> Result<()> {
    let operations = [Operation::Lock, Operation::Unlock, Operation::Restore];
    let operations = RefCell::new(operations.into_iter().cycle().take(calls));
    let worker = async || -> Result<()> {
        loop {
            let next = operations.borrow_mut().next();
            let Some(operation) = next else {
                return Ok(());
            };
            black_box(call(operation).await?);
        }
    };
    if in_flight == 1 {
        worker().await
    } else {
        try_join_all((0..in_flight).map(|_| worker())).await?;
        Ok(())
    }
}

/// The baseline.
pub(crate) struct Baseline {
    http: reqwest::Client,
    base_url: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what a caller would read")]
struct Locked {
    data: LockedData,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what a caller would read")]
struct LockedData {
    id: String,
    r#type: String,
    attributes: DraftState,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what a caller would read")]
pub(crate) struct DraftState {
    drafting_since: DateTime<Utc>,
    user: User,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what a caller would read")]
struct User {
    id: String,
    name: Option<String>,
    handle: Option<String>,
    email: Option<String>,
    icon: Option<String>,
}

#[derive(Serialize)]
struct Restore<'a> {
    data: RestoreData<'a>,
}

#[derive(Serialize)]
struct RestoreData<'a> {
    attributes: RestoreAttributes,
    id: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct RestoreAttributes {
    dataset_version: i32,
}

impl Baseline {
    fn new(address: SocketAddr, tuned: bool) -> Result<Self> {
        Ok(Self {
            http: http(tuned)?,
            base_url: format!("http://{address}"),
        })
    }

    async fn call(&self, operation: Operation) -> Result<Option<DraftState>> {
        let base = &self.base_url;
        let dataset = format!("{base}/api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}");
        let request = match operation {
            Operation::Lock => self.http.patch(dataset + "/draft_state/lock"),
            Operation::Unlock => self.http.patch(dataset + "/draft_state/unlock"),
            _ => self.http.post(dataset + "/restore").json(&Restore {
                data: RestoreData {
                    attributes: RestoreAttributes {
                        dataset_version: VERSION,
                    },
                    id: DATASET,
                    r#type: "datasets",
                },
            }),
        };
        let response = request.send().await?.error_for_status()?;
        let body = response.bytes().await?;
        match operation {
            Operation::Lock => {
                let locked: Locked = serde_json::from_slice(&body)?;
                Ok(Some(locked.data.attributes))
            }
            _ => Ok(None),
        }
    }
}

/// reqwest with the connections and headers of the wrapper; tuned, with a time limit and no retries.
fn http(tuned: bool) -> Result<reqwest::Client> {
    let mut headers = HeaderMap::new();
    for (name, key) in [
        ("dd-api-key", API_KEY),
        ("dd-application-key", APPLICATION_KEY),
    ] {
        let mut value = HeaderValue::from_static(key);
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let builder = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .user_agent("llmobs-datasets/0.1.0")
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none());
    let builder = if tuned {
        builder
            .timeout(Duration::from_secs(15))
            .retry(reqwest::retry::never().max_retries_per_request(0))
    } else {
        builder
    };
    Ok(builder.build()?)
}

/// A generated client.
fn generated_client(address: SocketAddr) -> Result<generated::Client> {
    let base_url = format!("http://{address}").parse()?;
    Ok(generated::Client::new_with_client(base_url, http(true)?))
}

/// A call with the generated client.
async fn generated_call(
    client: &generated::Client,
    operation: Operation,
) -> Result<Option<types::LlmObsDatasetDraftStateDataAttributes>> {
    let answer = match operation {
        Operation::Lock => {
            client
                .lock_llm_obs_dataset_draft_state(PROJECT, DATASET)
                .await?
        }
        Operation::Unlock => {
            client
                .unlock_llm_obs_dataset_draft_state(PROJECT, DATASET)
                .await?
        }
        _ => {
            let body = types::LlmObsDatasetRestoreVersionRequest {
                data: types::LlmObsDatasetRestoreVersionDataRequest {
                    attributes: types::LlmObsDatasetRestoreVersionDataAttributesRequest {
                        dataset_version: VERSION,
                    },
                    id: DATASET.to_owned(),
                    type_: types::LlmObsDatasetType::Datasets,
                },
            };
            client
                .restore_llm_obs_dataset_version(PROJECT, DATASET, &body)
                .await?
        }
    };
    let mut chunks = answer.into_inner_stream();
    let mut body = chunks.try_next().await?.unwrap_or_default();
    while let Some(chunk) = chunks.try_next().await? {
        body = [body, chunk].concat().into();
    }
    match operation {
        Operation::Lock => {
            let locked: types::LlmObsDatasetDraftStateResponse = serde_json::from_slice(&body)?;
            Ok(Some(locked.data.attributes))
        }
        _ => Ok(None),
    }
}

/// The wrapper.
fn wrapper(address: SocketAddr) -> Result<Client> {
    let base_url: BaseUrl = format!("http://{address}").parse()?;
    Ok(Client::builder(Credentials::new(API_KEY, APPLICATION_KEY)?)
        .endpoint(base_url)
        .build()?)
}

fn handle(client: &Client) -> Result<Dataset> {
    Ok(client.dataset(PROJECT.parse()?, DATASET.parse()?))
}

/// A call with the wrapper.
async fn wrapper_call(
    dataset: &Dataset,
    operation: Operation,
) -> Result<Option<types::LlmObsDatasetDraftStateDataAttributes>> {
    match operation {
        Operation::Lock => Ok(Some(dataset.lock().await?.into_inner())),
        Operation::Unlock => {
            dataset.unlock().await?;
            Ok(None)
        }
        _ => {
            dataset
                .restore(DatasetVersion::try_from(i64::from(VERSION))?)
                .await?;
            Ok(None)
        }
    }
}
