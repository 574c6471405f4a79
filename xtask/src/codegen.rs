//! `cargo xtask codegen`: the program `xtask-codegen`, which alone needs progenitor.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use xtask_spec::{BadInput, workspace};

/// Runs the program with arguments, and ends as it does.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let status = command().args(args).status().map_err(|error| {
        let message = format!("can't be started: {error}");
        BadInput::new("cargo", None, &message, "install Rust, or set CARGO")
    })?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::from(2), ExitCode::from))
}

/// The program, built first if it has to be.
pub(crate) fn command() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Not by `--package`: with the features that a plain `cargo build` or `cargo test` of the
    // workspace gives its dependencies, so that these are not built a second time.
    let arguments = "run --quiet --bin xtask-codegen --manifest-path";
    command
        .args(arguments.split(' '))
        .arg(workspace::root().join("Cargo.toml"))
        .arg("--");
    command
}
