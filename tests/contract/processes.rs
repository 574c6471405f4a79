//! Draft locks of several processes: signals, and processes of the same user.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, Error, ErrorKind, LockedDataset};
use llmobs_sandbox::{
    Assumptions, DatasetState, Fault, InitialState, OnRelock, Operation, Profile, Sandbox,
};

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::main_job::program;

/// Restores version 1 under the lock, in a process of its own.
fn process(sandbox: &Sandbox) -> Child {
    Command::new(program())
        .args(["--live", "--project", PROJECT_ID])
        .args(["--dataset", DATASET_ID, "--version", "1"])
        .env_clear()
        .env("DD_API_KEY", sandbox.api_key())
        .env("DD_APP_KEY", sandbox.application_key())
        .env("LLMOBS_DATASETS_BASE_URL", sandbox.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the sandbox has received a request.
async fn received(sandbox: &Sandbox, operation: Operation) {
    while sandbox
        .requests()
        .iter()
        .all(|it| it.operation != operation)
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ended(process: Child) -> Output {
    let wait = || process.wait_with_output().unwrap();
    tokio::task::spawn_blocking(wait).await.unwrap()
}

fn state(sandbox: &Sandbox) -> DatasetState {
    sandbox.dataset(PROJECT_ID, DATASET_ID).unwrap()
}

#[tokio::test]
async fn a_signal_leaves_no_lock_behind() {
    if !cfg!(unix) {
        eprintln!("skipped: signals are tested on Unix only");
        return;
    }
    // In the middle of the work, and of the lock request.
    let in_work = (Operation::Restore, Fault::delay(Duration::from_secs(3600)));
    let in_lock = (Operation::Lock, Fault::delay(Duration::from_millis(300)));
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "Ctrl-C")] {
        for (operation, fault) in [in_work.clone(), in_lock.clone()] {
            let sandbox = Sandbox::start().await.unwrap();
            sandbox.script(operation, [fault]);
            let process = process(&sandbox);
            received(&sandbox, operation).await;
            let kill = format!("kill -s {signal} {}", process.id());
            assert!(
                Command::new("sh")
                    .args(["-c", &kill])
                    .status()
                    .unwrap()
                    .success()
            );
            let output = ended(process).await;
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert_eq!(error, format!("error: ended by {name}\n"));
            let state = state(&sandbox);
            assert_eq!((state.holder(), state.version()), (None, 2));
            assert_eq!(state.lock_history.len(), 1, "it was locked");
        }
    }
}

/// A dataset of this process, for the same user as those of the other processes.
fn dataset(sandbox: &Sandbox, adopt: bool) -> Dataset {
    let keys = Credentials::new(sandbox.api_key(), sandbox.application_key()).unwrap();
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    let client = Client::builder(keys)
        .endpoint(base_url)
        .adopt_held_lock(adopt);
    let client = client.build().unwrap();
    client.dataset(PROJECT_ID.parse().unwrap(), DATASET_ID.parse().unwrap())
}

#[tokio::test]
async fn a_process_with_the_same_key_is_not_kept_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let late = Fault::delay(Duration::from_millis(300)).after_effect();
    sandbox.script(Operation::Restore, [late]);
    let process = process(&sandbox);
    received(&sandbox, Operation::Restore).await;
    // The other process holds the lock, but this one acquires it, too.
    let inside = async |_: LockedDataset| Ok::<_, Error>(());
    dataset(&sandbox, true)
        .with_draft_lock(inside)
        .await
        .unwrap();
    assert_eq!(state(&sandbox).holder(), None, "its lock is released, too");
    assert!(ended(process).await.status.success());
    assert_eq!(state(&sandbox).lock_history.len(), 1);
}

/// A sandbox in which the user has held the lock for an hour.
async fn held_for_an_hour(assumptions: Assumptions) -> (Sandbox, String) {
    let mut initial = InitialState::default();
    let user = initial.users[0].user.id.clone();
    let project = initial.projects.get_mut(PROJECT_ID).unwrap();
    let held = project.remove(DATASET_ID).unwrap();
    let held = held.locked_by(user.clone(), Utc::now() - TimeDelta::hours(1));
    project.insert(DATASET_ID.to_owned(), held);
    // Its times have fractions of a second.
    let sandbox = Sandbox::builder().profile(Profile::Observed);
    let sandbox = sandbox.assumptions(assumptions).state(initial);
    (sandbox.start().await.unwrap(), user)
}

#[tokio::test]
async fn a_lock_of_a_process_with_the_same_key_is_detected_later_and_refused_if_asked() {
    let (sandbox, user) = held_for_an_hour(Assumptions::default()).await;
    let error = dataset(&sandbox, false).draft_lock().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HeldBefore);
    assert_eq!(state(&sandbox).holder(), Some(&*user), "it stays");

    // This is how a service recovers the lock that it held when it crashed.
    let lock = dataset(&sandbox, true).draft_lock().await.unwrap();
    assert!(lock.locked().held_before());
    lock.unlock().await.unwrap();
    assert_eq!(state(&sandbox).holder(), None);
}

#[tokio::test]
async fn if_a_relock_resets_its_time_no_lock_is_detected_and_each_check_fails() {
    let start_anew = Assumptions::default().relock(OnRelock::StartAnew);
    let (sandbox, user) = held_for_an_hour(start_anew).await;
    let lock = dataset(&sandbox, false).draft_lock().await.unwrap();
    assert!(!lock.locked().held_before());
    let error = lock.locked().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockLost);
    assert_eq!(state(&sandbox).holder(), Some(&*user), "it is not lost");
    // It is released anyway.
    lock.unlock().await.unwrap();
    assert_eq!(state(&sandbox).holder(), None);
}

#[tokio::test]
async fn if_a_relock_keeps_its_time_a_check_succeeds() {
    let sandbox = Sandbox::start().await.unwrap();
    let lock = dataset(&sandbox, false).draft_lock().await.unwrap();
    lock.locked().check().await.unwrap();
    lock.unlock().await.unwrap();
    assert_eq!(state(&sandbox).lock_history.len(), 1);
}
