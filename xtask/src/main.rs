//! The command line of `cargo xtask`.

mod accepted;
mod ci;
mod codegen;
mod diff;
mod inputs;
mod report;

use std::error::Error;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use xtask_diff::rules;
use xtask_spec::BadInput;

use self::ci::Step;
use self::report::{FailOn, Format};

/// The exit code for bad input and usage, as `clap` has it for usage.
const BAD_INPUT: u8 = 2;

/// Development tasks for this workspace.
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
    /// Report how a change to the OpenAPI spec affects users of the client.
    #[command(after_help = DIFF_HELP)]
    Diff(DiffArgs),
    /// Run what must hold on main.
    Ci {
        /// The steps [default: all, in this order].
        #[arg(value_enum, value_name = "STEP")]
        steps: Vec<Step>,
    },
}

const DIFF_HELP: &str = "\
BASE and REVISION are each a file, a git revision (main, HEAD~3, v0.2.0), REVISION:PATH,
or - for standard input. Breaking changes that are listed in openapi/accepted-changes.toml
are shown last and don't count.

Exit codes:
  0  no change reaches the threshold of --fail-on
  1  a change reaches it; for rust-breaking, also if nothing is known of the generated code
  2  bad input or usage";

#[derive(Args)]
struct DiffArgs {
    #[command(flatten)]
    options: diff::Options,
    /// Format of the report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with code 1 on changes of at least this severity.
    #[arg(long, value_enum, default_value_t)]
    fail_on: FailOn,
    /// Print the version bump and changelog lines instead of the report.
    #[arg(long, conflicts_with = "format")]
    summary: bool,
    /// Print the table of rules.
    #[arg(long, exclusive = true)]
    rules: bool,
}

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Cmd::Codegen { args } => codegen::run(&args),
        Cmd::Diff(args) => compare(args),
        Cmd::Ci { steps } => ci::run(&steps).map(|()| ExitCode::SUCCESS),
    };
    ended.unwrap_or_else(|error| {
        if error.is::<BadInput>() {
            eprintln!("{error}");
            return ExitCode::from(BAD_INPUT);
        }
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn compare(args: DiffArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (text, fails) = if args.rules {
        (rules::table(), false)
    } else {
        let mut report = diff::run(args.options)?;
        report.sort(args.fail_on);
        let text = if args.summary {
            report::summary(&report)
        } else {
            report::render(&report, args.format)
        };
        (text, report.fails(args.fail_on))
    };
    // Colours are left out where they are not wanted. A reader that has seen enough is no error.
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("can't be written: {error}");
            Err(BadInput::new("the report", None, &message, "check where the output goes").into())
        }
        _ => Ok(ExitCode::from(u8::from(fails))),
    }
}
