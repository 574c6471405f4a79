//! `llmobs-datasets`: the draft lock of a dataset, from the shell.

mod args;
mod calls;
mod command;
mod env;
mod exit;
#[cfg(unix)]
mod lock_file;
mod message;
mod progress;
mod service;
mod signals;
mod with_lock;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::args::{Cli, Command};
use self::signals::Signals;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // With `with-lock`, other codes could be the command's.
    let with_lock = std::env::args_os().nth(1).filter(|it| it == "with-lock");
    let (usage, failed) = match with_lock {
        Some(_) => (exit::OWN_FAILURE, exit::OWN_FAILURE),
        None => (exit::USAGE, exit::FAILED),
    };
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let asked_for = !error.use_stderr();
            return if asked_for { exit::SUCCESS } else { usage }.into();
        }
    };
    // Installed before any request, so that no signal leaves a lock behind.
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            message::error(format_args!("can't install signal handlers: {error}"));
            return failed.into();
        }
    };
    let code = match cli.command {
        Command::WithLock(args) => with_lock::run(args, signals).await,
        Command::Lock(args) => calls::lock(args, signals).await,
        Command::Unlock(args) => calls::unlock(args, signals).await,
        Command::Restore(args) => calls::restore(args, signals).await,
        Command::Completions { shell } => print(|page| {
            clap_complete::generate(shell, &mut Cli::command(), "llmobs-datasets", page);
            Ok(())
        }),
        Command::Man { subcommand } => print(|page| manual(subcommand.as_deref(), page)),
    };
    code.into()
}

fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> u8 {
    let mut page = Vec::new();
    let written = write(&mut page).is_ok() && message::print(&String::from_utf8_lossy(&page));
    if written { exit::SUCCESS } else { exit::FAILED }
}

/// The manual page of a subcommand, or of the program.
fn manual(subcommand: Option<&str>, page: &mut Vec<u8>) -> io::Result<()> {
    let mut cli = Cli::command();
    // `build` sets the names of the subcommands.
    cli.build();
    let command = subcommand.and_then(|name| cli.find_subcommand(name));
    let command = command.unwrap_or(&cli).clone();
    clap_mangen::Man::new(command).render(page)
}
