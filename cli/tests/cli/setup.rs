//! A sandbox, and processes that call it.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::time::Duration;

use llmobs_sandbox::{DatasetState, InitialState, Operation, Sandbox, SandboxBuilder};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_llmobs-datasets");

/// Longer than any test takes, so that a hang fails.
const LIMIT: Duration = Duration::from_secs(60);

/// The service, with a folder for lock files.
pub(crate) struct Service {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: TempDir,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(Sandbox::builder()).await
    }

    pub(crate) async fn with(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { sandbox, folder }
    }

    /// Any program, in the environment of the first user.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>) -> Command {
        restore_signals();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TMPDIR", self.folder.path())
            .env("DD_API_KEY", self.sandbox.api_key())
            .env("DD_APP_KEY", self.sandbox.application_key())
            .env("LLMOBS_DATASETS_BASE_URL", self.sandbox.url())
            .env("LLMOBS_DATASETS_PROJECT_ID", InitialState::PROJECT_ID)
            .env("LLMOBS_DATASETS_DATASET_ID", InitialState::DATASET_ID)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// The program, with arguments.
    pub(crate) fn cli(&self, args: &[&str]) -> Command {
        let mut command = self.run(PROGRAM);
        command.args(args);
        command
    }

    /// `with-lock` with options and a shell script as the command, in which `$0` is the program.
    pub(crate) fn with_lock(&self, options: &[&str], script: &str) -> Command {
        let mut command = self.cli(&["with-lock"]);
        command.args(options);
        command.args(["--", "sh", "-c", script, PROGRAM]);
        command
    }

    /// Locks the dataset for the second user.
    pub(crate) async fn locked_by_another(&self) {
        let key = &self.sandbox.users()[1].application_key;
        let ended = end(self.cli(&["lock"]).env("DD_APP_KEY", key)).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }

    pub(crate) fn state(&self) -> DatasetState {
        let state = &self.sandbox;
        state
            .dataset(InitialState::PROJECT_ID, InitialState::DATASET_ID)
            .unwrap()
    }

    /// The operations that were called, in order.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let requests = self.sandbox.requests();
        requests.iter().map(|it| it.operation).collect()
    }

    /// Waits until the sandbox has received a request.
    pub(crate) async fn received(&self, operation: Operation) {
        let wait = async {
            while !self.operations().contains(&operation) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(LIMIT, wait).await.unwrap();
    }

    /// Asserts that the dataset was locked this often, and that each lock was released.
    pub(crate) fn assert_released(&self, locks: usize) {
        let state = self.state();
        assert_eq!(state.holder(), None, "{state:?}");
        assert_eq!(state.lock_history.len(), locks, "{state:?}");
        let released = |it: &llmobs_sandbox::LockPeriod| it.released_by.is_some();
        assert!(state.lock_history.iter().all(released), "{state:?}");
    }
}

/// The end of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn has(&self, words: &str) {
        assert!(self.stderr.contains(words), "{words}: {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

pub(crate) async fn end(command: &mut Command) -> Ended {
    let output = tokio::time::timeout(LIMIT, command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = output.await.unwrap().unwrap();
    Ended {
        code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A process that runs.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    read: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            child,
            read: String::new(),
        }
    }

    /// Waits until the process says that it is ready.
    pub(crate) async fn ready(command: &mut Command) -> Self {
        let mut running = Self::start(command);
        assert_eq!(running.line().await, "ready");
        running
    }

    /// The next line of standard output.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line);
        tokio::time::timeout(LIMIT, read).await.unwrap().unwrap();
        line.trim_end().to_owned()
    }

    /// Waits until standard error has some words.
    pub(crate) async fn said(&mut self, words: &str) {
        while !self.read.contains(words) {
            let read = self.stderr.read_line(&mut self.read);
            let read = tokio::time::timeout(LIMIT, read).await.unwrap().unwrap();
            assert!(read > 0, "{words}: {}", self.read);
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap();
        send(signal, &id.to_string());
    }

    /// Closes standard input, and waits for the end.
    pub(crate) async fn end(mut self) -> Ended {
        drop(self.child.stdin.take());
        let mut stdout = String::new();
        let end = async {
            let all = tokio::try_join!(
                self.child.wait(),
                self.stdout.read_to_string(&mut stdout),
                self.stderr.read_to_string(&mut self.read),
            );
            all.unwrap().0
        };
        let status = tokio::time::timeout(LIMIT, end).await.unwrap();
        Ended {
            code: status.code().unwrap(),
            stdout,
            stderr: self.read,
        }
    }
}

pub(crate) fn send(signal: &str, id: &str) {
    let kill = format!("kill -s {signal} {id}");
    let sent = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(sent.unwrap().success(), "{kill}");
}

/// Restores the default of signals for child processes. `nohup`, and a shell for a job with `&`, make a process and
/// its children ignore some; a signal that has a handler here has its default there.
fn restore_signals() {
    use tokio::signal::unix::{SignalKind, signal};

    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
    for kind in [
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::quit(),
    ] {
        if ignored.is_some_and(|it| it & (1 << (kind.as_raw_value() - 1)) != 0) {
            drop(signal(kind).unwrap());
        }
    }
}

/// Prints directly to the terminal: the test harness hides the output of a passing test.
pub(crate) fn skipped(what: &str) {
    use std::io::Write as _;
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {what} is not on this machine").unwrap();
}
