//! For a terminal. Colours are taken out again where the output isn't one, or `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};

use super::outcome::{Report, notes, operations, verdict};
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Location};

pub(super) fn render(report: &Report) -> String {
    let bold = Style::new().bold();
    let mut lines = vec![
        format!("{} → {}", report.base, report.revision),
        format!("{bold}{}{bold:#}", report.headline()),
    ];
    for change in &report.changes {
        lines.push(String::new());
        lines.extend(of_change(report, change));
    }
    if let Some(why) = &report.rust_unknown {
        lines.push(String::new());
        lines.push(format!("Rust code: unknown, because {why}"));
    }
    lines.join("\n") + "\n"
}

fn of_change(report: &Report, change: &Change) -> Vec<String> {
    let dim = Style::new().dimmed();
    let style = match (change.rule.wire, &change.accepted) {
        (_, Some(_)) | (Wire::None, _) => Style::new(),
        (Wire::Breaking, None) => AnsiColor::Red.on_default().bold(),
        (Wire::NonBreaking, None) => AnsiColor::Yellow.on_default(),
        (Wire::Docs, None) => dim,
    };
    let (rule, operations) = (change.rule, operations(change));
    // A change of the document as a whole has no operation at the end of its first line.
    let head = format!(
        "{style}{}{style:#}  {}  {operations}",
        verdict(change),
        rule.id
    );
    let mut lines = vec![head.trim_end().to_owned(), format!("  {}", change.message)];
    lines.extend(notes(change).iter().map(|note| format!("  {note}")));
    let place = |file: &str, Location { pointer, place }: &Location| {
        let line = place.map(|place| format!(":{}", place.line));
        format!(
            "  {dim}{file}{} #{pointer}{dim:#}",
            line.unwrap_or_default()
        )
    };
    lines.push(place(&report.file, &change.revision));
    if change.base.pointer != change.revision.pointer {
        lines.push(place(&report.base_file, &change.base));
    }
    if rule.wire == Wire::Breaking {
        lines.push(format!("  {dim}{}{dim:#}", rule.why));
    }
    lines
}
