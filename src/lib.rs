//! A client for locking, unlocking and restoring datasets of Datadog LLM Observability (Agent Observability).
//!
//! This is an unofficial project, and the three endpoints are in preview: they may change without notice.
//!
//! ```no_run
//! use llmobs_datasets::{Client, DatasetVersion};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?; // DD_API_KEY, DD_APP_KEY, DD_SITE
//! let dataset = client.dataset(
//!     "a33671aa-24fd-4dcd-9b33-a8ec7dde7751".parse()?, // project
//!     "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d".parse()?, // dataset
//! );
//!
//! // Lock, restore, and unlock, even if the restore fails.
//! let version = DatasetVersion::new(1)?;
//! dataset
//!     .with_draft_lock(async |locked| locked.restore(version).await)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! | to | use |
//! |---|---|
//! | build a client from the environment | [`Client::from_env`] |
//! | set keys, site, timeouts, retries, hooks | [`Client::builder`], [`ClientBuilder`] |
//! | use a proxy, or root certificates of your own | [`ClientBuilder::http`] |
//! | work under the draft lock | [`Dataset::with_draft_lock`] |
//! | hold the draft lock beyond one closure | [`Dataset::draft_lock`], [`DraftLock`] |
//! | make a single call | [`Dataset::lock`], [`Dataset::unlock`], [`Dataset::restore`] |
//! | find out what a failed call did | [`Error::outcome`], [`Error::kind`] |
//! | release all locks before the program ends | [`Client::shutdown`] |
//! | use the models, or call without this wrapper | [`generated`] |
//!
//! Build a client once and clone it: building loads the TLS root certificates. Only [`Client::from_env`],
//! [`ClientBuilder::from_env`] and a client passed to [`ClientBuilder::http`] read the environment.
//!
//! # The draft lock
//!
//! The service keeps out other *users*. Tasks of one process take turns in order of arrival. **Replicas that
//! share an application key are one user to the service, and it lets all of them in:** give each an
//! application key of a different user (service account), or guard the work with a lock of your own.
//!
//! - **Waiting**: by default, a lock that another user holds is refused at once, and tasks of this process
//!   wait for each other without a limit. [`ClientBuilder::lock_wait`] limits both waits. Tasks that lock two
//!   datasets in opposite order deadlock: lock them in one order, or set `lock_wait`.
//! - **Loss**: somebody may unlock a dataset while you hold its lock. [`LockedDataset::check`] asks the
//!   service: call it before a step that must not happen twice.
//! - **Recovery**: after a crash, the same user's next lock adopts the old one, with a warning.
//!   [`ClientBuilder::adopt_held_lock`] refuses it instead.
//! - **Shutdown**: the lock of a dropped future or guard is released in the background. Background releases
//!   end with the program, so wait for them before `main` returns: 150 s in the worst case with the default
//!   timeouts (see [`Client::shutdown`]). In an axum service, wait after the server has drained:
//!
//! ```ignore
//! let served = axum::serve(listener, app).with_graceful_shutdown(signal).await;
//! for dataset in client.shutdown(Duration::from_secs(150)).await {
//!     tracing::warn!(dataset = %dataset.dataset_id(), "may still be locked");
//! }
//! served
//! ```
//!
//! No client can release a lock after SIGKILL or a power loss: lock again as the same user, or call
//! [`Dataset::unlock`].
//!
//! # Outcomes
//!
//! Every [`Error`] has an [`Outcome`]. [`NotApplied`](Outcome::NotApplied): the call had no effect.
//! [`Applied`](Outcome::Applied): it took effect, but its response could not be read.
//! [`Unknown`](Outcome::Unknown): it may have taken effect, so check the dataset before restoring again. The
//! module [`error`] maps each failure to its outcome. The module [`retry`] lists which failures are retried: a
//! restore that may have taken effect is not.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/setup.rs"));
//! # fn main() -> Done { run(async |_, dataset| {
//! use llmobs_datasets::Outcome;
//!
//! match dataset.restore("1".parse()?).await {
//!     Ok(_) => println!("restored"),
//!     Err(error) => match error.outcome() {
//!         Outcome::Applied => println!("restored, but {error}"),
//!         Outcome::NotApplied => println!("not restored: {error}"),
//!         _ => println!("check the dataset: {error}"),
//!     },
//! }
//! # Ok(()) }) }
//! ```
//!
//! # Telemetry
//!
//! Each call is a `tracing` span with OpenTelemetry's field names (`http.request.method`,
//! `http.response.status_code`, `server.address`, `server.port`, `url.template`,
//! `http.request.resend_count`, `error.type`) and the project and dataset ids. A retry is an event at level
//! `INFO`. [`ClientBuilder::before_attempt`] and [`ClientBuilder::after_attempt`] are hooks for metrics and
//! for headers such as `traceparent`. Keys appear in none of them.
//!
//! # Features
//!
//! | feature | effect |
//! |---|---|
//! | `rustls` (default) | TLS by rustls with aws-lc, and the platform's root certificates |
//! | `rustls-no-provider` | TLS by rustls with the crypto provider that your program installs, such as ring or a FIPS-validated one |
//! | `native-tls` | TLS by the platform's library |
//! | `schemars` | `schemars::JsonSchema` on every model |
//!
//! Without any of the three TLS features only plain HTTP works, and building a client for a site is an error.
//!
//! # Testing
//!
//! The crate [`llmobs-sandbox`](https://docs.rs/llmobs-sandbox) fakes the service on loopback, with faults
//! that you script. [`RetryPolicy::without_waits`] keeps tests from waiting for retries, and
//! `LLMOBS_DATASETS_BASE_URL` points a program that uses [`Client::from_env`] at a sandbox.

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
mod raw_response;
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
/// let client = generated::Client::new_with_client(sandbox.url().parse()?, http);
/// let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
/// let response = client.lock_llm_obs_dataset_draft_state(project, dataset).await?;
/// assert_eq!(response.status().as_u16(), 200);
/// # Ok(()) }) }
/// ```
pub use llmobs_datasets_generated as generated;
/// The HTTP client beneath this one: the version whose types [`ClientBuilder::http`] and the headers use.
pub use reqwest;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
