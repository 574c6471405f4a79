//! The command line of `cargo xtask codegen`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// The generated module [default: generated-client/src/generated.rs in the workspace].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --check: the generated code is fresh
  1  with --check: the generated code is stale
  2  bad input or usage; nothing was written";

fn main() -> ExitCode {
    let args = Args::parse();
    let default = Paths::default();
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
                eprintln!("{error}");
            } else {
                eprintln!(
                    "error: the output can't be written: {error}\n  help: check where the output goes"
                );
            }
            ExitCode::from(2)
        }
    }
}
