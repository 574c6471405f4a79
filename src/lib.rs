#![doc = include_str!("../README.md")]

mod answer;
mod api_error;
mod builder;
mod call;
mod client;
mod clock;
mod credentials;
mod dataset;
mod draft_lock;
mod endpoint;
pub mod error;
mod ids;
mod operation;
mod rate_limit;
mod response;
pub mod retry;

pub use api_error::ApiError;
pub use builder::ClientBuilder;
pub use client::Client;
pub use clock::{Clock, Sleep};
pub use credentials::Credentials;
pub use dataset::{Dataset, DraftState};
pub use draft_lock::{DraftLock, DraftLockError, NotLocked};
pub use endpoint::{BaseUrl, Endpoint, Site};
pub use error::{Error, ErrorKind, Outcome, Result};
pub use ids::{DatasetId, DatasetVersion, ProjectId};
pub use operation::Operation;
pub use rate_limit::RateLimit;
pub use response::Response;
pub use retry::RetryPolicy;

/// The generated client beneath this one, for what this one has no words for.
pub use llmobs_datasets_generated as generated;
