//! The examples and the common scenario in other languages, with Datadog's own clients.
//!
//! They need `sh` and `curl`; Python with `datadog-api-client` and `pytest`; Node with
//! `@datadog/datadog-api-client`. Whatever is missing is skipped, with a message.
//! `LLMOBS_SANDBOX_PYTHON` names another interpreter than `python3`, and Node looks in `NODE_PATH`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::program::{Running, program};

const SANDBOX: &str = env!("CARGO_BIN_EXE_llmobs-sandbox");

/// Starts from the folder of this crate.
fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).env("LLMOBS_SANDBOX", SANDBOX);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn python(args: &[&str]) -> Command {
    let name = std::env::var("LLMOBS_SANDBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = command(&name, args);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    // The clients warn about operations in preview.
    command.env("PYTHONWARNINGS", "ignore");
    command
}

fn node(args: &[&str]) -> Command {
    command("node", args)
}

/// Whether a command that asks for tools succeeds. Otherwise reports what is skipped.
fn there(mut asks: Command, what: &str) -> bool {
    let output = asks.stdin(Stdio::null()).output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        // Past the test harness, which shows no output of a test that passes.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: {what} is not on this machine").unwrap();
    }
    there
}

fn there_in_python(packages: &str) -> bool {
    let what = format!("Python with {packages}");
    there(python(&["-c", &format!("import {packages}")]), &what)
}

fn there_in_node() -> bool {
    let package = "@datadog/datadog-api-client";
    let what = format!("Node with {package}");
    there(node(&["-e", &format!("require('{package}')")]), &what)
}

fn succeeds(mut command: Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
}

#[test]
fn the_python_example_passes() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(include_str!("../../examples/test_restore.py")));
    if there_in_python("datadog_api_client, pytest") {
        succeeds(python(&[
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "examples/test_restore.py",
        ]));
    }
}

#[test]
fn the_node_example_passes() {
    if there_in_node() {
        succeeds(node(&["--test", "examples/restore.cjs"]));
    }
}

#[test]
fn the_shell_example_passes() {
    if there(command("curl", &["--version"]), "curl") {
        succeeds(command("sh", &["examples/restore.sh"]));
    }
}

/// Both clients at once, against one sandbox.
#[test]
fn the_official_clients_pass_the_scenario() {
    let running = Running::new(&mut program(&[]));
    let start = running.start.to_string();
    let python = there_in_python("datadog_api_client")
        .then(|| python(&["tests/languages/scenario.py", &start]));
    let node = there_in_node().then(|| node(&["tests/languages/scenario.cjs", &start]));
    std::thread::scope(|scope| {
        for command in [python, node].into_iter().flatten() {
            scope.spawn(|| succeeds(command));
        }
    });
}

/// Runs each `sh` block of a page, in one shell, and compares its output with the block that follows.
#[test]
fn the_curl_lines_of_the_control_page_work() {
    if !there(command("curl", &["--version"]), "curl") {
        return;
    }
    let page = include_str!("../../CONTROL.md");
    let running = Running::new(&mut program(&[]));
    let mut blocks = page.split("```sh\n").skip(1);
    let mut count = 0;
    blocks.by_ref().for_each(|rest| {
        let (script, rest) = rest.split_once("```\n").unwrap();
        let expected = rest.trim_start().strip_prefix("```json\n");
        let expected = expected.map(|rest| rest.split_once("```").unwrap().0);
        let mut shell = command("sh", &["-e", "-c", script]);
        for (variable, name) in [
            ("LLMOBS_SANDBOX_CONTROL_URL", "control_url"),
            ("LLMOBS_DATASETS_BASE_URL", "base_url"),
            ("LLMOBS_SANDBOX_PROJECT_ID", "project_id"),
            ("LLMOBS_SANDBOX_DATASET_ID", "dataset_id"),
            ("DD_API_KEY", "api_key"),
            ("DD_APP_KEY", "application_key"),
        ] {
            shell.env(variable, running.get(name));
        }
        let output = shell.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stderr}");
        if let Some(expected) = expected {
            let [shown, expected] = [&*output.stdout, expected.as_bytes()]
                .map(|it| serde_json::from_slice::<serde_json::Value>(it).unwrap());
            assert_eq!(shown, expected, "{script}");
        }
        count += 1;
    });
    assert!(count > 10, "the page has {count} blocks");
}
