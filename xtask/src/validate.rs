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

use crate::document::Document;
use crate::finding::{BadInput, Finding};

/// Checks that a document is valid OpenAPI 3.0.
pub fn openapi(document: &Document) -> Result<(), BadInput> {
    let root = &document.root;
    refuse(document, &version(root))?;
    let structure = structure::Structure::of(root);
    refuse(document, &structure.findings)?;
    refuse(document, &references::check(root, &structure.references))?;
    refuse(document, &operations::check(root))?;
    refuse(
        document,
        &examples::check(root, &structure.schemas, &structure.described),
    )
}

/// Checks that the generator can take a document that is valid.
pub fn generator(document: &Document) -> Result<(), BadInput> {
    refuse(document, &generator::check(&document.root))
}

fn refuse(document: &Document, findings: &[Finding]) -> Result<(), BadInput> {
    if findings.is_empty() {
        Ok(())
    } else {
        Err(document.refused(findings))
    }
}

fn version(root: &Value) -> Vec<Finding> {
    let remedy = "write an OpenAPI 3.0 document, with `openapi: 3.0.3`";
    let finding = |pointer: &str, message: String| vec![Finding::new(pointer, message, remedy)];
    match (root.get("openapi"), root.get("swagger")) {
        (Some(Value::String(version)), _) if version.starts_with("3.0.") => Vec::new(),
        (Some(version), _) => finding(
            "/openapi",
            format!("is OpenAPI {version}; only 3.0 is supported"),
        ),
        (None, Some(version)) => finding(
            "/swagger",
            format!("is Swagger (OpenAPI {version}); only 3.0 is supported"),
        ),
        (None, None) => finding(
            "",
            "is not an OpenAPI document: it has no `openapi` field".to_owned(),
        ),
    }
}
