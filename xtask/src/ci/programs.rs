//! The programs that steps run.

use std::error::Error;

use xshell::{Cmd, Shell, cmd};

/// The result of a step.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Runs cargo with arguments that have no spaces in them.
pub(super) fn cargo(shell: &Shell, arguments: &str) -> Result {
    let arguments = arguments.split_whitespace();
    Ok(cmd!(shell, "cargo {arguments...}").run()?)
}

/// Runs a command whose program may not be installed.
pub(super) fn optional(shell: &Shell, command: &str) -> Result {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.split_first() {
        Some((tool, arguments)) if is_installed(shell, tool) => {
            cmd!(shell, "{tool} {arguments...}").run()?;
        }
        _ => println!("skipped, its program is not installed: {command}"),
    }
    Ok(())
}

pub(super) fn is_installed(shell: &Shell, tool: &str) -> bool {
    succeeds(cmd!(shell, "{tool} --version"))
}

/// Whether native-tls can be built: elsewhere than on Linux it needs no library of its own.
pub(super) fn has_openssl(shell: &Shell) -> bool {
    !cfg!(target_os = "linux") || succeeds(cmd!(shell, "pkg-config --exists openssl"))
}

fn succeeds(command: Cmd<'_>) -> bool {
    let silent = command.quiet().ignore_stdout().ignore_stderr();
    silent.run().is_ok()
}
