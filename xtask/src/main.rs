//! The commands of this workspace. What they do is in the library of the same name.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use xtask::codegen::{self, Mode, Outcome, Paths};

/// The commands of this workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the client crate from the OpenAPI spec.
    #[command(after_help = CODEGEN_EXIT_CODES)]
    Codegen(CodegenArgs),
}

const CODEGEN_EXIT_CODES: &str = "\
Exit codes:
  0  done; with --check: the generated code is fresh
  1  with --check: the generated code is stale
  2  bad input or usage; nothing was written";

#[derive(Args)]
struct CodegenArgs {
    /// Write nothing; fail with the difference if the generated code is not what the spec gives.
    #[arg(long, conflicts_with = "emit_lowered")]
    check: bool,
    /// Print the spec as the generator is given it, in JSON; write nothing.
    #[arg(long)]
    emit_lowered: bool,
    /// The spec [default: openapi/llm-obs-datasets.yaml in the workspace].
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The generated module [default: generated-client/src/generated.rs in the workspace].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Codegen(args) => codegen(args),
    }
}

fn codegen(args: CodegenArgs) -> ExitCode {
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
    match codegen::run(&paths, mode, &mut io::stdout().lock()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Stale) => {
            eprintln!("error: the generated code is stale\n  help: run `cargo xtask codegen`");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
