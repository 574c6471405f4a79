//! The questions that can be asked.

use std::collections::HashSet;

use serde_json::Value;
use xtask_spec::{Node, Spec};

use super::atom::SchemaId;
use super::store::{Message, Side, Store};

/// The steps that one question may take: those of a union of a thousand alternatives with another.
const FUEL: u32 = 3_000_000;

/// How a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// As a validator does: where nothing else is said, an object may have any further properties.
    Open,
    /// As what a sender sends: no properties that it doesn't declare.
    Closed,
    /// As a validator does, where objects also declare the same properties.
    Exact,
}

/// What is shown of the values of the one who sends, for the one who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    /// Both have the same.
    Equal,
    /// Each is fine.
    Within,
    /// Not that each is fine.
    Nothing,
}

/// Compares the schemas of two documents as sets of values.
#[derive(Debug)]
pub(crate) struct Prover<'s, 'a> {
    pub(super) store: Store<'s, 'a>,
    /// What is shown, or assumed while it is being shown.
    pub(super) assumed: HashSet<(SchemaId, SchemaId, Reading)>,
    /// The same in order.
    pub(super) trail: Vec<(SchemaId, SchemaId, Reading)>,
    /// What can't be shown.
    pub(super) refused: HashSet<(SchemaId, SchemaId, Reading)>,
}

impl<'s, 'a> Prover<'s, 'a> {
    /// Of the document of the one who sends and that of the one who reads.
    pub(crate) fn new(message: Message, sent: &'s Spec<'a>, read: &'s Spec<'a>) -> Self {
        Self {
            store: Store::new(message, (sent, read)),
            assumed: HashSet::new(),
            trail: Vec::new(),
            refused: HashSet::new(),
        }
    }

    /// What is shown of the values that fit all of some schemas, for a reader of all of some others.
    pub(crate) fn shown(&mut self, sent: &[&'a Node], read: &[&'a Node]) -> Shown {
        let (sent, read) = self.ask(sent, read);
        if !self.within(sent, read, Reading::Closed) {
            Shown::Nothing
        } else if self.within(sent, read, Reading::Exact) && self.within(read, sent, Reading::Exact)
        {
            Shown::Equal
        } else {
            Shown::Within
        }
    }

    /// A value that is sent and not fine, the shortest that is found.
    pub(crate) fn witness(&mut self, sent: &[&'a Node], read: &[&'a Node]) -> Option<Value> {
        let (sent, read) = self.ask(sent, read);
        self.counterexample(sent, read)
    }

    fn ask(&mut self, sent: &[&'a Node], read: &[&'a Node]) -> (SchemaId, SchemaId) {
        self.store.fuel = FUEL;
        let sent = self.store.all_of_nodes(Side::Sent, sent);
        (sent, self.store.all_of_nodes(Side::Read, read))
    }
}
