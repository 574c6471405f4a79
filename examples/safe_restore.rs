//! Restores a dataset to a prior version under its draft lock.
//!
//! `cargo run --example safe_restore` does it in a sandbox on this machine: no account, no keys, no
//! network. `cargo run --example safe_restore -- --live --project P --dataset D --version N` does it
//! for real, with the keys in `DD_API_KEY` and `DD_APP_KEY` and the site in `DD_SITE`. A signal ends it early,
//! and leaves no lock behind.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, DatasetVersion};
use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};

#[derive(Parser)]
struct Args {
    /// Call Datadog, with the keys of the environment.
    #[arg(long, requires_all = ["project", "dataset", "version"])]
    live: bool,
    #[arg(long, requires = "live")]
    project: Option<String>,
    #[arg(long, requires = "live")]
    dataset: Option<String>,
    #[arg(long, requires = "live")]
    version: Option<DatasetVersion>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    match args {
        Args {
            live: true,
            project: Some(project),
            dataset: Some(dataset),
            version: Some(version),
        } => {
            let client = Client::from_env()?;
            let dataset = client.dataset(project.parse()?, dataset.parse()?);
            let restored = tokio::select! {
                // First, so that the handlers are installed before the lock is requested.
                biased;
                // Drops the work, which releases the lock in the background.
                signal = ended_by_signal() => Err(signal.into()),
                restored = restore_under_lock(&dataset, version) => restored,
            };
            for dataset in client.shutdown(Duration::from_secs(150)).await {
                eprintln!(
                    "dataset {} may still be locked; unlock it, or lock it again",
                    dataset.dataset_id()
                );
            }
            restored
        }
        _ => in_the_sandbox().await,
    }
}

/// This is all that a service needs.
async fn restore_under_lock(
    dataset: &Dataset,
    version: DatasetVersion,
) -> Result<(), Box<dyn Error>> {
    let restored = dataset
        .with_draft_lock(async |locked| locked.restore(version).await)
        .await?;
    let attempts = restored.attempts();
    println!("restored version {version} under the lock ({attempts} attempts)");
    Ok(())
}

/// Waits for Ctrl-C or, on Unix, for SIGTERM; returns which of them it was.
async fn ended_by_signal() -> &'static str {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return "ended by SIGTERM",
                _ = tokio::signal::ctrl_c() => return "ended by Ctrl-C",
            }
        }
    }
    // Without a handler, the signal ends the program by itself.
    match tokio::signal::ctrl_c().await {
        Ok(()) => "ended by Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}

async fn in_the_sandbox() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let base_url: BaseUrl = sandbox.url().parse()?;
    let [jane, john] = sandbox.users() else {
        return Err("the sandbox has two users".into());
    };
    let dataset_of = |application_key: &str| -> llmobs_datasets::Result<Dataset> {
        let keys = Credentials::new(sandbox.api_key(), application_key)?;
        let client = Client::builder(keys).endpoint(base_url.clone()).build()?;
        Ok(client.dataset(
            InitialState::PROJECT_ID.parse()?,
            InitialState::DATASET_ID.parse()?,
        ))
    };
    let (of_jane, of_john) = (
        dataset_of(&jane.application_key)?,
        dataset_of(&john.application_key)?,
    );
    let show = |moment: &str| {
        if let Some(dataset) = sandbox.dataset(InitialState::PROJECT_ID, InitialState::DATASET_ID) {
            let records = dataset
                .records()
                .iter()
                .map(|record| serde_json::to_string(record).unwrap_or_default());
            let records: Vec<String> = records.collect();
            println!(
                "  {moment}: version {}, records [{}]",
                dataset.version(),
                records.join(", ")
            );
        }
    };

    println!("A sandbox runs at {}.\n", sandbox.url());
    println!("1. Step by step");
    let state = of_jane.lock().await?;
    println!(
        "locked by {} since {}",
        state.user().name.as_deref().unwrap_or(&state.user().id),
        state.drafting_since()
    );
    if let Err(error) = of_john.lock().await {
        println!("a second user is refused: {error}");
    }
    show("before");
    of_jane.restore(DatasetVersion::new(1)?).await?;
    show("after ");
    of_jane.unlock().await?;
    println!("unlocked\n");

    println!("2. In one go, with a rate limit and a lost answer on the way");
    sandbox.script(Operation::Lock, [Fault::reset().after_effect()]);
    sandbox.script(
        Operation::Restore,
        [Fault::rate_limited(Duration::from_secs(1))],
    );
    restore_under_lock(&of_jane, DatasetVersion::new(0)?).await?;
    show("after ");

    println!("\n3. With the answer to the restore lost");
    sandbox.script(Operation::Restore, [Fault::reset().after_effect()]);
    if let Err(error) = restore_under_lock(&of_jane, DatasetVersion::new(2)?).await {
        println!("{error}");
    }
    show("it did");

    println!("\nRequests that the sandbox got:");
    for request in sandbox.requests() {
        let status = request
            .status
            .map_or("no answer".to_owned(), |status| status.to_string());
        println!("  {:<7} {status}", format!("{:?}", request.operation));
    }
    Ok(())
}
