//! For a comment on a pull request: the summary first, what breaks first, long lists folded.

use super::outcome::{Report, notes, operations, title};
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
    let is_like = |one: &Change, other: &Change| {
        let kind = |it: &Change| (it.rule.wire, it.rust, it.accepted.is_some());
        kind(one) == kind(other)
    };
    for changes in report.changes.chunk_by(is_like) {
        out.extend(changes.first().map(|first| section(first, changes)));
    }
    if let Some(why) = &report.rust_unknown {
        let why = prose(why);
        out.extend(["\nRust code: unknown, because ", &why, "\n"]);
    }
    out
}

/// Changes of one kind, of which one is the first.
fn section(first: &Change, changes: &[Change]) -> String {
    let items: String = changes.iter().map(item).collect();
    let accepted = first.accepted.as_ref().map_or("", |_| ", accepted");
    let (title, count) = (title(first) + accepted, changes.len());
    if first.rule.wire == Wire::Docs || count > LONG {
        return format!("\n<details><summary>{title} ({count})</summary>\n\n{items}\n</details>\n");
    }
    format!("\n**{title}**\n\n{items}")
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
