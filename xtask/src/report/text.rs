//! For a terminal. Colours are taken out again where the output isn't one, or `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};

use super::{Report, operations};
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};

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
        lines.push(format!("what it means for Rust code is not known: {why}"));
    }
    lines.join("\n") + "\n"
}

fn of_change(report: &Report, change: &Change) -> Vec<String> {
    let dim = Style::new().dimmed();
    let style = match (change.rule.wire, &change.accepted) {
        (_, Some(_)) | (Wire::None, _) => Style::new(),
        (Wire::Breaking, None) => AnsiColor::Red.on_default().bold(),
        (Wire::NonBreaking, None) => AnsiColor::Yellow.on_default(),
        (Wire::Docs, None) => AnsiColor::Cyan.on_default(),
    };
    let mut lines = vec![format!(
        "{style}{}{style:#}  {}  {}",
        change.rule.wire,
        change.rule.id,
        operations(change)
    )];
    lines.push(format!("  {}", change.message));
    lines.extend(
        change
            .accepted
            .iter()
            .map(|why| format!("  accepted: {why}")),
    );
    if change.rule.wire != Wire::None {
        lines.extend(
            change
                .rust_items
                .iter()
                .map(|item| format!("  in Rust: {item}")),
        );
    }
    if change.rust == Rust::Unknown {
        lines.push("  in Rust: not known".to_owned());
    }
    let line = |place: Option<xtask_spec::Place>| {
        place
            .map(|place| format!(":{}", place.line))
            .unwrap_or_default()
    };
    let (old, new) = (&change.base, &change.revision);
    lines.push(format!(
        "  {dim}{}{} #{}{dim:#}",
        report.file,
        line(new.place),
        new.pointer
    ));
    if old.pointer != new.pointer {
        lines.push(format!(
            "  {dim}{}{} #{}{dim:#}",
            report.base_file,
            line(old.place),
            old.pointer
        ));
    }
    if change.rule.wire == Wire::Breaking {
        lines.push(format!("  {dim}{}{dim:#}", change.rule.why));
    }
    // A change of the document as a whole has no operation at the end of its first line.
    lines
        .into_iter()
        .map(|line| line.trim_end().to_owned())
        .collect()
}
