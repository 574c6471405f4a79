//! Workflow commands that GitHub shows at the lines of the spec.

use super::outcome::{Report, notes, operations, verdict};
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};

pub(super) fn render(report: &Report) -> String {
    let commands = report.changes.iter();
    commands
        .map(|change| command(&report.file, change))
        .chain([format!("spec diff: {}\n", report.headline())])
        .collect()
}

fn command(file: &str, change: &Change) -> String {
    let level = match (change.rule.wire, change.rust, &change.accepted) {
        (_, _, Some(_)) => "notice",
        (Wire::Breaking, ..) => "error",
        (_, Rust::Breaking | Rust::Unknown, None) => "warning",
        _ => "notice",
    };
    let place = change.revision.place;
    let place = place
        .map(|place| format!(",line={},col={}", place.line, place.column))
        .unwrap_or_default();
    let title = format!("{}: {}", verdict(change), change.rule.id);
    let mut message = match operations(change) {
        names if names.is_empty() => change.message.clone(),
        names => format!("{names}: {}", change.message),
    };
    for note in notes(change) {
        message.extend(["\n", &note]);
    }
    format!(
        "::{level} file={}{place},title={}::{}\n",
        property(file),
        property(&title),
        data(&message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
