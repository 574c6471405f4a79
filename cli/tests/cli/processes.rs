//! The exclusion of other processes, and the environment of the command.

use std::collections::BTreeMap;
use std::time::Duration;

use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};

use crate::setup::{PROGRAM, Running, Service, end};

#[tokio::test]
async fn another_process_of_this_user_is_kept_out() {
    let service = Service::start().await;
    let first = Running::ready(&mut service.with_lock(&[], "echo ready; cat")).await;
    let refused = end(&mut service.with_lock(&[], "echo it runs")).await;
    assert_eq!((refused.code, &*refused.stdout), (75, ""));
    let id = first.child.id().unwrap();
    refused.has(&format!("process {id} of this machine, since 2"));
    let waited = end(&mut service.with_lock(&["--wait", "50ms"], "echo it runs")).await;
    assert_eq!((waited.code, &*waited.stdout), (124, ""));

    let mut second = Running::start(&mut service.with_lock(&["--wait", "1h", "-v"], "echo ready"));
    second.said("waiting for the lock file").await;
    assert_eq!(service.operations(), [Operation::Lock], "only the first");
    assert_eq!(first.end().await.code, 0);
    let second = second.end().await;
    assert_eq!((second.code, &*second.stdout), (0, "ready\n"));
    let one = [Operation::Lock, Operation::Unlock];
    assert_eq!(service.operations(), [one, one].concat());
    service.assert_released(2);
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_another_process() {
    let service = Service::start().await;
    let first = Running::ready(&mut service.with_lock(&[], "echo ready; cat")).await;
    let mut second = Running::start(&mut service.with_lock(&["--wait", "1h", "-v"], "echo ready"));
    second.said("waiting for the lock file").await;
    second.signal("TERM");
    assert_eq!(second.end().await.code, 143);
    first.end().await;
    service.assert_released(1);
}

/// While a lock that a signal ended is being settled, the next process must not get in: the late unlock would
/// release its lock.
#[tokio::test]
async fn the_next_process_waits_until_the_requests_of_the_first_are_settled() {
    let service = Service::start().await;
    let late = Fault::delay(Duration::from_secs(1));
    service.sandbox.script(Operation::Lock, [late]);
    let first = Running::start(&mut service.with_lock(&[], "echo it runs"));
    service.received(Operation::Lock).await;
    first.signal("TERM");
    let second = end(&mut service.with_lock(&["--wait", "1h"], "\"$0\" restore 1")).await;
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(first.end().await.code, 143);
    let (one, other) = ([Operation::Lock, Operation::Unlock], Operation::Restore);
    let expected = [&one[..], &[Operation::Lock, other, Operation::Unlock]].concat();
    assert_eq!(service.operations(), expected);
    service.assert_released(2);
}

#[tokio::test]
async fn a_lock_that_takes_effect_after_the_unlock_is_released_too() {
    let service = Service::start().await;
    let late = Fault::status(504).late_effect(Duration::from_millis(800));
    service.sandbox.script(Operation::Lock, [late]);
    let ended = end(&mut service.with_lock(&["--timeout", "1500ms"], "exit 3")).await;
    assert_eq!(ended.code, 3);
    ended.has("a request may still lock the dataset");
    let locks = service.operations();
    let locks = locks.iter().filter(|it| **it == Operation::Unlock);
    assert_eq!(locks.count(), 2);
    assert_eq!(service.state().holder(), None);
}

#[tokio::test]
async fn a_process_that_is_killed_frees_the_lock_file() {
    let service = Service::start().await;
    let mut first = Running::ready(&mut service.with_lock(&[], "echo ready; cat")).await;
    first.child.kill().await.unwrap();
    let second = end(&mut service.with_lock(&["--adopt"], "exit 3")).await;
    assert_eq!(second.code, 3, "{second:?}");
    service.assert_released(1);
}

#[tokio::test]
async fn a_lock_that_this_user_holds_is_refused_unless_it_is_adopted() {
    let mut initial = InitialState::default();
    let user = initial.users[0].user.id.clone();
    let project = initial.projects.get_mut(InitialState::PROJECT_ID).unwrap();
    let dataset = project.get_mut(InitialState::DATASET_ID).unwrap();
    let since = "2026-11-25T09:00:00Z".parse().unwrap();
    *dataset = dataset.clone().locked_by(user, since);
    let service = Service::with(Sandbox::builder().state(initial)).await;

    let refused = end(&mut service.with_lock(&[], "echo it runs")).await;
    assert_eq!((refused.code, &*refused.stdout), (75, ""));
    refused.has("--adopt takes over");
    refused.has("llmobs-datasets unlock --project-id");
    assert!(service.state().holder().is_some(), "it stays");

    let adopted = end(&mut service.with_lock(&["--adopt"], "exit 3")).await;
    assert_eq!(adopted.code, 3, "{adopted:?}");
    assert_eq!(service.state().holder(), None);
}

#[tokio::test]
async fn a_nested_lock_of_the_same_dataset_is_refused() {
    let service = Service::start().await;
    let nested = "\"$0\" with-lock --wait 1h -- echo it runs";
    let ended = end(&mut service.with_lock(&[], nested)).await;
    assert_eq!((ended.code, &*ended.stdout), (125, ""));
    ended.has("an enclosing with-lock command holds the lock of this dataset");
    // The check also works below the lock of another dataset.
    let deeper = format!(
        "\"$0\" with-lock --dataset-id b -- sh -c '{}' \"$0\"",
        nested.replace("lock --", "lock --dataset-id '\"$1\"' --")
    );
    let mut command = service.with_lock(&[], &deeper);
    let ended = end(command.arg(InitialState::DATASET_ID)).await;
    assert!(!ended.stdout.contains("it runs"), "{ended:?}");
    service.assert_released(2);
}

#[tokio::test]
async fn the_command_gets_the_lock_in_its_environment_and_all_else_unchanged() {
    let service = Service::start().await;
    let variables = |text: &str| -> BTreeMap<String, String> {
        let pairs = text.lines().map(|line| line.split_once('=').unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let outside = variables(&end(&mut service.run("env")).await.stdout);
    let inside = end(service.cli(&["with-lock", "--"]).arg("env")).await;
    let mut inside = variables(&inside.stdout);
    let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
    let mut taken = |name: &str| inside.remove(&format!("LLMOBS_DATASETS_{name}")).unwrap();
    assert_eq!(taken("LOCK_USER"), service.sandbox.users()[0].user.id);
    assert!(taken("LOCK_SINCE").ends_with('Z'));
    assert_eq!(taken("LOCKED"), format!("{project}/{dataset}"));
    assert_eq!(inside, outside);
    assert_eq!(inside["LLMOBS_DATASETS_PROJECT_ID"], project);
    assert_eq!(inside["DD_APP_KEY"], service.sandbox.application_key());

    // Also with options instead of variables, and without a shell.
    let mut command = service.run(PROGRAM);
    command
        .env_remove("LLMOBS_DATASETS_PROJECT_ID")
        .env_remove("LLMOBS_DATASETS_DATASET_ID");
    command.args([
        "with-lock",
        "--project-id",
        project,
        "--dataset-id",
        dataset,
    ]);
    let ended = end(command.args(["--", "printf", "%s;", "$HOME `x`", "--wait"])).await;
    assert_eq!(ended.stdout, "$HOME `x`;--wait;", "{ended:?}");
}

#[tokio::test]
async fn standard_input_and_output_are_those_of_the_command() {
    let service = Service::start().await;
    let mut running = Running::start(&mut service.cli(&["with-lock", "--", "cat"]));
    let mut stdin = running.child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stdin, b"a line\n")
        .await
        .unwrap();
    assert_eq!(running.line().await, "a line");
    drop(stdin);
    let ended = running.end().await;
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (0, "", ""));
}

/// A folder that others can write to is no safe place for the lock file.
#[tokio::test]
async fn a_lock_folder_that_others_can_write_to_is_refused() {
    let service = Service::start().await;
    assert_eq!(end(&mut service.with_lock(&[], "exit 0")).await.code, 0);
    let mut folders = std::fs::read_dir(service.folder.path()).unwrap();
    let folder = folders.next().unwrap().unwrap().path();
    let refused = async || {
        let ended = end(&mut service.with_lock(&[], "exit 0")).await;
        assert_eq!(ended.code, 125);
        ended.has(&format!("{}: ", folder.display()));
        ended.has("not a folder that only this user can write to; set TMPDIR");
    };
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&folder, open).unwrap();
    refused().await;
    let moved = folder.with_extension("moved");
    std::fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();
    refused().await;
}

