//! The command line of `cargo xtask`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::generator;

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
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Cmd::Codegen { args } => codegen(&args),
    }
}

/// The command has a package of its own, which is built when it is needed.
fn codegen(args: &[OsString]) -> ExitCode {
    match generator::command().args(args).status() {
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
