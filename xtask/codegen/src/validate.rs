//! Whether a document can be used: a valid OpenAPI 3.0 document whose references, operations and
//! examples hold together, and that the generator can take.
//!
//! Each check tells all of its faults at once, and relies on the checks before it.

mod examples;
mod generator;
mod object_model;
mod operations;
mod references;
mod structure;

use serde_json::Value;

use xtask_spec::document::Document;
use xtask_spec::finding::{BadInput, Finding};
use xtask_spec::openapi;

/// Checks that a document, whose value is `root`, is valid OpenAPI 3.0.
pub fn openapi(document: &Document, root: &Value) -> Result<(), BadInput> {
    openapi::version(document)?;
    let structure = structure::Structure::of(root);
    refuse(document, &structure.findings)?;
    refuse(document, &references::check(root, &structure.references))?;
    refuse(document, &operations::check(root))?;
    refuse(
        document,
        &examples::check(root, &structure.schemas, &structure.described),
    )
}

/// Checks that the generator can take a document that is valid, and whose value is `root`.
pub fn generator(document: &Document, root: &Value) -> Result<(), BadInput> {
    refuse(document, &generator::check(root))
}

fn refuse(document: &Document, findings: &[Finding]) -> Result<(), BadInput> {
    if findings.is_empty() {
        Ok(())
    } else {
        Err(document.refused(findings))
    }
}
