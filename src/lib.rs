#![doc = include_str!("../README.md")]

mod answer;
mod api_error;
mod attempt;
mod builder;
mod call;
mod client;
mod credentials;
mod dataset;
mod draft_lock;
mod endpoint;
pub mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod hooks;
mod ids;
mod operation;
mod rate_limit;
mod redactor;
mod response;
pub mod retry;
mod text;

pub use api_error::ApiError;
pub use builder::ClientBuilder;
pub use client::{Client, Settings};
pub use credentials::Credentials;
pub use dataset::{Dataset, DraftState};
pub use draft_lock::{DraftLock, LockedDataset};
pub use endpoint::{BaseUrl, Site};
pub use error::{DraftLockError, Error, ErrorKind, Outcome, Result};
pub use hooks::{Attempt, AttemptResult};
pub use ids::{DatasetId, DatasetVersion, ProjectId, VersionOutOfRange};
pub use operation::Operation;
pub use rate_limit::RateLimit;
pub use response::Response;
pub use retry::RetryPolicy;

/// The generated client that this crate wraps, for its request and response models and for raw calls exactly
/// as the spec describes them.
///
/// You are then responsible for keys, timeouts and redirects: an HTTP client that follows redirects hands
/// the keys to wherever they lead.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
/// # fn main() -> Done { run(async |sandbox, dataset| {
/// # use llmobs_datasets::reqwest::header::{HeaderMap, HeaderName};
/// use llmobs_datasets::{generated, reqwest};
///
/// # let headers = HeaderMap::from_iter([
/// #     (HeaderName::from_static("dd-api-key"), sandbox.api_key().parse()?),
/// #     (HeaderName::from_static("dd-application-key"), sandbox.application_key().parse()?),
/// # ]);
/// let http = reqwest::Client::builder()
///     .default_headers(headers) // the keys
///     .redirect(reqwest::redirect::Policy::none())
///     .build()?;
/// let client = generated::Client::new_with_client(&sandbox.url(), http);
/// let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
/// let response = client.lock_llm_obs_dataset_draft_state(project, dataset).await?;
/// assert_eq!(response.status().as_u16(), 200);
/// # Ok(()) }) }
/// ```
pub use llmobs_datasets_generated as generated;
/// The HTTP client beneath this one: the version whose types [`ClientBuilder::http`] and the headers use.
pub use reqwest;
