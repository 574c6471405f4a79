//! Each exit code.

use std::time::Duration;

use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};

use crate::setup::{Ended, PROGRAM, Service, end};

async fn cli(service: &Service, args: &[&str]) -> Ended {
    end(&mut service.cli(args)).await
}

#[tokio::test]
async fn calls_that_the_service_confirms_end_with_0() {
    let service = Service::start().await;
    let locked = cli(&service, &["lock"]).await;
    assert_eq!(locked.code, 0, "{locked:?}");
    let user = &service.sandbox.users()[0].user.id;
    assert!(
        locked
            .stdout
            .starts_with(&format!("locked by {user} since 2"))
    );
    let restored = cli(&service, &["restore", "1"]).await;
    assert_eq!(
        (restored.code, &*restored.stdout),
        (0, "restored version 1\n")
    );
    let unlocked = cli(&service, &["unlock"]).await;
    assert_eq!((unlocked.code, &*unlocked.stdout), (0, "unlocked\n"));
    assert_eq!(service.state().version(), 3);
    service.assert_released(1);
}

#[tokio::test]
async fn calls_without_an_effect_end_with_1() {
    let service = Service::start().await;
    let refused = cli(&service, &["restore", "9"]).await;
    assert_eq!((refused.code, &*refused.stdout), (1, ""));
    refused.has("dataset_version must be between 0 and 2");
    for operation in [Operation::Lock, Operation::Unlock] {
        service.sandbox.script(operation, [Fault::status(403)]);
        assert_eq!(cli(&service, &[&operation.to_string()]).await.code, 1);
    }
}

#[tokio::test]
async fn usage_and_configuration_end_with_2_and_of_with_lock_with_125() {
    let service = Service::start().await;
    for (args, words) in [
        (&["restore", "-1"][..], "unexpected argument"),
        (&["lock", "--project-id", ".."], "it would change the path"),
        (&["lock", "--timeout", "0s"], "use a time above 0"),
        (&["lock", "--wait", "5"], "time unit needed"),
        (&["with-lock", "true"], "unexpected argument"),
        (&["with-lock", "--"], "COMMAND"),
    ] {
        let ended = cli(&service, args).await;
        let expected = if args[0] == "with-lock" { 125 } else { 2 };
        assert_eq!(ended.code, expected, "{ended:?}");
        ended.has(words);
    }
    for (args, expected) in [(&["lock"][..], 2), (&["with-lock", "--", "true"], 125)] {
        let ended = end(service.cli(args).env_remove("DD_APP_KEY")).await;
        assert_eq!(ended.code, expected);
        ended.has("DD_APP_KEY is not set");
        let ended = end(service.cli(args).env_remove("LLMOBS_DATASETS_DATASET_ID")).await;
        assert_eq!(ended.code, expected);
        ended.has("--dataset-id");
    }
    assert_eq!(service.operations(), []);
}

#[tokio::test]
async fn a_lock_of_another_user_ends_with_75_or_the_code_of_choice() {
    let service = Service::start().await;
    service.locked_by_another().await;
    for (args, expected) in [
        (&["lock"][..], 75),
        (&["lock", "--wait", "50ms"], 75),
        (&["unlock"], 75),
        (&["restore", "1"], 75),
        (&["with-lock", "--", "true"], 75),
        (&["with-lock", "-E", "9", "--", "true"], 9),
        (
            &["with-lock", "-E", "9", "--wait", "50ms", "--", "true"],
            124,
        ),
    ] {
        let ended = cli(&service, args).await;
        assert_eq!(ended.code, expected, "{args:?} {ended:?}");
        ended.has("409 Conflict");
        let waited = ended.stderr.contains("(waited ");
        assert_eq!(waited, args.contains(&"--wait"), "{args:?} {ended:?}");
    }
    assert_eq!(service.state().lock_history.len(), 1);
}

#[tokio::test]
async fn an_unknown_outcome_ends_with_76() {
    let service = Service::start().await;
    let lost = Fault::reset().after_effect();
    service.sandbox.script(Operation::Restore, [lost]);
    let ended = cli(&service, &["restore", "1"]).await;
    assert_eq!(ended.code, 76, "{ended:?}");
    ended.has("it may or may not have taken effect");
    assert_eq!(service.state().version(), 3);

    let late = Fault::delay(Duration::from_millis(1300));
    service.sandbox.script(Operation::Lock, [late]);
    let ended = cli(&service, &["lock", "--timeout", "1s"]).await;
    assert_eq!(ended.code, 76, "{ended:?}");
    service.assert_released(1);
}

