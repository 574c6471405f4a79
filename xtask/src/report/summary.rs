//! The version that the changes ask for, and their lines for the changelog.

use super::Report;
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};

/// The number of a version that is to go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

fn bump(change: &Change) -> Bump {
    match (change.rule.wire, change.rust) {
        (Wire::Breaking, _) | (_, Rust::Breaking | Rust::Unknown) => Bump::Major,
        (Wire::NonBreaking, Rust::Compatible) => Bump::Minor,
        (Wire::Docs | Wire::None, Rust::Compatible) => Bump::Patch,
    }
}

pub(super) fn render(report: &Report) -> String {
    let most = report.changes.iter().map(bump).max().unwrap_or(Bump::None);
    let mut out = match most {
        Bump::None => "version: as it is\n",
        Bump::Patch => "version: patch\n",
        Bump::Minor => "version: minor\n",
        Bump::Major => "version: major (below 1.0, the second number)\n",
    }
    .to_owned();
    let sections = [
        ("Breaking", Bump::Major),
        ("Changed", Bump::Minor),
        ("Documentation", Bump::Patch),
    ];
    for (title, of) in sections {
        let mut lines: Vec<String> = report
            .changes
            .iter()
            .filter(|change| bump(change) == of)
            .map(line)
            .collect();
        lines.dedup();
        if !lines.is_empty() {
            out.extend(["\n### ", title, "\n\n"]);
            out.extend(lines);
        }
    }
    out
}

fn line(change: &Change) -> String {
    let reason = change.accepted.iter().map(|why| format!(" ({why})"));
    let operation = match change.operations.as_slice() {
        [] => String::new(),
        [alone] => format!("`{alone}`: "),
        [first, rest @ ..] => format!("`{first}` and {} more: ", rest.len()),
    };
    let items = match change.rule.wire {
        Wire::None => &[],
        _ => change.rust_items.as_slice(),
    };
    let rust = items
        .iter()
        .fold(String::new(), |all, item| all + "; " + item);
    format!(
        "- {operation}{}{rust}{}\n",
        change.message,
        reason.collect::<String>()
    )
}
