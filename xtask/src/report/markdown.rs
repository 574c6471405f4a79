//! For a comment on a pull request: the summary first, what breaks first, long lists folded.

use super::outcome::{Report, notes, operations};
use xtask_diff::Change;
use xtask_diff::rules::Wire;

/// Longer lists are folded.
const LONG: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let [base, revision] = [&report.base, &report.revision].map(|it| it.replace('`', "'"));
    let mut out = format!(
        "### Spec diff: {}\n\n`{base}` → `{revision}`\n",
        report.headline()
    );
    for (title, wire) in [
        ("Breaking", Wire::Breaking),
        ("Non-breaking", Wire::NonBreaking),
        ("Rust only, the wire is the same", Wire::None),
        ("Words only", Wire::Docs),
    ] {
        let changes = report.changes.iter().filter(|it| it.rule.wire == wire);
        let (accepted, open): (Vec<_>, Vec<_>) = changes.partition(|it| it.accepted.is_some());
        out += &section(title, &open, wire == Wire::Docs);
        out += &section(&format!("{title}, accepted"), &accepted, false);
    }
    if let Some(why) = &report.rust_unknown {
        let why = prose(why);
        out.extend(["\nWhat this means for Rust code is not known: ", &why, "\n"]);
    }
    out
}

fn section(title: &str, changes: &[&Change], fold: bool) -> String {
    let items: String = changes.iter().map(|change| item(change)).collect();
    match changes.len() {
        0 => String::new(),
        count if fold || count > LONG => {
            format!("\n<details><summary>{title} ({count})</summary>\n\n{items}\n</details>\n")
        }
        _ => format!("\n**{title}**\n\n{items}"),
    }
}

fn item(change: &Change) -> String {
    let notes = notes(change).into_iter();
    let notes = notes.map(|note| ["  - ", &prose(&note), "\n"].concat());
    let notes = notes.collect::<String>();
    let line = change.revision.place;
    let line = line
        .map(|place| format!("line {}, ", place.line))
        .unwrap_or_default();
    let operations = match operations(change) {
        names if names.is_empty() => String::new(),
        names => format!(" of {}", prose(&names)),
    };
    let (message, rule) = (prose(&change.message), change.rule);
    let why = format!("{line}`{}`{operations}: {}", rule.id, rule.why);
    format!("- {message}\n{notes}  - <sub>{why}</sub>\n")
}

/// A text with no markup but its code spans.
fn prose(text: &str) -> String {
    const MARKUP: &[char] = &['\\', '<', '>', '*', '_', '[', ']', '#', '|', '~', '&'];
    // Backticks of a name would end its span, and Markdown pairs adjacent ones in another way.
    let text = if text.contains("``") {
        text.replace('`', "'")
    } else {
        text.to_owned()
    };
    let parts: Vec<&str> = text.split('`').collect();
    let spans = (parts.len() - 1) / 2;
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 && index / 2 < spans {
            out.extend(["`", part, "`"]);
            continue;
        }
        for c in part.chars() {
            out.extend(MARKUP.contains(&c).then_some('\\'));
            out.push(c);
            // A name with a break in it mentions nobody.
            out.extend((c == '@').then_some('\u{200b}'));
        }
    }
    out
}