#[tokio::test]
async fn a_temporary_folder_that_does_not_exist_is_named() {
    let service = Service::start().await;
    let missing = service.folder.path().join("missing");
    let ended = end(service.with_lock(&[], "exit 0").env("TMPDIR", &missing)).await;
    assert_eq!(ended.code, 125);
    ended.has(&format!("{}/llmobs-datasets-", missing.display()));
    ended.has("No such file or directory");
    ended.has("; set TMPDIR to another folder");
}

/// It would be another folder in each working directory.
#[tokio::test]
async fn a_temporary_folder_that_is_relative_is_not_used() {
    let service = Service::start().await;
    for relative in ["", "."] {
        let mut command = service.with_lock(&[], "exit 3");
        command.env("TMPDIR", relative);
        let ended = end(command.current_dir(service.folder.path())).await;
        assert_eq!(ended.code, 3, "{ended:?}");
        let left = std::fs::read_dir(service.folder.path()).unwrap();
        assert_eq!(left.count(), 0, "{relative:?}");
    }
}

#[tokio::test]
async fn a_full_disk_keeps_nobody_out() {
    let service = Service::start().await;
    let mut shell = service.run("sh");
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$0\" with-lock -- sh -c 'exit 3'";
    let ended = end(shell.args(["-c", full, PROGRAM])).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    service.assert_released(1);
}

/// As tasks of one process: whether the service tells the letter case of ids apart is not known.
#[tokio::test]
async fn the_letter_case_of_ids_makes_no_difference() {
    let service = Service::start().await;
    let upper = InitialState::DATASET_ID.to_uppercase();
    let first = Running::ready(&mut service.with_lock(&[], "echo ready; cat")).await;
    let mut other = service.with_lock(&["--dataset-id", &upper], "echo it runs");
    let refused = end(&mut other).await;
    assert_eq!((refused.code, &*refused.stdout), (75, ""));
    let nested = other.env(
        "LLMOBS_DATASETS_LOCKED",
        format!("{}/{}", InitialState::PROJECT_ID, InitialState::DATASET_ID),
    );
    assert_eq!(end(nested).await.code, 125);
    assert_eq!(first.end().await.code, 0);
    service.assert_released(1);
}
