//! For a comment on a pull request: the summary first, what breaks first, long lists folded.

use super::{Report, operations};
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};

/// Longer lists are folded.
const LONG: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let mut out = format!(
        "### Spec diff: {}\n\n`{}` → `{}`\n",
        report.headline(),
        report.base,
        report.revision
    );
    let sections = [
        ("Breaking", Wire::Breaking),
        ("Non-breaking", Wire::NonBreaking),
        ("Rust only, the wire is the same", Wire::None),
        ("Words only", Wire::Docs),
    ];
    for (title, wire) in sections {
        let of_kind = |accepted: bool| -> Vec<&Change> {
            let changes = report.changes.iter();
            changes
                .filter(|it| it.rule.wire == wire && it.accepted.is_some() == accepted)
                .collect()
        };
        section(&mut out, title, &of_kind(false), wire == Wire::Docs);
        section(
            &mut out,
            &format!("{title}, accepted"),
            &of_kind(true),
            false,
        );
    }
    if let Some(why) = &report.rust_unknown {
        out.push_str("\nWhat this means for Rust code is not known: ");
        out.push_str(&prose(why));
        out.push('\n');
    }
    out
}

fn section(out: &mut String, title: &str, changes: &[&Change], fold: bool) {
    if changes.is_empty() {
        return;
    }
    let fold = fold || changes.len() > LONG;
    let count = changes.len().to_string();
    if fold {
        out.extend([
            "\n<details><summary>",
            title,
            " (",
            &count,
            ")</summary>\n\n",
        ]);
    } else {
        out.extend(["\n**", title, "**\n\n"]);
    }
    for change in changes {
        item(out, change);
    }
    if fold {
        out.push_str("\n</details>\n");
    }
}

fn item(out: &mut String, change: &Change) {
    let mut lines = vec![format!("- {}", prose(&change.message))];
    lines.extend(
        change
            .accepted
            .iter()
            .map(|why| format!("  - accepted: {}", prose(why))),
    );
    if change.rule.wire != Wire::None {
        lines.extend(
            change
                .rust_items
                .iter()
                .map(|item| format!("  - in Rust: {}", prose(item))),
        );
    }
    if change.rust == Rust::Unknown {
        lines.push("  - in Rust: not known".to_owned());
    }
    let line = change
        .revision
        .place
        .map(|place| format!("line {}, ", place.line))
        .unwrap_or_default();
    let operations = match operations(change) {
        names if names.is_empty() => String::new(),
        names => format!(" of {}", prose(&names)),
    };
    lines.push(format!(
        "  - <sub>{line}`{}`{operations}: {}</sub>",
        change.rule.id, change.rule.why
    ));
    out.push_str(&lines.join("\n"));
    out.push('\n');
}

/// A text in which only code spans are marked up, whatever was in the spec.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let balanced = parts.len() % 2 == 1;
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        if index % 2 == 1 && (balanced || !is_last) {
            out.extend(["`", part, "`"]);
            continue;
        }
        for c in part.chars() {
            if matches!(
                c,
                '\\' | '<' | '>' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '@' | '&'
            ) {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}
