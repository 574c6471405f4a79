//! The command line of `cargo xtask`.

mod accepted;
mod code;
mod codegen;
mod diff;
mod inputs;
mod report;

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use xtask_diff::rules;

use self::diff::Options;
use self::report::{FailOn, Format};

/// The exit code for bad input and usage, as `clap` has it for usage.
const BAD_INPUT: u8 = 2;

/// The commands of this workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Cmd,
}

#[derive(Subcommand)]
enum Cmd {
    /// Generate the client crate from the OpenAPI spec.
    #[command(disable_help_flag = true)]
    Codegen {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Tell what a change of the OpenAPI spec means for those who use the client.
    #[command(after_help = DIFF_HELP)]
    Diff(DiffArgs),
}

const DIFF_HELP: &str = "\
BASE and REVISION are each a file, a git revision (main, HEAD~3, v0.2.0), REVISION:PATH,
or - for standard input. Breaking changes that are listed in openapi/accepted-changes.toml
are shown and don't count.

Exit codes:
  0  no change reaches the threshold of --fail-on
  1  a change reaches it
  2  bad input or usage";

#[derive(Args)]
struct DiffArgs {
    /// What it was [default: where the branch left the main branch, or HEAD].
    base: Option<String>,
    /// What it is [default: openapi/llm-obs-datasets.yaml in the working tree].
    revision: Option<String>,
    /// The form of the report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What is enough for exit code 1.
    #[arg(long, value_enum, default_value_t)]
    fail_on: FailOn,
    /// Print the version that the changes ask for and their lines for the changelog instead.
    #[arg(long, conflicts_with = "format")]
    summary: bool,
    /// The list of accepted changes [default: openapi/accepted-changes.toml, if REVISION is the
    /// spec of the working tree].
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Print the table of rules instead.
    #[arg(long, exclusive = true)]
    rules: bool,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Cmd::Codegen { args } => generate(&args),
        Cmd::Diff(args) => compare(args),
    }
}

/// The command is a program of its own, which is built when it is needed.
fn generate(args: &[OsString]) -> ExitCode {
    match codegen::command().args(args).status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            ExitCode::from(code.unwrap_or(BAD_INPUT))
        }
        Err(error) => {
            eprintln!("error: cargo can't be started: {error}\n  help: install Rust, or set CARGO");
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn compare(args: DiffArgs) -> ExitCode {
    if args.rules {
        return print(&rules::table(), ExitCode::SUCCESS);
    }
    let options = Options {
        base: args.base,
        revision: args.revision,
        accepted: args.accepted,
    };
    let report = match diff::run(&options) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(BAD_INPUT);
        }
    };
    let text = if args.summary {
        report.summary()
    } else {
        report.render(args.format)
    };
    let fails = report.fails(args.fail_on);
    print(&text, ExitCode::from(u8::from(fails)))
}

/// Prints, without colours where they are not wanted. A reader that has seen enough is no error.
fn print(text: &str, code: ExitCode) -> ExitCode {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!(
                "error: the report can't be written: {error}\n  help: check where the output goes"
            );
            ExitCode::from(BAD_INPUT)
        }
        _ => code,
    }
}
