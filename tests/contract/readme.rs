//! The first example of the README runs, against the sandbox: as a doctest it would call Datadog, and so
//! is only compiled.

use std::error::Error;

use llmobs_datasets::{BaseUrl, Client, Credentials, DatasetVersion};
use llmobs_sandbox::{InitialState, Sandbox};

/// The README's `main`, but for the line that builds the client.
async fn main(client: Client) -> Result<(), Box<dyn Error>> {
    // As the README has it, from here to the end.
    let dataset = client.dataset(
        "a33671aa-24fd-4dcd-9b33-a8ec7dde7751".parse()?, // project
        "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d".parse()?, // dataset
    );

    // Lock, restore, and unlock, even if the restore fails.
    let version = DatasetVersion::new(1)?;
    dataset
        .with_draft_lock(async |locked| locked.restore(version).await)
        .await?;

    // Or call each operation yourself.
    let state = dataset.lock().await?;
    println!(
        "locked by {} since {}",
        state.user().id,
        state.drafting_since()
    );
    dataset.unlock().await?;
    Ok(())
}

/// The lines of a function between one of its lines and its end.
fn after<'a>(line: &str, text: &'a str) -> &'a str {
    let (_, rest) = text.split_once(line).unwrap();
    rest.split_once("\n}\n").unwrap().0
}

#[tokio::test]
async fn the_first_example_runs() {
    let from_env = "    let client = Client::from_env()?; // DD_API_KEY, DD_APP_KEY, DD_SITE\n";
    let here = "    // As the README has it, from here to the end.\n";
    assert_eq!(
        after(from_env, include_str!("../../README.md")),
        after(here, include_str!("readme.rs")),
    );

    let sandbox = Sandbox::start().await.unwrap();
    let keys = Credentials::new(sandbox.api_key(), sandbox.application_key()).unwrap();
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    let client = Client::builder(keys).endpoint(base_url).build().unwrap();
    main(client).await.unwrap();
    let dataset = sandbox.dataset(InitialState::PROJECT_ID, InitialState::DATASET_ID);
    let dataset = dataset.unwrap();
    assert_eq!((dataset.version(), dataset.holder()), (3, None));
}
