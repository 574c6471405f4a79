//! The command line of `cargo xtask codegen`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use xtask::codegen::{self, Mode, Outcome, Paths};
use xtask::finding::BadInput;

/// Generate the client crate from the OpenAPI spec.
#[derive(Parser)]
#[command(bin_name = "cargo xtask codegen", after_help = EXIT_CODES)]
struct Args {
    /// Write nothing; fail with the difference if the generated code is not what the spec gives.
    #[arg(long, conflicts_with = "emit_lowered")]
    check: bool,
    /// Print the spec as the generator is given it, in JSON; write nothing.
    #[arg(long)]
    emit_lowered: bool,
    /// Print the generated code of the spec on standard input; write nothing.
    #[arg(long, hide = true, conflicts_with_all = ["check", "emit_lowered", "spec", "output"])]
    emit_code: bool,
    /// The spec [default: openapi/llm-obs-datasets.yaml in the workspace].
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
    let mode = match (args.check, args.emit_lowered) {
        (true, _) => Mode::Check,
        (_, true) => Mode::EmitLowered,
        _ => Mode::Write,
    };
    let mut out = io::stdout().lock();
    let outcome = if args.emit_code {
        codegen::emit_code(&mut io::stdin().lock(), &mut out)
    } else {
        codegen::run(&paths, mode, &mut out)
    };
    match outcome {
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
