//! The rule `date-time-parameter-as-text`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xtask_spec::{Operation, Spec};

/// progenitor writes the time of a path or a header as `Display` does, `2024-01-15 10:30:00 UTC`, and not in
/// RFC 3339 (no issue yet). Such a parameter stays text. A query is written by serde, as it should be.
pub(super) fn keep_text(
    spec: &Spec<'_>,
    operations: &[Operation<'_>],
    value: &mut Value,
) -> Vec<String> {
    let mut changed = BTreeSet::new();
    for (_, parameter) in operations.iter().flat_map(|it| it.parameters(spec)) {
        let is_text = matches!(parameter.field("in"), Some("path" | "header"));
        let Some(schema) = spec.get(parameter, "schema").filter(|_| is_text) else {
            continue;
        };
        if schema.field("format") != Some("date-time") {
            continue;
        }
        let pointer = format!("{}/schema", spec.document().pointer(parameter.id));
        // A component may also be used where it is written as it should be.
        let mut text = schema.to_value();
        if let (Some(target), Some(fields)) = (value.pointer_mut(&pointer), text.as_object_mut()) {
            fields.remove("format");
            fields.insert("type".to_owned(), json!("string"));
            text.sort_all_objects();
            *target = text;
            changed.insert(pointer);
        }
    }
    changed.into_iter().collect()
}
