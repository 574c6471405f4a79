//! The sandbox as a program: its output, its files, its end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::setup::{DATASET, PROJECT, http};

pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs-sandbox"));
    command.args(args).stderr(Stdio::null());
    command
}

/// A program that was started with `--json`. It is killed if a test fails before it ends.
pub(crate) struct Running {
    child: Child,
    pub(crate) start: Value,
}

impl Running {
    pub(crate) fn new(command: &mut Command) -> Self {
        let mut child = command
            .arg("--json")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        child.stdout = Some(stdout.into_inner());
        let start = serde_json::from_str(&line).unwrap();
        Self { child, start }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.start[name].as_str().unwrap()
    }

    fn url(&self, rest: &str) -> String {
        format!("{}{rest}", self.get("base_url"))
    }

    async fn call(&self, verb: &str) -> u16 {
        let path = format!("/api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}/draft_state/{verb}");
        let request = http().patch(self.url(&path));
        let request = request.header("dd-api-key", self.get("api_key"));
        let request = request.header("dd-application-key", self.get("application_key"));
        request.send().await.unwrap().status().as_u16()
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "it doesn't end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_logs_each_request_on_standard_error() {
    let mut running = Running::new(
        program(&[
            "--fault",
            "unlock=after:status:500",
            "--fault",
            "unlock=reset",
        ])
        .stderr(Stdio::piped()),
    );
    let mut log = BufReader::new(running.child.stderr.take().unwrap()).lines();
    let mut line = || log.next().unwrap().unwrap();
    let base = format!("PATCH /api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}/draft_state");
    let by_jane = "by 00000000-0000-0000-0000-000000000010";
    running.call("lock").await;
    assert_eq!(line(), format!("{base}/lock: 200 (lock {by_jane})"));
    running.call("unlock").await;
    assert_eq!(line(), format!("{base}/unlock: 500 (unlock {by_jane})"));
    let wrong = http().get(running.url("/api/v2/x?key=hidden")).send().await;
    assert_eq!(wrong.unwrap().status(), 404);
    assert_eq!(line(), "GET /api/v2/x: 404");
    assert_eq!(running.call("%ff").await, 404);
    line();
    let wrong = http().put(running.url(&format!(
        "/api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}/restore"
    )));
    assert_eq!(wrong.send().await.unwrap().status(), 405);
    assert!(line().ends_with("/restore: 405"));
    let mut socket = TcpStream::connect(running.get("base_url").trim_start_matches("http://"));
    std::io::Write::write_all(socket.as_mut().unwrap(), b"not HTTP\r\n\r\n").unwrap();
    let logged = line();
    assert!(
        logged.starts_with("malformed request") && logged.ends_with(": 400"),
        "{logged}"
    );
    // The control API is not logged.
    http()
        .get(running.url("/__sandbox/v1/health"))
        .send()
        .await
        .unwrap();
    running.call("lock").await;
    assert_eq!(line(), format!("{base}/lock: 200 (lock {by_jane})"));
}

/// Before, the log on a full standard output blocked the sandbox after about 1,300 requests.
#[tokio::test]
async fn output_that_nobody_reads_stops_nothing() {
    let running = Running::new(program(&[]).stderr(Stdio::piped()));
    for _ in 0..2_000 {
        assert_eq!(running.call("lock").await, 200);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn closed_output_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready");
    let command = format!(
        "exec {} --json --ready-file {} >&- 2>&-",
        env!("CARGO_BIN_EXE_llmobs-sandbox"),
        file.display()
    );
    let child = Command::new("sh").args(["-c", &command]).spawn().unwrap();
    let start = Instant::now();
    while !file.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it doesn't start"
        );
        std::thread::yield_now();
    }
    let start = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut running = Running { child, start };
    for _ in 0..3 {
        assert_eq!(running.call("lock").await, 200);
    }
    running.signal("-TERM");
    assert_eq!(running.end().code(), Some(0));
    assert!(!file.exists(), "the ready file is left behind");
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_it_with_exit_code_0() {
    for signal in ["-INT", "-TERM"] {
        let mut running = Running::new(&mut program(&[]));
        assert_eq!(running.call("lock").await, 200);
        running.signal(signal);
        assert_eq!(running.end().code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_request_or_the_end_of_input_ends_it() {
    let mut running = Running::new(&mut program(&[]));
    let shutdown = http().post(running.url("/__sandbox/v1/shutdown"));
    let response = shutdown.send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(
        response.json::<Value>().await.unwrap(),
        json!({ "status": "stopping" })
    );
    assert_eq!(running.end().code(), Some(0));

    let mut running = Running::new(program(&["--until-eof"]).stdin(Stdio::piped()));
    let stdin: Option<ChildStdin> = running.child.stdin.take();
    assert_eq!(running.call("lock").await, 200);
    assert_eq!(running.child.try_wait().unwrap(), None);
    drop(stdin);
    assert_eq!(running.end().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_shell_can_evaluate_the_start_lines() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let keys = json!({
        "api_keys": ["a b$(touch hacked)'\"`*"],
        "users": [
            { "application_key": "$HOME; ~ # \\", "id": "jane" },
            { "application_key": "plain", "id": "john" }
        ],
        "projects": { "a project": { "it's": { "versions": [[]] } } }
    });
    std::fs::write(&state, keys.to_string()).unwrap();
    let script = r#"
        "$0" --state state.json --until-eof --ready-file ready 2>&- >start <in & exec 3>in
        until [ -e ready ]; do sleep 0.01; done
        eval "$(cat ready)"
        cmp ready start
        printf '%s\n' "$DD_API_KEY" "$DD_APP_KEY" "$LLMOBS_SANDBOX_SECOND_APP_KEY" \
            "$LLMOBS_SANDBOX_PROJECT_ID" "$LLMOBS_SANDBOX_DATASET_ID" \
            "$LLMOBS_DATASETS_BASE_URL" "$LLMOBS_SANDBOX_CONTROL_URL"
    "#;
    let output = Command::new("sh")
        .args(["-e", "-c", &format!("mkfifo in\n{script}")])
        .arg(env!("CARGO_BIN_EXE_llmobs-sandbox"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "a b$(touch hacked)'\"`*",
            "$HOME; ~ # \\",
            "plain",
            "a project",
            "it's"
        ]
    );
    assert!(lines[5].starts_with("http://127.0.0.1:"));
    assert_eq!(lines[6], format!("{}/__sandbox/v1", lines[5]));
    assert!(!folder.path().join("hacked").exists());
}

#[test]
fn the_first_line_has_the_url_and_nothing_follows_the_start() {
    let mut child = program(&["--until-eof"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut output)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut lines = output.lines();
    let url = lines
        .next()
        .unwrap()
        .strip_prefix("export LLMOBS_DATASETS_BASE_URL=");
    let url: reqwest::Url = url.unwrap().parse().unwrap();
    assert!(url.port().is_some_and(|port| port > 0));
    assert_eq!(lines.next(), Some("export DD_API_KEY=sandbox-api-key"));
    assert_eq!(
        lines.next(),
        Some("export DD_APP_KEY=sandbox-application-key-10")
    );
    assert_eq!(
        lines.next(),
        Some("export LLMOBS_SANDBOX_SECOND_APP_KEY=sandbox-application-key-11")
    );
    assert!(lines.all(|line| line.starts_with("export LLMOBS_SANDBOX_")));
}

#[tokio::test]
async fn it_listens_on_localhost_and_knows_its_version() {
    let running = Running::new(&mut program(&["--listen", "localhost:0"]));
    assert_eq!(running.call("lock").await, 200);

    let output = program(&["--version"]).output().unwrap();
    let version = format!("llmobs-sandbox {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}

/// Before, the accept loop took all of a processor while there were no file descriptors.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_is_idle_without_file_descriptors() {
    let command = format!(
        "ulimit -n 16; exec {} --json",
        env!("CARGO_BIN_EXE_llmobs-sandbox")
    );
    let mut shell = Command::new("sh");
    let running = Running::new(shell.args(["-c", &command, "sh"]));
    let address = running.get("base_url").trim_start_matches("http://");
    let sockets: Vec<TcpStream> = (0..32)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let ticks = || -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.child.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    // A second of a spinning loop is 100 ticks.
    let before = ticks();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(ticks() - before < 20, "it spins");
    drop(sockets);
    assert_eq!(running.call("lock").await, 200);
}

pub(crate) fn refused(output: &Output, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    for words in words {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(!error.contains("panicked"), "{error}");
    assert!(output.stdout.is_empty());
}

pub(crate) fn run(args: &[&str]) -> Output {
    program(args).stderr(Stdio::piped()).output().unwrap()
}

#[test]
fn unusable_arguments_are_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&run(&["--listen", &address]), &[&address, "--listen"]);
    refused(&run(&["--listen", "nowhere"]), &["nowhere", "--listen"]);
    for fault in ["lock", "lock=rest", "look=reset"] {
        refused(&run(&["--fault", fault]), &[fault, "write "]);
    }
    refused(&run(&["--profile", "x"]), &["documented", "observed"]);
    refused(&run(&["--assume", "relock"]), &["relock", "write "]);
    refused(
        &run(&["--assume", "relok=x"]),
        &["unknown field `relok`", "`relock`"],
    );
    refused(
        &run(&["--assume", "relock=x"]),
        &["relock: ", "`keep_since`"],
    );
    refused(
        &run(&["--assume", "lock_of_another=200"]),
        &["lock_of_another", "400 to 599"],
    );
    refused(
        &run(&["--ready-file", "/nowhere/x"]),
        &["/nowhere/x", "--ready-file"],
    );
}

#[tokio::test]
async fn options_set_assumptions_faults_and_strictness() {
    let running = Running::new(&mut program(&[
        "--assume",
        "invalid_keys=403",
        "--assume",
        "relock=start_anew",
        "--strict",
        "--remember",
        "3",
        "--fault",
        "lock=late:5:status:504",
    ]));
    let settings = http().get(running.url("/__sandbox/v1/settings"));
    let settings: Value = settings.send().await.unwrap().json().await.unwrap();
    assert_eq!(settings["assumptions"]["invalid_keys"], 403);
    assert_eq!(settings["assumptions"]["relock"], "start_anew");
    assert_eq!(
        (&settings["strict"], &settings["remember"]),
        (&json!(true), &json!(3))
    );
    let faults = http().request(Method::GET, running.url("/__sandbox/v1/faults"));
    let faults: Value = faults.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        faults,
        json!({ "faults": [{ "operation": "lock", "fault": "late:5:status:504", "times": 1 }] })
    );
}
