//! What makes a document one of OpenAPI 3.0.

use crate::document::Document;
use crate::finding::{BadInput, Finding};

/// The HTTP methods that a Path Item Object has fields for.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Checks that a document says it is OpenAPI 3.0.
pub fn version(document: &Document) -> Result<(), BadInput> {
    let refuse = |pointer: &str, message: String| {
        let remedy = "write an OpenAPI 3.0 document, with `openapi: 3.0.3`";
        Err(document.refused(&[Finding::new(pointer, message, remedy)]))
    };
    let root = &document.root;
    match (root.get("openapi"), root.get("swagger")) {
        (Some(version), _) if version.text().is_some_and(|it| it.starts_with("3.0.")) => Ok(()),
        (Some(version), _) => refuse(
            "/openapi",
            format!("is OpenAPI {}; only 3.0 is supported", version.to_value()),
        ),
        (None, Some(version)) => refuse(
            "/swagger",
            format!(
                "is Swagger (OpenAPI {}); only 3.0 is supported",
                version.to_value()
            ),
        ),
        (None, None) => refuse(
            "",
            "is not an OpenAPI document: it has no `openapi` field".to_owned(),
        ),
    }
}
