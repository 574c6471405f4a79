//! Each signal, in each phase.

use std::pin::pin;
use std::time::Duration;

use llmobs_sandbox::{Fault, Operation};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::setup::{PROGRAM, Running, Service, end, send};

const SIGNALS: [&str; 6] = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM"];

/// The exit code for a signal, with the number on this platform.
async fn code_of(signal: &str) -> i32 {
    let kill = format!("sh -c 'kill -s {signal} $$'; exit $?");
    let mut shell = tokio::process::Command::new("sh");
    end(shell.args(["-c", &kill])).await.code
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_another_user() {
    let service = Service::start().await;
    service.locked_by_another().await;
    for signal in SIGNALS {
        for args in [
            &["with-lock", "--wait", "1h", "--", "true"][..],
            &["lock", "--wait", "1h"],
        ] {
            let _ = service.sandbox.take_requests();
            let running = Running::start(&mut service.cli(args));
            service.received(Operation::Lock).await;
            running.signal(signal);
            let ended = running.end().await;
            assert_eq!(ended.code, code_of(signal).await, "{signal} {ended:?}");
            ended.has(signal);
        }
    }
    assert_eq!(
        service.state().lock_history.len(),
        1,
        "that of the other user"
    );
}

#[tokio::test]
async fn a_signal_settles_a_lock_that_is_in_progress() {
    const COMMANDS: [&[&str]; 2] = [&["with-lock", "--", "echo", "it runs"], &["lock"]];
    let mut cases = JoinSet::new();
    for signal in SIGNALS {
        for args in COMMANDS {
            cases.spawn(async move {
                let service = Service::start().await;
                let late = Fault::delay(Duration::from_secs(1));
                service.sandbox.script(Operation::Lock, [late]);
                let running = Running::start(&mut service.cli(args));
                service.received(Operation::Lock).await;
                running.signal(signal);
                let ended = running.end().await;
                let expected = (code_of(signal).await, "");
                assert_eq!((ended.code, &*ended.stdout), expected, "{ended:?}");
                service.assert_released(1);
            });
        }
    }
    cases.join_all().await;
}

#[tokio::test]
async fn a_signal_is_passed_on_and_the_unlock_comes_after_the_end_of_the_command() {
    for signal in SIGNALS {
        let service = Service::start().await;
        let script = format!(
            "trap 'kill -s KILL $!; \"$0\" restore 1 >&2; exit 42' {signal}; sleep 3600 & echo ready; wait"
        );
        let running = Running::ready(&mut service.with_lock(&[], &script)).await;
        running.signal(signal);
        let ended = running.end().await;
        assert_eq!((ended.code, &*ended.stderr), (42, "restored version 1\n"));
        let expected = [Operation::Lock, Operation::Restore, Operation::Unlock];
        assert_eq!(service.operations(), expected, "{signal}");
        service.assert_released(1);
    }
}

#[tokio::test]
async fn a_command_that_a_signal_ends_gives_its_code() {
    for signal in SIGNALS {
        let service = Service::start().await;
        let running =
            Running::ready(&mut service.with_lock(&[], "echo ready; exec sleep 3600")).await;
        running.signal(signal);
        assert_eq!(running.end().await.code, code_of(signal).await);
        service.assert_released(1);
    }
}

#[tokio::test]
async fn a_second_term_or_int_kills_the_command() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("INT", "TERM")] {
        let service = Service::start().await;
        let script = "trap '' TERM INT; echo ready; exec sleep 3600";
        let mut command = service.with_lock(&["--grace", "50ms"], script);
        let mut running = Running::ready(&mut command).await;
        running.signal(first);
        let id = running.child.id().unwrap().to_string();
        {
            let mut said = pin!(running.said("killing the command in 50ms"));
            // Two pending signals of one kind are merged.
            while timeout(Duration::from_millis(20), &mut said).await.is_err() {
                send(second, &id);
            }
        }
        assert_eq!(running.end().await.code, 137);
        service.assert_released(1);
    }
}

