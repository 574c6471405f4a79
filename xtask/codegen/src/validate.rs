//! Whether a document can be used: a valid OpenAPI 3.0 document whose references, operations and
//! examples hold together, and that the generator can take.
//!
//! Each check reports all of its faults at once, and relies on the checks before it.

mod bodies;
mod descriptions;
mod examples;
mod expansion;
mod formats;
mod operations;
mod parameters;
mod references;
mod supported;
mod text;
pub(crate) mod types;

use xtask_spec::{BadInput, Document, Fault, Node, Spec};

/// Checks that a document is valid OpenAPI 3.0.
pub fn openapi(document: &Document) -> Result<Spec<'_>, BadInput> {
    let spec = Spec::valid(document)?;
    document.refuse(&text::check(spec.root()))?;
    document.refuse(&references::check(&spec))?;
    document.refuse(&operations::check(&spec))?;
    document.refuse(&examples::check(&spec))?;
    Ok(spec)
}

/// Checks that the generator can take a valid document.
pub fn generator(spec: &Spec<'_>) -> Result<(), BadInput> {
    spec.document().refuse(&supported::check(spec))?;
    finite(spec)
}

/// Checks that the generator comes to an end.
pub fn finite(spec: &Spec<'_>) -> Result<(), BadInput> {
    spec.document().refuse(&expansion::check(spec))
}

/// What is worth a warning: the code is right, but not all that it could be.
pub fn remarks(spec: &Spec<'_>) -> Vec<Fault> {
    let mut remarks = descriptions::missing(spec);
    remarks.extend(formats::of_strings(spec));
    remarks.sort();
    remarks
}

/// The faults at one place of those checks that are true: each with its message and remedy.
fn failed<'r>(
    site: &Node,
    checks: impl IntoIterator<Item = (bool, String, &'r str)>,
) -> Vec<Fault> {
    let failed = checks.into_iter().filter(|(is_failed, ..)| *is_failed);
    failed
        .map(|(_, message, remedy)| Fault::new(site.id, message, remedy))
        .collect()
}
