//! The program `xtask-codegen`, which alone needs progenitor.

use std::env;
use std::process::Command;

use xtask_spec::workspace;

/// The program, built first if it has to be.
pub(crate) fn command() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Not by `--package`: with the features that a plain `cargo build` or `cargo test` of the
    // workspace gives its dependencies, so that these are not built a second time.
    command
        .args([
            "run",
            "--quiet",
            "--bin",
            "xtask-codegen",
            "--manifest-path",
        ])
        .arg(workspace::root().join("Cargo.toml"))
        .arg("--");
    command
}
