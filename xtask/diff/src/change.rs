//! A change with all that a reviewer needs.

use std::cmp::Ordering;
use std::fmt;

use xtask_spec::Place;

use crate::rules::{Rule, Wire};

/// A place in one of the two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// JSON pointer.
    pub pointer: String,
    /// Line and column.
    pub place: Option<Place>,
}

/// What a change means for Rust code that uses the generated crate, once that is regenerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rust {
    /// The code compiles as before.
    Compatible,
    /// There is no generated code to compare.
    Unknown,
    /// Code may not compile, or may hand arguments to others than it meant.
    Breaking,
}

impl fmt::Display for Rust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compatible => "compatible",
            Self::Unknown => "unknown",
            Self::Breaking => "breaking",
        })
    }
}

/// A change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The kind of change.
    pub rule: &'static Rule,
    /// The names of the operations that it touches; none if it touches the document as a whole.
    pub operations: Vec<String>,
    /// The messages of these that lead to it, if it is in a schema.
    pub uses: Vec<String>,
    /// The value in the base that has changed, or that lacks what is new.
    pub base: Location,
    /// The same in the revision.
    pub revision: Location,
    /// What has changed, with the old value and the new one.
    pub message: String,
    /// A value that was fine and no longer is, as JSON, if the change breaks a schema and one is found.
    pub witness: Option<String>,
    /// What it means for Rust code.
    pub rust: Rust,
    /// The items of the generated crate that have changed with it.
    pub rust_items: Vec<String>,
    /// Why somebody accepted it, if somebody did.
    pub accepted: Option<String>,
}

impl Change {
    /// Where it is. What is new or gone has a place on one side, and on the other only where it
    /// would be, which it shares with others.
    pub fn own_pointers(&self) -> Vec<&str> {
        let (base, revision) = (self.base.pointer.as_str(), self.revision.pointer.as_str());
        match base.len().cmp(&revision.len()) {
            Ordering::Less if revision.starts_with(base) => vec![revision],
            Ordering::Greater if base.starts_with(revision) => vec![base],
            _ => vec![base, revision],
        }
    }
}

/// Sorts changes, the gravest first.
pub(crate) fn sort(changes: &mut [Change]) {
    let line = |location: &Location| location.place.map(|place| place.line);
    changes.sort_by(|a, b| {
        let key = |it: &Change| (line(&it.revision), line(&it.base), it.rule.id);
        let weight = |it: &Change| (it.rule.wire == Wire::Breaking, it.rust, it.rule.wire);
        let gravity = weight(b).cmp(&weight(a));
        let place = gravity.then_with(|| key(a).cmp(&key(b)));
        place.then_with(|| a.message.cmp(&b.message))
    });
}
