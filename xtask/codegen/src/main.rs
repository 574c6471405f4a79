//! The command line of `cargo xtask codegen`.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output, Stdio};

use clap::Parser;
use xtask_codegen::{Mode, Outcome, Paths};
use xtask_spec::BadInput;

/// Generate the client crate from the OpenAPI spec.
#[derive(Parser)]
#[command(bin_name = "cargo xtask codegen", after_help = EXIT_CODES)]
struct Args {
    /// Write nothing; fail with the difference if the generated code is not what the spec gives.
    #[arg(long, conflicts_with = "emit_lowered")]
    check: bool,
    /// Print the rewritten spec that progenitor receives, in JSON; write nothing.
    #[arg(long)]
    emit_lowered: bool,
    /// Print the generated code, also of a spec that fails the checks; write nothing.
    #[arg(long, conflicts_with_all = ["check", "emit_lowered", "output"])]
    emit_code: bool,
    /// The spec, or - for standard input [default: openapi/llm-obs-datasets.yaml in the workspace].
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The generated module, a regular file or a link to one; required with the spec of another
    /// service [default: generated-client/src/generated.rs in the workspace].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --check: the generated code is fresh
  1  with --check: the generated code is stale
  2  bad input or usage, or a spec that the generator can't take within 60 seconds;
     nothing was written";

/// Set for the process that does the work.
const WORKER: &str = "XTASK_CODEGEN_WORKER";

/// A generator that overflows its stack ends its process, which a second process reports.
fn main() -> ExitCode {
    let worker = || -> io::Result<Output> {
        let mut command = Command::new(env::current_exe()?);
        let command = command.args(env::args_os().skip(1)).env(WORKER, "");
        command.stderr(Stdio::piped()).spawn()?.wait_with_output()
    };
    if env::var_os(WORKER).is_some() {
        return work();
    }
    let Ok(worker) = worker() else {
        return work();
    };
    match worker.status.code().and_then(|it| u8::try_from(it).ok()) {
        Some(code @ 0..=2) => {
            // Nobody is left to hear of an error of this.
            let _ = io::stderr().write_all(&worker.stderr);
            ExitCode::from(code)
        }
        _ => report(&BadInput::new(
            "the spec",
            None,
            &format!("the generator crashed ({})", worker.status),
            "simplify schemas that combine or nest each other: `allOf`, `oneOf`, `anyOf`",
        )),
    }
}

fn report(error: &dyn Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

fn work() -> ExitCode {
    let args = Args::parse();
    let default = Paths::default();
    let is_foreign = |spec: &PathBuf| spec.canonicalize().ok() != default.spec.canonicalize().ok();
    let reads_output = !args.emit_lowered && !args.emit_code;
    if reads_output && args.output.is_none() && args.spec.as_ref().is_some_and(is_foreign) {
        return report(&BadInput::new(
            "--spec",
            None,
            "names another spec than the workspace's, but the output is the workspace's",
            "add `--output FILE`",
        ));
    }
    let paths = Paths {
        spec: args.spec.unwrap_or(default.spec),
        generated: args.output.unwrap_or(default.generated),
    };
    let mode = match (args.check, args.emit_lowered, args.emit_code) {
        (true, ..) => Mode::Check,
        (_, true, _) => Mode::EmitLowered,
        (_, _, true) => Mode::EmitCode,
        _ => Mode::Write,
    };
    match xtask_codegen::run(&paths, mode, &mut io::stdout().lock()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Stale) => {
            eprintln!("error: the generated code is stale\n  help: run `cargo xtask codegen`");
            ExitCode::from(1)
        }
        Err(error) => {
            if error.is::<BadInput>() {
                return report(&*error);
            }
            let message = format!("can't be written: {error}");
            let remedy = "check where the output goes";
            report(&BadInput::new("the output", None, &message, remedy))
        }
    }
}
