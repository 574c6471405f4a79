//! All that a report is made of.

use clap::ValueEnum;
use xtask_diff::rules::Wire;
use xtask_diff::{Change, Rust};

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
    /// Whether the changes that nobody accepted reach a threshold.
    pub(crate) fn fails(&self, on: FailOn) -> bool {
        self.changes
            .iter()
            .filter(|change| change.accepted.is_none())
            .any(|change| match on {
                FailOn::Breaking => change.rule.wire == Wire::Breaking,
                FailOn::RustBreaking => {
                    change.rule.wire == Wire::Breaking || change.rust != Rust::Compatible
                }
                FailOn::Any => true,
                FailOn::None => false,
            })
    }

    pub(super) fn count(&self, wire: Wire) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.rule.wire == wire).count()
    }

    pub(super) fn accepted(&self) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.accepted.is_some()).count()
    }

    /// The verdict on Rust code that uses the generated crate.
    pub(super) fn rust(&self) -> Rust {
        let verdicts = self.changes.iter().map(|change| change.rust);
        verdicts.max().unwrap_or(Rust::Compatible)
    }

    /// One line: how many changes of which kind.
    pub(super) fn headline(&self) -> String {
        if self.changes.is_empty() {
            return "no changes".to_owned();
        }
        let kinds = [Wire::Breaking, Wire::NonBreaking, Wire::Docs, Wire::None];
        let counts = kinds.map(|wire| (wire, self.count(wire))).into_iter();
        let counts = counts.filter(|(_, count)| *count > 0);
        let mut parts: Vec<String> = counts
            .map(|(wire, count)| match wire {
                Wire::None => format!("{count} in Rust only"),
                wire => format!("{count} {wire}"),
            })
            .collect();
        match self.accepted() {
            0 => {}
            accepted => parts.push(format!("{accepted} of them accepted")),
        }
        format!("{}; Rust code: {}", parts.join(", "), self.rust())
    }
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

/// What is said about a change besides its message: a value that shows it, why it was accepted, and what it does to Rust code.
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
    let unknown = (change.rust == Rust::Unknown).then(|| "in Rust: not known".to_owned());
    let notes = witness.chain(accepted).chain(items);
    notes.chain(unknown).collect()
}

/// As much of a value as is read at a glance.
pub(super) fn cut(value: &str) -> String {
    const LONG: usize = 120;
    match value.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
