//! For programs.

use serde_json::{Value, json};

use super::outcome::Report;
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Location};

pub(super) fn render(report: &Report) -> String {
    let changes: Vec<Value> = report.changes.iter().map(of_change).collect();
    let value = json!({
        "base": report.base,
        "revision": report.revision,
        "summary": {
            "breaking": report.count(Wire::Breaking),
            "non-breaking": report.count(Wire::NonBreaking),
            "docs": report.count(Wire::Docs),
            "none": report.count(Wire::None),
            "accepted": report.accepted(),
            "rust": report.rust().to_string(),
            "rust_unknown_because": report.rust_unknown,
        },
        "changes": changes,
    });
    format!("{value:#}\n")
}

fn of_change(change: &Change) -> Value {
    json!({
        "rule": change.rule.id,
        "level": change.rule.wire.to_string(),
        "rust": change.rust.to_string(),
        "operation": match change.operations.as_slice() {
            [] => Value::Null,
            operations => Value::from(operations.join(", ")),
        },
        "operations": change.operations,
        "messages": change.uses,
        "location": {
            "base": location(&change.base),
            "revision": location(&change.revision),
        },
        "message": change.message,
        "why": change.rule.why,
        "example": change.witness,
        "rust_items": change.rust_items,
        "accepted": change.accepted,
    })
}

fn location(location: &Location) -> Value {
    json!({
        "pointer": format!("#{}", location.pointer),
        "line": location.place.map(|place| place.line),
        "column": location.place.map(|place| place.column),
    })
}
