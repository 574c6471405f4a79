//! Where the generated code of a document comes from: from the repository, if the code that is checked in
//! is of this very document, else from the generator.

use std::io::Write as _;
use std::process::Stdio;

use sha2::{Digest as _, Sha256};

use crate::codegen;
use crate::inputs::Input;

/// The generated code of both documents.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn of(base: &Input, revision: &Input) -> Result<(String, String), String> {
    let checked_in = |input: &Input| {
        let code = input.generated.clone()?;
        is_of(&code, &input.document.text).then_some(code)
    };
    if let (Some(old), Some(new)) = (checked_in(base), checked_in(revision)) {
        return Ok((old, new));
    }
    // One after the other: the second finds the generator built.
    Ok((generate(base)?, generate(revision)?))
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
    let run = || {
        let mut child = codegen::command()
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
    match String::from_utf8_lossy(&output.stderr).trim() {
        "" => Err(no_code(&format!(
            "the generator ended with {}",
            output.status
        ))),
        message => Err(no_code(message)),
    }
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
