//! On a terminal: progress, colours, Ctrl-C. `script` of util-linux is the terminal.

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::setup::{PROGRAM, Running, Service, send, skipped};

/// The program on a terminal; `None` if there is no `script` of util-linux.
fn on_terminal(service: &Service, args: &str) -> Option<Command> {
    let version = std::process::Command::new("script")
        .arg("--version")
        .output();
    if !version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("util-linux")) {
        skipped("script of util-linux");
        return None;
    }
    let mut command = service.run("script");
    let line = format!("exec '{PROGRAM}' {args}");
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    command.env("TERM", "xterm").env("SHELL", "/bin/sh");
    Some(command)
}

#[tokio::test]
async fn ctrl_c_reaches_the_command_once() {
    let service = Service::start().await;
    let script = r#"trap "echo interrupted" INT; trap "kill -s KILL \$!; exit 42" USR1; sleep 3600 & echo $PPID; while :; do wait; done"#;
    let Some(mut command) = on_terminal(&service, &format!("with-lock -- sh -c '{script}'")) else {
        return;
    };
    let mut running = Running::start(&mut command);
    let id = running.line().await;
    running
        .child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"\x03")
        .await
        .unwrap();
    let line = running.line().await;
    assert_eq!(line.trim_start_matches("^C"), "interrupted");
    // If the INT had been passed on, too, the command would have received it before this signal.
    send("USR1", &id);
    let ended = running.end().await;
    assert_eq!((ended.code, &*ended.stdout), (42, ""));
    service.assert_released(1);
}

#[tokio::test]
async fn ctrl_c_ends_a_command_and_the_lock() {
    let service = Service::start().await;
    let Some(mut command) =
        on_terminal(&service, "with-lock -- sh -c 'echo ready; exec sleep 3600'")
    else {
        return;
    };
    let mut running = Running::start(&mut command);
    assert_eq!(running.line().await, "ready");
    running
        .child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"\x03")
        .await
        .unwrap();
    assert_eq!(running.end().await.code, 130);
    service.assert_released(1);
}

#[tokio::test]
async fn a_line_shows_who_holds_the_lock() {
    let service = Service::start().await;
    service.locked_by_another().await;
    let Some(mut command) = on_terminal(&service, "with-lock --wait 2s -- true") else {
        return;
    };
    let ended = crate::setup::end(&mut command).await;
    assert_eq!(ended.code, 124, "{ended:?}");
    let (progress, _) = ended.stdout.split_once("error:").unwrap();
    let holder = &service.sandbox.users()[1].user.id;
    for words in [&format!("locked by user {holder}"), "\r\x1b[2Kwaited "] {
        assert!(progress.contains(words), "{words}: {ended:?}");
    }
    assert_eq!(progress.matches(holder.as_str()).count(), 1, "{ended:?}");
    // Without a terminal, there is no progress line.
    let mut command = service.cli(&["with-lock", "--wait", "1s", "--", "true"]);
    let ended = crate::setup::end(&mut command).await;
    assert_eq!(ended.code, 124);
    assert!(!ended.stderr.contains("waiting"), "{ended:?}");
}

#[tokio::test]
async fn a_line_shows_which_process_holds_the_lock() {
    let service = Service::start().await;
    let first = Running::ready(&mut service.with_lock(&[], "echo ready; cat")).await;
    let Some(mut command) = on_terminal(&service, "with-lock --wait 300ms -- true") else {
        return;
    };
    let ended = crate::setup::end(&mut command).await;
    assert_eq!(ended.code, 124, "{ended:?}");
    let words = format!(
        "waiting: process {} of this machine, since",
        first.child.id().unwrap()
    );
    assert!(ended.stdout.contains(&words), "{ended:?}");
}

#[tokio::test]
async fn colours_are_for_terminals_without_no_color() {
    let service = Service::start().await;
    let args = "with-lock -- /no/such";
    let Some(mut command) = on_terminal(&service, args) else {
        return;
    };
    let red = "\x1b[31merror:";
    let coloured = crate::setup::end(&mut command).await;
    assert!(coloured.stdout.contains(red), "{coloured:?}");
    let mut command = on_terminal(&service, args).unwrap();
    let plain = crate::setup::end(command.env("NO_COLOR", "1")).await;
    assert!(plain.stdout.contains("error: "), "{plain:?}");
    assert!(!plain.stdout.contains('\x1b'), "{plain:?}");
}
