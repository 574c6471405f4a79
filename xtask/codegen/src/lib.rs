//! `cargo xtask codegen`, and all that knows progenitor.
//!
//! The way of the data: [`document`](xtask_spec::document) reads the spec, [`validate`] checks it,
//! [`lower`](mod@lower) adapts it to progenitor, [`generate`] makes code of it, with [`docs`] where there
//! were none, and [`output`] puts the code in its place. [`operations`] and [`schema`] are how they find
//! their way in a document.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `xtask_spec::finding` describes it"
)]

pub mod docs;
pub mod generate;
pub mod lower;
pub mod operations;
pub mod output;
pub mod schema;
pub mod validate;

use std::error::Error;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use xtask_spec::document::Document;
use xtask_spec::finding::BadInput;
use xtask_spec::workspace;

use self::lower::Lowered;

/// What a run is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write the generated code, if what is there isn't fresh.
    Write,
    /// Write nothing; print the difference to what should be there.
    Check,
    /// Print the spec that the generator is given.
    EmitLowered,
    /// Print the code that the generator makes of the spec, for those who compare it: the checks that
    /// make a spec a good one are left out, because a spec that fails them may have its code all the same.
    EmitCode,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is done, and as it should be.
    Done,
    /// The generated code is not what the spec gives, and was left so.
    Stale,
}

/// The files of a run.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The spec.
    pub spec: PathBuf,
    /// The generated module.
    pub generated: PathBuf,
}

impl Default for Paths {
    /// Those of this workspace.
    fn default() -> Self {
        Self {
            spec: workspace::spec(),
            generated: workspace::generated(),
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// [`BadInput`] for a spec or a path that can't be used, and the error of `out`. No file is changed.
pub fn run(paths: &Paths, mode: Mode, out: &mut dyn Write) -> Result<Outcome, Box<dyn Error>> {
    let document = read(&paths.spec)?;
    if mode == Mode::EmitCode {
        let lowered = lower::lower(&document.value());
        let code = generate::body(&lowered).map_err(|finding| document.refused(&[finding]))?;
        out.write_all(code.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let lowered = lower(&document)?;
    if mode == Mode::EmitLowered {
        serde_json::to_writer_pretty(&mut *out, &lowered.spec)?;
        writeln!(out)?;
        return Ok(Outcome::Done);
    }
    let code =
        generate::generate(&document, &lowered).map_err(|finding| document.refused(&[finding]))?;
    let name = workspace::name(&paths.generated);
    let unusable = |error: io::Error| {
        BadInput::new(
            &name,
            None,
            &format!("can't be used for the generated code: {error}"),
            "name a file in a folder that can be written",
        )
    };
    let Some(diff) = output::difference(&paths.generated, &name, &code).map_err(unusable)? else {
        return Ok(Outcome::Done);
    };
    if mode == Mode::Check {
        out.write_all(diff.as_bytes())?;
        return Ok(Outcome::Stale);
    }
    output::write(&paths.generated, &code).map_err(unusable)?;
    Ok(Outcome::Done)
}

/// Reads a spec: a file, or `-` for standard input.
fn read(spec: &Path) -> Result<Document, BadInput> {
    if spec != Path::new("-") {
        return Document::read(spec);
    }
    let name = "standard input";
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| {
            let message = format!("can't be read: {error}");
            BadInput::new(name, None, &message, "pipe a spec into it")
        })?;
    Document::from_bytes(name.to_owned(), bytes)
}

/// Checks a document and lowers it.
///
/// # Errors
///
/// What is wrong with the document, for people or for the generator.
pub fn lower(document: &Document) -> Result<Lowered, BadInput> {
    let root = document.value();
    validate::openapi(document, &root)?;
    validate::generator(document, &root)?;
    Ok(lower::lower(&root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_code_is_fresh() {
        let mut diff = Vec::new();
        let outcome = run(&Paths::default(), Mode::Check, &mut diff).unwrap();
        assert_eq!(
            outcome,
            Outcome::Done,
            "the generated code is stale; run `cargo xtask codegen`\n{}",
            String::from_utf8_lossy(&diff)
        );
    }
}
