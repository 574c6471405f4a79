//! For programs.

use serde_json::{Value, json};

use super::outcome::Report;
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Location, Rust};
use xtask_spec::is_harmful;

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
            "accepted": {
                "breaking": report.accepted(Wire::Breaking),
                "non-breaking": report.accepted(Wire::NonBreaking),
                "docs": report.accepted(Wire::Docs),
                "none": report.accepted(Wire::None),
            },
            "rust": report.rust().to_string(),
            "rust_breaking": report.number(|it| it.rust == Rust::Breaking),
            "rust_unknown": report.number(|it| it.rust == Rust::Unknown),
            "rust_unknown_because": report.rust_unknown,
        },
        "changes": changes,
    });
    // Both are in strings only, where an escape is the same character.
    let text = format!("{value:#}\n").replace("##", "#\\u0023");
    let escaped = text.chars().map(|c| match c {
        c if c != '\n' && is_harmful(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    escaped.collect()
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