#[tokio::test]
async fn the_exit_code_is_that_of_the_command() {
    let service = Service::start().await;
    for (number, (script, expected)) in (1..).zip([
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 75", 75),
        ("kill -s KILL $$", 137),
    ]) {
        let ended = end(&mut service.with_lock(&[], script)).await;
        assert_eq!((ended.code, &*ended.stderr), (expected, ""));
        service.assert_released(number);
    }
    let not_found = cli(&service, &["with-lock", "--", "/no/such program"]).await;
    assert_eq!(not_found.code, 127);
    not_found.has("can't run /no/such program: No such file");
    let not_run = cli(&service, &["with-lock", "--", "/"]).await;
    assert_eq!(not_run.code, 126);
    not_run.has("can't run /: ");
    service.assert_released(6);
}

#[tokio::test]
async fn a_lock_that_fails_ends_with_125() {
    let service = Service::start().await;
    service
        .sandbox
        .script(Operation::Lock, [Fault::status(403)]);
    let ended = end(&mut service.with_lock(&[], "echo it runs")).await;
    assert_eq!((ended.code, &*ended.stdout), (125, ""));
    ended.has("403 Forbidden");
}

#[tokio::test]
async fn an_unlock_that_fails_ends_with_125_unless_the_command_failed_and_shows_the_remedy() {
    let service = Service::start().await;
    for (script, expected) in [("exit 0", 125), ("exit 3", 3)] {
        service
            .sandbox
            .script(Operation::Unlock, [Fault::status(403)]);
        let ended = end(&mut service.with_lock(&["--adopt"], script)).await;
        assert_eq!(ended.code, expected, "{ended:?}");
        ended.has("403 Forbidden");
        assert!(service.state().holder().is_some());
        // The remedy is a command line for a shell.
        let remedy = ended.stderr.lines().last().unwrap().trim();
        let remedy = remedy.strip_prefix("llmobs-datasets").unwrap();
        let script = format!("'{PROGRAM}'{remedy}");
        let mut shell = service.run("sh");
        shell.args(["-c", &script]);
        shell.env_remove("LLMOBS_DATASETS_PROJECT_ID");
        shell.env_remove("LLMOBS_DATASETS_DATASET_ID");
        assert_eq!(end(&mut shell).await.code, 0, "{script}");
        assert_eq!(service.state().holder(), None);
    }
}

/// An id may begin like an option.
#[tokio::test]
async fn the_remedy_is_a_command_line_for_any_id() {
    for id in ["-x", "--", "a'b $c", "ä"] {
        let mut initial = InitialState::default();
        let datasets = initial.projects.remove(InitialState::PROJECT_ID).unwrap();
        let dataset = datasets[InitialState::DATASET_ID].clone();
        let datasets = [(id.to_owned(), dataset)].into();
        initial.projects.insert(id.to_owned(), datasets);
        let service = Service::with(Sandbox::builder().state(initial)).await;
        let refused = Fault::status(403);
        service.sandbox.script(Operation::Unlock, [refused]);
        let ids = [format!("--project-id={id}"), format!("--dataset-id={id}")];
        let mut command = service.cli(&["with-lock", &ids[0], &ids[1], "--", "true"]);
        let ended = end(&mut command).await;
        let remedy = ended.stderr.lines().last().unwrap().trim();
        let remedy = remedy.strip_prefix("llmobs-datasets").unwrap();
        let script = format!("'{PROGRAM}'{remedy}");
        let unlocked = end(service.run("sh").args(["-c", &script])).await;
        assert_eq!(unlocked.code, 0, "{unlocked:?} {ended:?}");
        assert_eq!(service.sandbox.dataset(id, id).unwrap().holder(), None);
    }
}

#[tokio::test]
async fn a_lost_lock_ends_the_command_and_the_program_with_125() {
    // A command that ends on TERM, and one that ignores it.
    let heeds = "trap 'kill -s KILL $!; exit 0' TERM; sleep 3600 & echo ready; wait";
    let ignores = "trap '' TERM; echo ready; exec sleep 3600";
    for script in [heeds, ignores] {
        let service = Service::start().await;
        let options = ["--check-every", "20ms", "--grace", "100ms"];
        let mut command = service.with_lock(&options, script);
        let running = crate::setup::Running::ready(&mut command).await;
        service
            .sandbox
            .script(Operation::Lock, [Fault::status(409)]);
        let ended = running.end().await;
        assert_eq!(ended.code, 125, "{ended:?}");
        ended.has("the draft lock was lost");
    }
}
