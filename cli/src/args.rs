//! The command line.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use llmobs_datasets::{DatasetId, DatasetVersion, ProjectId};

use crate::env::{DATASET_ID, PROJECT_ID};
use crate::exit;

/// An example, the environment, and the exit codes.
const HELP: &str = include_str!("help.txt");

/// Hold the draft lock of a Datadog LLM Observability dataset while a command runs; or lock, unlock or restore it.
#[derive(Parser)]
#[command(
    name = "llmobs-datasets",
    version,
    after_help = HELP,
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Hold the draft lock while a command runs.
    ///
    /// Runs a command under the draft lock, without a shell, and always unlocks when the command has ended.
    /// Standard input, output and error are the command's.
    ///
    /// TERM, HUP, USR1 and USR2 are passed on to the command. So are INT and QUIT, unless they come from the
    /// terminal, which sends them to the command itself. A second TERM or INT kills the command after `--grace`.
    /// During the wait for the lock, any of these signals ends the wait.
    ///
    /// The environment of the command contains `LLMOBS_DATASETS_PROJECT_ID`, `LLMOBS_DATASETS_DATASET_ID`,
    /// `LLMOBS_DATASETS_LOCK_USER` and `LLMOBS_DATASETS_LOCK_SINCE`, so that the command can call
    /// `llmobs-datasets restore 3` without options. A nested `with-lock` for the same dataset is refused. The
    /// command inherits the keys.
    ///
    /// A lock file keeps out other processes of this user on this machine. Processes on other machines are
    /// kept out only if their application key belongs to another Datadog user.
    WithLock(WithLock),
    /// Acquire the draft lock, and leave the dataset locked.
    Lock(Lock),
    /// Release the draft lock of this user, even if another process acquired it.
    Unlock(Call),
    /// Restore the dataset to a prior version.
    Restore(Restore),
    /// Print a completion script, such as for `source <(llmobs-datasets completions bash)`.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print a manual page, such as for `llmobs-datasets man with-lock | man -l -`.
    Man {
        /// Print the page of this subcommand instead of the program's.
        #[arg(value_parser = ["with-lock", "lock", "unlock", "restore", "completions", "man"])]
        subcommand: Option<String>,
    },
}

/// The dataset, and options of its calls.
#[derive(Args)]
pub(crate) struct Target {
    /// Id of the project.
    #[arg(long, env = PROJECT_ID, value_name = "ID")]
    pub(crate) project_id: ProjectId,
    /// Id of the dataset.
    #[arg(long, env = DATASET_ID, value_name = "ID")]
    pub(crate) dataset_id: DatasetId,
    /// Timeout of each call, including its retries, such as `30s` [default: 60s].
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub(crate) timeout: Option<Duration>,
    /// Print the requests instead of sending them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Log retries, waits and warnings on standard error.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct WithLock {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Maximum time to wait for a lock that somebody else holds, such as `5m` [default: don't wait].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
    /// Adopt a lock that this user already holds, such as after a crash.
    ///
    /// By default such a lock is refused, because another machine may be using it with the same application
    /// key.
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Exit code if somebody else holds the lock.
    #[arg(short = 'E', long, value_name = "N", default_value_t = exit::HELD)]
    pub(crate) conflict_exit_code: u8,
    /// Interval of checks that the lock is still held, such as `30s` [default: never].
    ///
    /// If the lock is lost, the command gets TERM and, after `--grace`, KILL. Checks are off by default, because
    /// the service has no request for them: a check locks again, which reacquires a lock that was lost and is
    /// free by now.
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub(crate) check_every: Option<Duration>,
    /// Time before the command is killed, after a second TERM or INT or after a lost lock.
    ///
    /// After the same time, a TERM or INT during the unlock ends the unlock.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) grace: Duration,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Format of the result on standard output.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
}

#[derive(Args)]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) call: Call,
    /// Maximum time to wait for a lock that another user holds, such as `5m` [default: don't wait].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) call: Call,
    /// Number of the version to restore; 0 is the first.
    pub(crate) version: DatasetVersion,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One line.
    Text,
    /// One line of JSON with the outcome: `applied`, `not_applied` or `unknown`.
    Json,
}

fn positive(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("use a time above 0".to_owned()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}
