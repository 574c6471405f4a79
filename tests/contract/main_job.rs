//! The example that the README calls the main job, as its user runs it.

use std::process::{Command, Output};

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

/// Runs the example with keys in its environment, and proxies that would be asked for any other host.
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
    for part in [
        "A sandbox runs at http://127.0.0.1:",
        "locked by Jane Doe since ",
        "a second user is refused: lock dataset",
        "before: version 2",
        "after : version 3",
        "unlocked",
        "restored version 0 under the lock (2 attempts)",
        "it may or may not have taken effect",
        "it did: version 5",
        "Restore no answer",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn it_calls_datadog_only_if_told_so() {
    let ids = ["--project", "p", "--dataset", "d", "--version", "1"];
    // The proxy is nowhere, so that the call is not made; that it was to be is what counts.
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
