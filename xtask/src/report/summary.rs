//! The version bump that the changes require, and their changelog lines.

use super::outcome::{Report, cut};
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

/// The version bump that the changes require, and their changelog lines.
pub(crate) fn render(report: &Report) -> String {
    let most = report.changes.iter().map(bump).max().unwrap_or(Bump::None);
    let version = match most {
        Bump::None => "as it is",
        Bump::Patch => "patch",
        Bump::Minor => "minor",
        Bump::Major => "major (below 1.0, the second number)",
    };
    let mut out = format!("version: {version}\n");
    for (title, of) in [
        ("Breaking", Bump::Major),
        ("Changed", Bump::Minor),
        ("Documentation", Bump::Patch),
    ] {
        let changes = report.changes.iter().filter(|change| bump(change) == of);
        let mut lines: Vec<String> = changes.map(line).collect();
        lines.dedup();
        if !lines.is_empty() {
            out.extend(["\n### ", title, "\n\n", &lines.concat()]);
        }
    }
    out
}

fn line(change: &Change) -> String {
    let operation = match change.operations.as_slice() {
        [] => String::new(),
        [alone] => format!("`{alone}`: "),
        [first, rest @ ..] => format!("`{first}` and {} more: ", rest.len()),
    };
    // The message of a change in Rust only has them.
    let items = change
        .rust_items
        .iter()
        .filter(|_| change.rule.wire != Wire::None);
    let items = items.fold(String::new(), |all, item| all + "; " + item);
    let reason = change.accepted.as_ref().map(|why| format!(" ({why})"));
    let example = change.witness.as_ref();
    let example = example.map(|value| format!(", for example `{}`", cut(value)));
    let message = [&*change.message, &example.unwrap_or_default()].concat();
    format!(
        "- {operation}{message}{items}{}\n",
        reason.unwrap_or_default()
    )
}
