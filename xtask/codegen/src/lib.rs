//! `cargo xtask codegen`, and all that knows progenitor.
//!
//! `xtask_spec` reads the spec, [`validate`] checks it, and [`lower`](mod@lower) adapts it to progenitor.
//! [`generate`] turns it into code, [`bounded`] in time and stack; [`requests`] splits each method into building and
//! sending, and [`docs`] adds missing docs. [`check`] refuses code that wouldn't compile, and [`output`] writes it.
//! A [`refusal`] gets its place in the spec from `culprit`. `sides`, `inner` and `alternatives` look at schemas
//! for both `validate` and `lower`.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `xtask_spec::fault` describes it"
)]

mod alternatives;
pub mod bounded;
pub mod check;
mod culprit;
pub mod docs;
pub mod generate;
mod inner;
pub mod lower;
pub mod output;
pub mod refusal;
pub mod requests;
mod sides;
pub mod validate;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use xtask_spec::{BadInput, Document, Spec, workspace};

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
    let document = if paths.spec == Path::new("-") {
        Document::from_stdin()?
    } else {
        Document::read(&paths.spec)?
    };
    if mode == Mode::EmitCode {
        let spec = Spec::new(&document)?;
        validate::finite(&spec)?;
        let lowered = lower::lower(&spec);
        let code = generate::body(&document, &lowered)?;
        out.write_all(code.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let lowered = lower(&document)?;
    if mode == Mode::EmitLowered {
        serde_json::to_writer_pretty(&mut *out, &lowered.spec)?;
        writeln!(out)?;
        return Ok(Outcome::Done);
    }
    let code = generate::generate(&document, &lowered)?;
    let name = workspace::name(&paths.generated);
    let unusable = |error: io::Error| {
        BadInput::new(
            &name,
            None,
            &format!("can't be used for the generated code: {error}"),
            "name a regular file in a folder that can be written",
        )
    };
    let generated = output::target(&paths.generated).map_err(unusable)?;
    let diff = output::difference(&generated, &name, &code).map_err(unusable)?;
    match &diff {
        Some(diff) if mode == Mode::Check => out.write_all(diff.as_bytes())?,
        Some(_) => output::write(&generated, &code).map_err(unusable)?,
        None => {}
    }
    for remark in validate::remarks(&Spec::new(&document)?) {
        let remark = document.refused(&remark).to_string();
        eprintln!("{}", remark.replacen("error", "warning", 1));
    }
    Ok(if diff.is_some() && mode == Mode::Check {
        Outcome::Stale
    } else {
        Outcome::Done
    })
}

/// Checks a document and lowers it.
///
/// # Errors
///
/// What is wrong with the document, for people or for the generator.
pub fn lower(document: &Document) -> Result<Lowered, BadInput> {
    let spec = validate::openapi(document)?;
    validate::generator(&spec)?;
    Ok(lower::lower(&spec))
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
