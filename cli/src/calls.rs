//! `lock`, `unlock` and `restore`: one call, with an exit code for its outcome.

use std::time::Duration;

use llmobs_datasets::{Dataset, DatasetVersion, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::{Map, Value, json};

use crate::args::{Call, Format, Lock, Restore};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::{exit, message, service};

pub(crate) async fn lock(args: Lock, signals: Signals) -> u8 {
    let call = async |dataset: Dataset| {
        // A guard, because dropping its future settles a request that is in progress.
        let dataset = match args.wait {
            Some(wait) => dataset.lock_wait(wait),
            None => dataset,
        };
        let guard = dataset.draft_lock().await?;
        let locked = guard.locked().clone();
        guard.keep();
        let state = locked.state();
        let since = state.map(|it| {
            // The service's text must not move the cursor.
            let user = it.user.id.escape_debug();
            format!("locked by {user} since {:?}", it.drafting_since)
        });
        let json = json!({
            "user": state.map(|state| &state.user),
            "drafting_since": state.map(|state| state.drafting_since),
            "held_before": locked.held_before(),
        });
        Ok((since.unwrap_or("locked".to_owned()), json))
    };
    run(&args.call, signals, Operation::Lock, None, call).await
}

pub(crate) async fn unlock(args: Call, signals: Signals) -> u8 {
    let call = async |dataset: Dataset| {
        dataset.unlock().await?;
        Ok(("unlocked".to_owned(), json!({})))
    };
    run(&args, signals, Operation::Unlock, None, call).await
}

pub(crate) async fn restore(args: Restore, signals: Signals) -> u8 {
    let version = args.version;
    let call = async |dataset: Dataset| {
        dataset.restore(version).await?;
        let text = format!("restored version {version}");
        Ok((text, json!({ "version": version })))
    };
    run(&args.call, signals, Operation::Restore, Some(version), call).await
}

async fn run(
    args: &Call,
    mut signals: Signals,
    operation: Operation,
    version: Option<DatasetVersion>,
    call: impl AsyncFnOnce(Dataset) -> Result<(String, Value)>,
) -> u8 {
    // This user already holding the lock is no conflict here.
    let dataset = match service::dataset(&args.target, true) {
        Ok(dataset) => dataset,
        Err(error) => return failed(args, operation, &error),
    };
    if args.target.dry_run {
        let request = service::request(&dataset, operation, version);
        let text = format!("would call {request}");
        let json = json!({ "dry_run": request });
        print(args, operation, Outcome::NotApplied, &text, json);
        return exit::SUCCESS;
    }
    let client = dataset.client().clone();
    let progress = Progress::begin(args.target.verbose);
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(signal),
        result = call(dataset) => Ok(result),
        never = progress.show() => match never {},
    };
    drop(progress);
    let settled = signals.bound(service::settle(&client), Duration::from_secs(5));
    let may_be_locked = settled.await.unwrap_or(true);
    match ended {
        Ok(Ok((text, json))) => {
            print(args, operation, Outcome::Applied, &text, json);
            exit::SUCCESS
        }
        Ok(Err(error)) => failed(args, operation, &error),
        Err(signal) => {
            let (outcome, what) = if operation == Operation::Lock && !may_be_locked {
                (Outcome::NotApplied, "nothing is left locked")
            } else {
                (Outcome::Unknown, "it may or may not have taken effect")
            };
            message::error(format_args!("{operation} ended by {}; {what}", signal.name));
            let json = json!({ "signal": signal.number });
            print(args, operation, outcome, "", json);
            exit::of_signal(signal.number)
        }
    }
}

fn failed(args: &Call, operation: Operation, error: &Error) -> u8 {
    message::error(error);
    let json = json!({
        "error": error.to_string(),
        "kind": error.kind(),
        "status": error.status().map(|status| status.as_u16()),
        "attempts": error.attempts(),
        "may_be_locked": error.may_be_locked(),
        "retry_after_seconds": error.retry_after().map(|wait| wait.as_secs_f64()),
    });
    print(args, operation, error.outcome(), "", json);
    match error.kind() {
        _ if error.outcome() != Outcome::NotApplied => exit::UNKNOWN,
        ErrorKind::Configuration => exit::USAGE,
        _ if error.is_conflict() => exit::HELD,
        _ => exit::FAILED,
    }
}

/// Prints the result. The exit code doesn't depend on whether printing works.
fn print(args: &Call, operation: Operation, outcome: Outcome, text: &str, json: Value) {
    let call = json!({
        "operation": operation,
        "outcome": outcome,
        "project_id": args.target.project_id,
        "dataset_id": args.target.dataset_id,
    });
    let fields = [call, json];
    let fields = fields.iter().filter_map(Value::as_object).flatten();
    let fields: Map<_, _> = fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let line = match args.output {
        Format::Text if text.is_empty() => return,
        Format::Text => text.to_owned(),
        Format::Json => Value::Object(fields).to_string(),
    };
    message::print(&line);
}
