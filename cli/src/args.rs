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

/// Hold the draft lock of a Datadog LLM Observability dataset while a command runs; lock, unlock and restore.
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
    /// Runs a command, without a shell, under the draft lock, and unlocks once the command has ended, however
    /// it ended. Standard input, output and error are the command's.
    ///
    /// TERM, HUP, QUIT, USR1 and USR2 are passed on to the command, and so is an INT, unless it comes from the
    /// terminal, which sends it to the command itself. A second TERM or INT kills the command after `--grace`.
    /// While the lock is waited for, any of these signals ends the wait.
    ///
    /// The command gets `LLMOBS_DATASETS_PROJECT_ID`, `LLMOBS_DATASETS_DATASET_ID`, `LLMOBS_DATASETS_LOCK_USER`
    /// and `LLMOBS_DATASETS_LOCK_SINCE`, so that `llmobs-datasets restore 3` needs no options in it. A
    /// `with-lock` in it for the same dataset is refused. The keys stay as they are.
    ///
    /// A lock file keeps out other processes of this user on this machine. Processes on other machines are
    /// kept out only if their application key belongs to another Datadog user.
    WithLock(WithLock),
    /// Acquire the draft lock, and leave the dataset locked.
    Lock(Lock),
    /// Release the draft lock of the keys' user, whoever acquired it.
    Unlock(Call),
    /// Restore the dataset to a prior version.
    Restore(Restore),
    /// Print a completion script, such as for `source <(llmobs-datasets completions bash)`.
    Completions {
        /// The shell to complete in.
        shell: Shell,
    },
    /// Print a manual page, such as for `llmobs-datasets man with-lock | man -l -`.
    Man {
        /// The page of this subcommand instead of the program's.
        #[arg(value_parser = ["with-lock", "lock", "unlock", "restore", "completions", "man"])]
        subcommand: Option<String>,
    },
}

/// The dataset, and how to call the service.
#[derive(Args)]
pub(crate) struct Target {
    /// Id of the project.
    #[arg(long, env = PROJECT_ID, value_name = "ID")]
    pub(crate) project_id: ProjectId,
    /// Id of the dataset.
    #[arg(long, env = DATASET_ID, value_name = "ID")]
    pub(crate) dataset_id: DatasetId,
    /// Time for each call with its retries, such as `30s` [default: 60s].
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
    /// Time to wait for a lock that somebody else holds, such as `5m` [default: don't wait].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
    /// Adopt a lock that this user holds already, such as after a crash.
    ///
    /// By default it is refused, because another machine may be at work with the same application key.
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Exit code if somebody else holds the lock.
    #[arg(short = 'E', long, value_name = "N", default_value_t = exit::HELD)]
    pub(crate) conflict_exit_code: u8,
    /// How often to check that the lock is still held [default: never].
    ///
    /// A lost lock ends the command with TERM and, after `--grace`, with KILL. It is off by default, because
    /// the service has no request for it: a check locks again, which takes back a lock that was lost and is
    /// free by now.
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub(crate) check_every: Option<Duration>,
    /// Time between a second TERM or INT, or the TERM for a lost lock, and the KILL.
    ///
    /// A TERM or INT while unlocking ends the unlock after this time.
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
    /// Form of the result on standard output.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
}

#[derive(Args)]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) call: Call,
    /// Time to wait for a lock that another user holds, such as `5m` [default: don't wait].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) call: Call,
    /// Number of the version to restore, from 0.
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
