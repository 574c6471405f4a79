//! The README's example `safe_restore`, run the way its users run it.

use std::path::Path;
use std::process::{Command, Output};

use crate::picture::assert_shown;

/// The example, which a plain `cargo test` builds.
pub(crate) fn program() -> std::path::PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().unwrap().parent().unwrap().join("examples");
    let program = built.join(format!("safe_restore{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "build it first, as a plain `cargo test` does"
    );
    program
}

/// Runs the example with keys in its environment, and with a proxy for all other hosts.
fn safe_restore(args: &[&str]) -> Output {
    let nowhere = "http://127.0.0.1:1";
    Command::new(program())
        .args(args)
        .env_clear()
        .envs([
            ("DD_API_KEY", "k"),
            ("DD_APP_KEY", "k"),
            ("HTTPS_PROXY", nowhere),
        ])
        .output()
        .unwrap()
}

#[test]
fn it_runs_in_the_sandbox_even_with_keys_in_the_environment() {
    let output = safe_restore(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !text.contains('\u{1b}'),
        "colours without a terminal: {text}"
    );
    let end = "Each restore took effect exactly once, and nobody holds the lock.\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn its_output_is_the_picture_in_the_readme() {
    let colours = [("CLICOLOR_FORCE", "1")];
    let output = Command::new(program()).env_clear().envs(colours).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let (before, rest) = text.split_once("127.0.0.1:").unwrap();
    let (port, rest) = rest.split_once('\n').unwrap();
    let (middle, rest) = rest.split_once(" since ").unwrap();
    let (since, rest) = rest.split_once('\n').unwrap();
    assert!(
        port.parse::<u16>().is_ok() && since.ends_with(" UTC"),
        "{text}"
    );
    let text = format!("{before}127.0.0.1:8126\n{middle} since 2026-11-25 09:00:00 UTC\n{rest}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_shown(root, "safe_restore", "README.md", &text);
}

#[test]
fn it_calls_datadog_only_with_live() {
    let ids = ["--project", "p", "--dataset", "d", "--version", "1"];
    // Nobody listens at the proxy, so the call fails; the test is that the call was attempted.
    let live = safe_restore(&[&["--live"], &ids[..]].concat());
    let error = String::from_utf8_lossy(&live.stderr).into_owned();
    assert_eq!(live.status.code(), Some(1));
    assert!(error.starts_with("error: lock dataset d of "), "{error}");
    assert!(
        error.contains("the proxy 127.0.0.1:1 did not connect to api.datadoghq.com: "),
        "{error}"
    );

    for args in [&["--live"][..], &ids, &["--live", "--project", "p"]] {
        assert_eq!(safe_restore(args).status.code(), Some(2), "{args:?}");
    }
}
