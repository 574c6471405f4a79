//! The client, configured by the command line and the environment.

use std::time::Duration;

use llmobs_datasets::{
    Client, ClientBuilder, Dataset, DatasetVersion, Operation, Result, Settings,
};

use crate::args::Target;
use crate::message;

const USER_AGENT: &str = concat!("llmobs-datasets-cli/", env!("CARGO_PKG_VERSION"));

pub(crate) fn dataset(target: &Target, adopt: bool) -> Result<Dataset> {
    let mut builder = ClientBuilder::from_env()?
        .user_agent(USER_AGENT)
        .adopt_held_lock(adopt);
    if let Some(timeout) = target.timeout {
        let attempt = Settings::default().attempt_timeout.min(timeout);
        builder = builder.call_timeout(timeout).attempt_timeout(attempt);
    }
    let client = builder.build()?;
    Ok(client.dataset(target.project_id.clone(), target.dataset_id.clone()))
}

/// A request as `--dry-run` shows it.
pub(crate) fn request(
    dataset: &Dataset,
    operation: Operation,
    version: Option<DatasetVersion>,
) -> String {
    let path = operation
        .url_template()
        .replace("{project_id}", dataset.project_id().as_str())
        .replace("{dataset_id}", dataset.dataset_id().as_str());
    let version = version.map(|it| format!(" with dataset_version {it}"));
    let (method, base_url) = (operation.method(), &dataset.client().settings().endpoint);
    format!("{method} {base_url}{path}{}", version.unwrap_or_default())
}

/// Waits for releases in the background, which end with the program. Returns whether the dataset may still be
/// locked.
pub(crate) async fn settle(client: &Client) -> bool {
    let settings = client.settings();
    // A request, an unlock, and another unlock an attempt timeout later.
    let calls = settings.call_timeout.saturating_mul(3);
    let limit = calls.saturating_add(settings.attempt_timeout);
    let shutdown = client.shutdown(limit);
    tokio::pin!(shutdown);
    let soon = tokio::time::timeout(Duration::from_secs(1), &mut shutdown).await;
    if let Ok(left) = soon {
        return !left.is_empty();
    }
    message::note(
        "a request may still lock the dataset; waiting until it ends, or until TERM or INT",
    );
    !shutdown.await.is_empty()
}
