//! The program `xtask-codegen`, which alone needs progenitor: as `cargo xtask codegen`, and for the generated
//! code that `cargo xtask diff` compares.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::resume_unwind;
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread;

use sha2::{Digest as _, Sha256};
use xtask_spec::{BadInput, plain, workspace};

use crate::inputs::Input;

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

/// The generated code of both documents.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn code(base: &Input, revision: &Input) -> Result<(String, String), String> {
    let checked_in = |input: &Input| {
        let code = input.generated.clone()?;
        is_of(&code, &input.document.text).then_some(code)
    };
    if let (Some(old), Some(new)) = (checked_in(base), checked_in(revision)) {
        return Ok((old, new));
    }
    let (old, new) = thread::scope(|scope| {
        let old = scope.spawn(|| generate(base));
        let new = generate(revision);
        (old.join().unwrap_or_else(|panic| resume_unwind(panic)), new)
    });
    Ok((old?, new?))
}

/// Whether generated code says that it was made of a text.
fn is_of(code: &str, text: &str) -> bool {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    let line = format!("// spec sha256: {hash}");
    code.lines()
        .take_while(|it| it.starts_with("//"))
        .any(|it| it == line)
}

fn generate(input: &Input) -> Result<String, String> {
    let run = || -> io::Result<Output> {
        let mut child = command()
            .args(["--spec", "-", "--emit-code"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // A generator that doesn't read all of it says why.
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(input.document.text.as_bytes());
        }
        child.wait_with_output()
    };
    let no_code = |why: &str| format!("{} has no generated code: {why}", input.document.name);
    let output = run().map_err(|error| no_code(&format!("cargo can't be started: {error}")))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| no_code(&error.to_string()));
    }
    let message = plain(&String::from_utf8_lossy(&output.stderr));
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(match message.trim_start_matches("error: ") {
        "" => no_code(&format!("the generator ended with {}", output.status)),
        message => no_code(message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_known_by_the_hash_of_its_spec() {
        let hash = hex::encode(Sha256::digest("a: 1\n"));
        let code = format!("// @generated\n// spec sha256: {hash}\n\npub struct A;\n");
        assert!(is_of(&code, "a: 1\n"));
        assert!(!is_of(&code, "a: 1\n "));
    }
}
