//! All that a report is made of.

use clap::ValueEnum;
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};
use xtask_spec::plain;

/// The severity from which on the exit code is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A change that breaks the wire.
    #[default]
    Breaking,
    /// A change that breaks the wire or Rust code, or may break it.
    RustBreaking,
    /// Any change.
    Any,
    /// Nothing.
    None,
}

/// A whole comparison.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The name of the base.
    pub(crate) base: String,
    /// The name of the revision.
    pub(crate) revision: String,
    /// The path of the revision's file, for places in it.
    pub(crate) file: String,
    /// The path of the base's file.
    pub(crate) base_file: String,
    /// The changes, the gravest first.
    pub(crate) changes: Vec<Change>,
    /// Why nothing is known about the generated code, if so.
    pub(crate) rust_unknown: Option<String>,
}

impl Report {
    /// Puts the changes that reach a threshold first, and accepted ones last.
    pub(crate) fn sort(&mut self, on: FailOn) {
        let key = |it: &Change| (it.accepted.is_some(), !reaches(it, on));
        self.changes.sort_by_key(key);
    }

    /// Whether the changes that nobody accepted reach a threshold.
    pub(crate) fn fails(&self, on: FailOn) -> bool {
        let mut open = self.changes.iter().filter(|it| it.accepted.is_none());
        let is_open = self.changes.is_empty() || open.clone().next().is_some();
        let is_unknown = self.rust_unknown.is_some() && is_open;
        (on == FailOn::RustBreaking && is_unknown) || open.any(|change| reaches(change, on))
    }

    /// The same with all texts of documents made harmless to a terminal and to CI.
    pub(super) fn plain(&self) -> Self {
        let mut report = self.clone();
        let names = [&mut report.base, &mut report.revision, &mut report.file];
        let names = names.into_iter().chain([&mut report.base_file]);
        let changes = report.changes.iter_mut().flat_map(|change| {
            let places = [&mut change.base.pointer, &mut change.revision.pointer];
            let lists = [
                &mut change.operations,
                &mut change.uses,
                &mut change.rust_items,
            ];
            let lists = lists.into_iter().flatten().chain(places);
            lists
                .chain([&mut change.message])
                .chain(&mut change.accepted)
                .chain(&mut change.witness)
        });
        for text in names.chain(&mut report.rust_unknown).chain(changes) {
            *text = plain(text);
        }
        report
    }

    pub(super) fn count(&self, wire: Wire) -> usize {
        self.number(|change| change.rule.wire == wire)
    }

    pub(super) fn accepted(&self, wire: Wire) -> usize {
        self.number(|change| change.rule.wire == wire && change.accepted.is_some())
    }

    pub(super) fn number(&self, of: impl Fn(&Change) -> bool) -> usize {
        self.changes.iter().filter(|change| of(change)).count()
    }

    /// The verdict on Rust code that uses the generated crate.
    pub(super) fn rust(&self) -> Rust {
        let unknown = self.rust_unknown.iter().map(|_| Rust::Unknown);
        let verdicts = self.changes.iter().map(|change| change.rust);
        verdicts.chain(unknown).max().unwrap_or(Rust::Compatible)
    }

    /// One line: how many changes of which kind, and how many of them are accepted.
    pub(super) fn headline(&self) -> String {
        let accepted = |count| match count {
            0 => String::new(),
            count => format!(" ({count} accepted)"),
        };
        let kinds = [Wire::Breaking, Wire::NonBreaking, Wire::Docs, Wire::None];
        let counts = kinds.map(|wire| (wire, self.count(wire))).into_iter();
        let counts = counts.filter(|(_, count)| *count > 0);
        let parts: Vec<String> = counts
            .map(|(wire, count)| {
                let kind = match wire {
                    Wire::None => "in Rust only".to_owned(),
                    wire => wire.to_string(),
                };
                format!("{count} {kind}{}", accepted(self.accepted(wire)))
            })
            .collect();
        let breaks = |it: &Change| it.rust == Rust::Breaking;
        let rust = match (self.rust(), self.number(breaks)) {
            (Rust::Breaking, count) => {
                let accepted = accepted(self.number(|it| breaks(it) && it.accepted.is_some()));
                format!("{count} breaking{accepted}")
            }
            (verdict, _) => verdict.to_string(),
        };
        match parts.join(", ") {
            none if none.is_empty() && self.rust_unknown.is_none() => "no changes".to_owned(),
            none if none.is_empty() => format!("no changes on the wire; Rust code: {rust}"),
            parts => format!("{parts}; Rust code: {rust}"),
        }
    }
}

/// Whether a change reaches a threshold.
fn reaches(change: &Change, on: FailOn) -> bool {
    match on {
        FailOn::Breaking => change.rule.wire == Wire::Breaking,
        FailOn::RustBreaking => {
            change.rule.wire == Wire::Breaking || change.rust != Rust::Compatible
        }
        FailOn::Any => true,
        FailOn::None => false,
    }
}

/// Both verdicts on a change.
pub(super) fn verdict(change: &Change) -> String {
    match (change.rule.wire, change.rust) {
        (Wire::None, _) => "breaks Rust code only".to_owned(),
        (wire, Rust::Compatible) => wire.to_string(),
        (wire, Rust::Unknown) => format!("{wire}, Rust code unknown"),
        (wire, Rust::Breaking) => format!("{wire}, breaks Rust code"),
    }
}

/// A verdict as the beginning of a heading or a line.
pub(super) fn title(change: &Change) -> String {
    let verdict = verdict(change);
    let (first, rest) = verdict.split_at(1);
    first.to_uppercase() + rest
}

/// The operations that a change touches, in few words.
pub(super) fn operations(change: &Change) -> String {
    const SHOWN: usize = 3;
    match (change.operations.as_slice(), change.operations.get(..SHOWN)) {
        ([], _) => String::new(),
        (all, Some(first)) if all.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), all.len() - SHOWN)
        }
        (all, _) => all.join(", "),
    }
}

/// Notes on a change below its message: a value that shows it, the reason for accepting it, and its effect on
/// Rust code.
pub(super) fn notes(change: &Change) -> Vec<String> {
    let accepted = change.accepted.iter().map(|why| format!("accepted: {why}"));
    let witness = change
        .witness
        .iter()
        .map(|value| format!("for example {}", cut(value)));
    // The message of a change in Rust only has them.
    let items = change.rust_items.iter();
    let items = items.filter(|_| change.rule.wire != Wire::None);
    let items = items.map(|item| format!("in Rust: {item}"));
    witness.chain(accepted).chain(items).collect()
}

/// As much of a value as is read at a glance.
pub(super) fn cut(value: &str) -> String {
    const LONG: usize = 120;
    match value.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
