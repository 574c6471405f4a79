//! `with-lock`: the lock file, the draft lock, the command, and the unlock.

use std::time::Instant;

use llmobs_datasets::{Dataset, DraftLock, Error, ErrorKind, Operation, Outcome};

use crate::args::WithLock;
use crate::progress::Progress;
use crate::signals::{Signal, Signals};
use crate::{command, env, exit, message, service};

pub(crate) async fn run(args: WithLock, signals: Signals) -> u8 {
    with_lock(&args, signals).await.unwrap_or_else(|refused| {
        message::error(refused.1);
        refused.0
    })
}

/// The exit code and the message if the command was not run.
type Refused = (u8, String);

fn ended_by(signal: Signal) -> Refused {
    let text = format!(
        "{} ended the wait for the lock; the command was not run",
        signal.name
    );
    (exit::of_signal(signal.number), text)
}

fn not_locked(args: &WithLock, error: &Error) -> Refused {
    if error.kind() == ErrorKind::HeldBefore {
        message::note("--adopt takes over a lock that a crash left behind");
    }
    let held = error.is_conflict() && error.outcome() == Outcome::NotApplied;
    let code = match error.waited() {
        Some(_) if held => exit::WAITED,
        None if held => args.conflict_exit_code,
        _ => exit::OWN_FAILURE,
    };
    (code, error.to_string())
}

async fn with_lock(args: &WithLock, mut signals: Signals) -> Result<u8, Refused> {
    let own_failure = |error: Error| (exit::OWN_FAILURE, error.to_string());
    let dataset = service::dataset(&args.target, args.adopt).map_err(own_failure)?;
    if let Some(variable) = env::locked(&dataset) {
        let text = format!(
            "an enclosing with-lock command holds the lock of this dataset; run this command without \
             with-lock, or unset {variable} if the enclosing command has ended"
        );
        return Err((exit::OWN_FAILURE, text));
    }
    if args.target.dry_run {
        show(args, &dataset);
        return Ok(exit::SUCCESS);
    }
    let progress = Progress::begin(args.target.verbose);
    let began = Instant::now();
    // Held until all requests are settled, so that no late unlock releases the next process's lock.
    #[cfg(unix)]
    let _file = lock_file(args, &dataset, &mut signals, &progress).await?;
    #[cfg(not(unix))]
    message::note("other processes of this user are not kept out on this platform");
    let waiting = match args.wait {
        Some(wait) => dataset
            .clone()
            .lock_wait(wait.saturating_sub(began.elapsed())),
        None => dataset.clone(),
    };
    let acquired = tokio::select! {
        biased;
        // Dropping the request releases its lock.
        signal = signals.next() => Err(ended_by(signal)),
        locked = waiting.draft_lock() => locked.map_err(|error| not_locked(args, &error)),
        never = progress.show() => match never {},
    };
    drop(progress);
    match acquired {
        Ok(lock) => {
            let code = command::run(args, &lock.locked().clone(), &mut signals).await;
            Ok(unlock(args, lock, code, &mut signals).await)
        }
        Err(refused) => {
            let settled = signals.bound(service::settle(dataset.client()), args.grace);
            if settled.await.unwrap_or(true) {
                message::unlock_by_hand(&dataset);
            }
            Err(refused)
        }
    }
}

/// Keeps out other processes of this user on this machine.
#[cfg(unix)]
async fn lock_file(
    args: &WithLock,
    dataset: &Dataset,
    signals: &mut Signals,
    progress: &Progress,
) -> Result<crate::lock_file::LockFile, Refused> {
    let failed = |error: std::io::Error| {
        let text = format!("the lock file can't be used: {error}");
        (exit::OWN_FAILURE, text)
    };
    let file = crate::lock_file::LockFile::open(dataset).map_err(failed)?;
    if file.try_lock().map_err(failed)? {
        return Ok(file);
    }
    let holder = file.holder();
    let text = format!("{holder} holds the lock of this dataset");
    let Some(wait) = args.wait else {
        return Err((args.conflict_exit_code, text + "; wait for it with --wait"));
    };
    tracing::info!(%holder, "waiting for the lock file");
    tokio::select! {
        biased;
        signal = signals.next() => Err(ended_by(signal)),
        locked = file.lock() => locked.map(|()| file).map_err(failed),
        () = tokio::time::sleep(wait) => Err((exit::WAITED, text)),
        never = progress.show() => match never {},
    }
}

/// Releases the lock, and returns the exit code.
async fn unlock(args: &WithLock, lock: DraftLock, code: u8, signals: &mut Signals) -> u8 {
    let dataset = lock.locked().dataset().clone();
    let release = async {
        let unlocked = lock.unlock().await;
        if let Err(error) = &unlocked {
            message::error(error);
        }
        (unlocked.is_err(), service::settle(dataset.client()).await)
    };
    let released = signals.bound(release, args.grace).await;
    let (failed, may_be_locked) = released.unwrap_or_else(|| {
        message::error("a signal ended the unlock");
        (true, true)
    });
    if may_be_locked {
        message::unlock_by_hand(&dataset);
    }
    match code {
        exit::SUCCESS if failed || may_be_locked => exit::OWN_FAILURE,
        code => code,
    }
}

/// Shows the requests and the command of a dry run, on standard error: standard output is the command's.
fn show(args: &WithLock, dataset: &Dataset) {
    let words: Vec<_> = args.command.iter().map(|it| it.to_string_lossy()).collect();
    let command = shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_default();
    let request = |operation| service::request(dataset, operation, None);
    message::note(format_args!("would call {}", request(Operation::Lock)));
    message::note(format_args!("would run {command}"));
    message::note(format_args!("would call {}", request(Operation::Unlock)));
}