#[tokio::test]
async fn a_grace_longer_than_any_clock_is_no_panic() {
    let service = Service::start().await;
    let grace = format!("{}s", u64::MAX);
    let script = "trap '' TERM; echo ready; read line; exit 3";
    let mut running = Running::ready(&mut service.with_lock(&["--grace", &grace], script)).await;
    running.signal("TERM");
    let id = running.child.id().unwrap().to_string();
    {
        let mut said = pin!(running.said("killing the command in"));
        while timeout(Duration::from_millis(20), &mut said).await.is_err() {
            send("TERM", &id);
        }
    }
    assert_eq!(running.end().await.code, 3);
    service.assert_released(1);
}

/// As from `docker kill`: the process that sends it has no id there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_int_from_outside_of_a_container_is_passed_on() {
    let service = Service::start().await;
    let mut container = service.run("unshare");
    container.args([
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
    ]);
    let probe = end(service.run("unshare").args(["-Urpf", "true"])).await;
    if probe.code != 0 {
        crate::setup::skipped("a new process namespace");
        return;
    }
    let script = "trap 'kill -s KILL $!; exit 42' INT; sleep 3600 & echo ready; wait";
    container.args([PROGRAM, "with-lock", "--", "sh", "-c", script]);
    let running = Running::ready(&mut container).await;
    let id = running.child.id().unwrap();
    let children = format!("/proc/{id}/task/{id}/children");
    send("INT", std::fs::read_to_string(children).unwrap().trim());
    assert_eq!(running.end().await.code, 42);
    service.assert_released(1);
}

#[tokio::test]
async fn a_signal_does_not_end_the_unlock() {
    for signal in SIGNALS {
        for (script, expected) in [("exit 0", 0), ("exit 3", 3)] {
            let service = Service::start().await;
            let late = Fault::delay(Duration::from_millis(100));
            service.sandbox.script(Operation::Unlock, [late]);
            let running = Running::start(&mut service.with_lock(&[], script));
            service.received(Operation::Unlock).await;
            running.signal(signal);
            let ended = running.end().await;
            assert_eq!((ended.code, &*ended.stderr), (expected, ""), "{signal}");
            service.assert_released(1);
        }
    }
}

#[tokio::test]
async fn an_unlock_without_a_response_ends_in_a_bounded_time_after_term() {
    let service = Service::start().await;
    let never = Fault::delay(Duration::from_secs(3600));
    service.sandbox.script(Operation::Unlock, [never]);
    let running = Running::start(&mut service.with_lock(&["--grace", "50ms"], "exit 0"));
    service.received(Operation::Unlock).await;
    running.signal("TERM");
    let ended = running.end().await;
    assert_eq!(ended.code, 125, "{ended:?}");
    ended.has("a signal ended the unlock");
    ended.has("llmobs-datasets unlock --project-id");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_signal_that_is_ignored_at_the_start_stays_ignored() {
    let service = Service::start().await;
    let script = "trap 'kill -s KILL $!; exit 42' USR1; sleep 3600 & echo ready; wait";
    let mut shell = service.run("sh");
    let nohup = "trap '' HUP; exec \"$0\" with-lock -- sh -c \"$1\"";
    let running = Running::ready(shell.args(["-c", nohup, PROGRAM, script])).await;
    running.signal("HUP");
    running.signal("USR1");
    assert_eq!(running.end().await.code, 42);
    service.assert_released(1);
}

/// Then the system forgets a child's exit code.
#[tokio::test]
async fn a_parent_that_ignores_the_end_of_its_children_changes_no_exit_code() {
    let service = Service::start().await;
    let ignoring = "--ignore-signal=CHLD";
    if end(service.run("env").args([ignoring, "true"])).await.code != 0 {
        crate::setup::skipped("an `env` that ignores signals");
        return;
    }
    let mut env = service.run("env");
    env.args([ignoring, PROGRAM, "with-lock", "--", "sh", "-c", "exit 3"]);
    let ended = end(&mut env).await;
    assert_eq!((ended.code, &*ended.stderr), (3, ""));
    service.assert_released(1);
}

#[tokio::test]
async fn a_restore_that_a_signal_ends_is_unknown() {
    let service = Service::start().await;
    let late = Fault::delay(Duration::from_secs(3600));
    service.sandbox.script(Operation::Restore, [late]);
    let running = Running::start(&mut service.cli(&["restore", "1", "-o", "json"]));
    service.received(Operation::Restore).await;
    running.signal("TERM");
    let ended = running.end().await;
    assert_eq!(ended.code, 143);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&json["outcome"], &json["signal"]),
        (&"unknown".into(), &15.into())
    );
}
