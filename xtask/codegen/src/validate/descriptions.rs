//! What has no description, and so no docs in Rust.

use xtask_spec::{Fault, Operation, Spec};

/// Parts of the spec whose code the lint `missing_docs` will refuse.
pub(super) fn missing(spec: &Spec<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut remark = |node: &xtask_spec::Node, what: String| {
        let message = format!("{what} has no description");
        faults.push(Fault::new(
            node.id,
            message,
            "add a `description`; it becomes the docs in Rust",
        ));
    };
    for Operation { node, .. } in Operation::all(spec) {
        if node.get("description").is_none() && node.get("summary").is_none() {
            remark(node, "the operation".to_owned());
        }
    }
    for schema in spec.schemas() {
        for (name, property) in schema.map("properties") {
            // A reference gets the docs of its target.
            if property.reference().is_none() && property.get("description").is_none() {
                remark(property, format!("the property `{name}`"));
            }
        }
    }
    faults
}
