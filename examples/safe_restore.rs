//! Restores a dataset to a prior version under its draft lock.
//!
//! `cargo run --example safe_restore` does it in a sandbox on this machine: no account, no keys, no
//! network. `cargo run --example safe_restore -- --live --project P --dataset D --version N` does it
//! for real, with the keys in `DD_API_KEY` and `DD_APP_KEY` and the site in `DD_SITE`. A signal ends it early,
//! and leaves no lock behind.

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Parser;
use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, DatasetVersion};
use llmobs_sandbox::{Fault, Operation, Sandbox};

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

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
            for dataset in client.shutdown(Duration::from_secs(60)).await {
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
    line(
        "restored",
        format!("version {version} under the lock ({attempts} attempts)"),
    );
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
    let sandbox = Sandbox::builder()
        .state(serde_json::from_str(STATE)?)
        .start()
        .await?;
    let base_url: BaseUrl = sandbox.url().parse()?;
    let dataset_of = |application_key: &str| -> llmobs_datasets::Result<Dataset> {
        let keys = Credentials::new("an-api-key", application_key)?;
        let client = Client::builder(keys).endpoint(base_url.clone());
        // A lock whose response is lost counts as under way for as long.
        let client = client.attempt_timeout(Duration::from_secs(2)).build()?;
        Ok(client.dataset("demo".parse()?, "cities".parse()?))
    };
    let (of_jane, of_john) = (dataset_of("key-of-jane")?, dataset_of("key-of-john")?);
    let now = || sandbox.dataset("demo", "cities").ok_or("no dataset");
    let show = || -> Result<(), Box<dyn Error>> {
        let dataset = now()?;
        let (version, records) = (dataset.version(), dataset.records().len());
        let noun = if records == 1 { "record" } else { "records" };
        line("dataset", format!("version {version}, {records} {noun}"));
        Ok(())
    };
    line("sandbox", sandbox.url());

    heading("1. Lock, restore and unlock, one call each");
    show()?;
    let state = of_jane.lock().await?;
    let name = state.user().name.as_deref().unwrap_or("somebody");
    line(
        "locked",
        format!("by {name} since {}", state.drafting_since()),
    );
    if let Err(error) = of_john.lock().await {
        refused("refused", &error);
    }
    of_jane.restore(DatasetVersion::new(1)?).await?;
    line("restored", "version 1");
    show()?;
    of_jane.unlock().await?;
    line("unlocked", "nobody holds the lock");

    heading("2. All in one call, despite a lost response and a rate limit");
    sandbox.script(Operation::Lock, [Fault::reset().after_effect()]);
    let rate_limit = Fault::rate_limited(Duration::from_secs(1));
    sandbox.script(Operation::Restore, [rate_limit]);
    restore_under_lock(&of_jane, DatasetVersion::new(0)?).await?;
    show()?;

    heading("3. The response to the restore is lost");
    sandbox.script(Operation::Restore, [Fault::reset().after_effect()]);
    if let Err(error) = restore_under_lock(&of_jane, DatasetVersion::new(2)?).await {
        refused("failed", error.as_ref());
    }
    show()?;

    heading("Requests received by the sandbox");
    for operation in [Operation::Lock, Operation::Restore, Operation::Unlock] {
        let requests = sandbox.requests().into_iter();
        let statuses = requests.filter(|it| it.operation == operation);
        let statuses = statuses.map(|it| it.status.map_or("lost".into(), |it| it.to_string()));
        let statuses: Vec<String> = statuses.collect();
        line(&operation.to_string(), statuses.join(", "));
    }

    let dataset = now()?;
    if (dataset.version(), dataset.holder()) != (5, None) {
        return Err(format!("unexpected end: {dataset:?}").into());
    }
    heading("Each restore took effect exactly once, and nobody holds the lock.");
    Ok(())
}

/// Jane and John, and a dataset whose current version is 2.
const STATE: &str = r#"{
    "api_keys": ["an-api-key"],
    "users": [
        { "application_key": "key-of-jane", "id": "jane", "name": "Jane Doe" },
        { "application_key": "key-of-john", "id": "john", "name": "John Doe" }
    ],
    "projects": { "demo": { "cities": { "versions": [
        [],
        [{ "input": "capital of Kenya", "expected_output": "Nairobi" }],
        [
            { "input": "capital of Kenya", "expected_output": "Nairobi" },
            { "input": "capital of Peru", "expected_output": "Lima" }
        ]
    ] } } }
}"#;

fn heading(text: &str) {
    anstream::println!("\n{BOLD}{text}{BOLD:#}");
}

fn line(label: &str, text: impl Display) {
    anstream::println!("  {GREEN}{label:<9}{GREEN:#} {text}");
}

/// Prints an error with each of its parts on a line of its own.
fn refused(label: &str, error: &dyn Error) {
    let text = error.to_string();
    let parts = text
        .replace(": ", ":\n            ")
        .replace("; ", ";\n            ");
    anstream::println!("  {RED}{label:<9}{RED:#} {parts}");
}
