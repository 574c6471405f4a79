//! The version bump that the changes require, and their changelog lines.

use std::cmp::Reverse;

use super::outcome::{Report, cut, title};
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
pub(super) fn render(report: &Report) -> String {
    let unknown = report.rust_unknown.iter().map(|_| Bump::Major);
    let bumps = report.changes.iter().map(bump).chain(unknown);
    let version = match bumps.max().unwrap_or(Bump::None) {
        Bump::None => "unchanged",
        Bump::Patch => "patch",
        Bump::Minor => "minor (below 1.0: patch)",
        Bump::Major => "major (below 1.0: minor)",
    };
    let mut out = format!("version: {version}\nchanges: {}\n", report.headline());
    if let Some(why) = &report.rust_unknown {
        out.extend(["Rust code: unknown, because ", why, "\n"]);
    }
    let mut changes: Vec<&Change> = report.changes.iter().collect();
    changes.sort_by_key(|change| Reverse(bump(change)));
    let mut lines: Vec<String> = changes.into_iter().map(line).collect();
    lines.dedup();
    if !lines.is_empty() {
        // The heading of the changelog for changes to the service.
        out.extend(["\n### API\n\n", &lines.concat()]);
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
        "- {}: {operation}{message}{items}{}\n",
        title(change),
        reason.unwrap_or_default()
    )
}
