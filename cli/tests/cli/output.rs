//! The output: results, JSON, help, completions and the log; none of it contains a key.

use std::time::Duration;

use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};
use serde_json::Value;

use crate::setup::{PROGRAM, Service, end};

#[tokio::test]
async fn json_has_the_outcome() {
    let service = Service::start().await;
    let lost = Fault::reset().after_effect();
    service.sandbox.script(Operation::Restore, [lost]);
    for (args, outcome, field) in [
        (&["lock"][..], "applied", "drafting_since"),
        (&["restore", "1"], "unknown", "attempts"),
        (&["restore", "9"], "not_applied", "status"),
        (&["restore", "1"], "applied", "version"),
        (&["unlock"], "applied", "operation"),
    ] {
        let ended = end(service.cli(args).args(["-o", "json"])).await;
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(json["outcome"], outcome, "{args:?} {ended:?}");
        assert!(json.get(field).is_some(), "{args:?} {ended:?}");
        assert_eq!(json["operation"], args[0]);
        assert_eq!(json["dataset_id"], InitialState::DATASET_ID);
        assert_eq!(ended.stdout.lines().count(), 1);
    }
}

#[tokio::test]
async fn texts_of_the_service_stay_on_the_line() {
    let mut initial = InitialState::default();
    initial.users[0].user.id = "a\n\u{1b}[31m\u{202e}é".to_owned();
    let service = Service::with(Sandbox::builder().state(initial)).await;
    let ended = end(&mut service.cli(&["lock"])).await;
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 1));
    for harmful in ['\u{1b}', '\u{202e}'] {
        assert!(!ended.stdout.contains(harmful), "{ended:?}");
    }
    assert!(ended.stdout.contains('é'), "{ended:?}");
}

#[tokio::test]
async fn a_dry_run_calls_nothing() {
    let service = Service::start().await;
    let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
    let url = format!(
        "{}/api/v2/llm-obs/v1/{project}/datasets/{dataset}",
        service.sandbox.url()
    );
    let lock = format!("would call PATCH {url}/draft_state/lock");
    let unlock = format!("would call PATCH {url}/draft_state/unlock");
    let restore = format!("would call POST {url}/restore with dataset_version 1");
    for (args, expected) in [
        (&["lock"][..], &lock),
        (&["unlock"], &unlock),
        (&["restore", "1"], &restore),
    ] {
        let ended = end(service.cli(args).arg("--dry-run")).await;
        assert_eq!((ended.code, ended.stdout), (0, format!("{expected}\n")));
    }
    let ended = end(&mut service.cli(&["with-lock", "--dry-run", "--", "echo", "a b"])).await;
    assert_eq!((ended.code, &*ended.stdout), (0, ""));
    let expected =
        [&*lock, "would run echo 'a b'", &unlock].map(|it| format!("llmobs-datasets: {it}\n"));
    assert_eq!(ended.stderr, expected.concat());
    assert_eq!(service.operations(), []);
}

#[tokio::test]
async fn help_manual_and_readme_show_every_exit_code() {
    let service = Service::start().await;
    let readme = include_str!("../../README.md");
    for code in ["75", "76", "124", "125", "126", "127", "128+N"] {
        for args in [
            &["--help"][..],
            &["with-lock", "-h"],
            &["lock", "-h"],
            &["man"],
        ] {
            let ended = end(&mut service.cli(args)).await;
            assert!(ended.stdout.contains(code), "{code}: {ended:?}");
        }
        assert!(readme.contains(code), "{code}");
    }
    // Every option is in the manual.
    let mut manual = String::new();
    for subcommand in ["with-lock", "lock", "restore"] {
        let page = end(&mut service.cli(&["man", subcommand])).await;
        assert!(
            page.stdout
                .contains(&format!(".TH llmobs-datasets-{subcommand} 1"))
        );
        manual += &page.stdout.replace('\\', "");
    }
    for option in [
        "--wait",
        "--adopt",
        "--conflict-exit-code",
        "--check-every",
        "--grace",
        "--output",
        "--dry-run",
    ] {
        assert!(manual.contains(option), "{option}");
    }
}

#[tokio::test]
async fn completions_are_generated_for_each_shell() {
    let service = Service::start().await;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = end(&mut service.cli(&["completions", shell])).await;
        assert_eq!(ended.code, 0);
        assert!(ended.stdout.contains("with-lock"), "{shell}");
    }
}

#[tokio::test]
async fn no_text_contains_a_key() {
    let service = Service::start().await;
    let keys = [service.sandbox.api_key(), service.sandbox.application_key()];
    let repeated = format!(r#"{{"errors":["{} {}"]}}"#, keys[0], keys[1]);
    for operation in [Operation::Lock, Operation::Unlock, Operation::Restore] {
        let faults = [
            Fault::status(503),
            Fault::status(400).body(repeated.clone()),
        ];
        service.sandbox.script(operation, faults);
    }
    for args in [
        &["lock", "-v", "--timeout", "1s"][..],
        &["restore", "1", "-v", "-o", "json"],
        &["unlock", "-v"],
        &["with-lock", "-v", "--dry-run", "--", "true"],
        &["with-lock", "-v", "--", "true"],
        &["--help"],
        &["lock", "--help"],
        &["with-lock", "--help"],
    ] {
        let ended = end(&mut service.cli(args)).await;
        for key in keys {
            assert!(!ended.stdout.contains(key), "{args:?}: {ended:?}");
            assert!(!ended.stderr.contains(key), "{args:?}: {ended:?}");
        }
    }
    let wrong = end(service
        .cli(&["lock"])
        .env("DD_APP_KEY", "a wrong-key-of-mine"))
    .await;
    assert!(!wrong.stderr.contains("wrong-key-of-mine"), "{wrong:?}");
}

#[tokio::test]
async fn the_log_shows_retries() {
    let service = Service::start().await;
    let limited = || Fault::rate_limited(Duration::ZERO);
    service.sandbox.script(Operation::Lock, [limited()]);
    let ended = end(&mut service.cli(&["with-lock", "-v", "--", "true"])).await;
    assert_eq!((ended.code, &*ended.stdout), (0, ""));
    ended.has("429 Too Many Requests");
    service.sandbox.script(Operation::Lock, [limited()]);
    let ended = end(&mut service.cli(&["with-lock", "--", "true"])).await;
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
}

/// The exit code depends on the call alone, even if nobody reads the output.
#[tokio::test]
async fn closed_output_changes_no_exit_code() {
    let service = Service::start().await;
    for (script, expected) in [
        ("\"$0\" restore 1 >&-", 0),
        ("\"$0\" restore 1 | true; \"$0\" unlock >&- 2>&-", 0),
        ("\"$0\" restore 9 2>&-", 1),
        ("\"$0\" with-lock -- sh -c 'exit 3' >&- 2>&-", 3),
        ("\"$0\" with-lock -v -- sh -c 'exit 3' 2>&-", 3),
        ("\"$0\" with-lock -- /no/such 2>&-", 127),
    ] {
        let ended = end(service.run("sh").args(["-c", script, PROGRAM])).await;
        assert_eq!(ended.code, expected, "{script} {ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    }
    assert_eq!(service.state().version(), 4);
}
