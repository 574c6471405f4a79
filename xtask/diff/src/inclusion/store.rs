//! The schemas that the prover knows, each put into normal form when it is first asked for.

use std::collections::HashMap;
use std::rc::Rc;

use xtask_spec::{Node, NodeId, Spec};

use super::atom::{ANY, Atom, Atoms, Kind, NONE, SchemaId};
use super::family::Families;

/// Deeper nesting is given up: each level takes a few frames of the stack.
const MAX_DEPTH: usize = 150;
/// More atoms in one schema are given up.
const MAX_ATOMS: usize = 4_000;

/// Which of the two documents a schema is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Side {
    Sent,
    Read,
}

/// What a schema is made of.
#[derive(Clone, Debug)]
enum Source<'a> {
    Node(Side, &'a Node),
    /// All of these: known by the set, of which there are finitely many, so that recursion ends.
    Meet(Vec<SchemaId>),
}

#[derive(Debug)]
enum State {
    Unread,
    /// Being read: to need it now is a circle without a step.
    Busy,
    Done(Option<Atoms>),
}

/// Whose values, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Sent by the client: properties that are `readOnly` are not in it; else those that are `writeOnly`.
    pub(crate) request: bool,
    /// Written as text into a URL or a header, where a number is a string.
    pub(crate) text: bool,
}

/// All schemas by number.
#[derive(Debug)]
pub(super) struct Store<'s, 'a> {
    pub(super) message: Message,
    specs: (&'s Spec<'a>, &'s Spec<'a>),
    pub(super) families: (Families<'a>, Families<'a>),
    schemas: Vec<(Option<Source<'a>>, State)>,
    nodes: HashMap<(Side, NodeId), SchemaId>,
    meets: HashMap<Vec<SchemaId>, SchemaId>,
    pub(super) depth: usize,
    /// Steps that are left of the current question.
    pub(super) fuel: u32,
}

impl<'s, 'a> Store<'s, 'a> {
    pub(super) fn new(message: Message, specs: (&'s Spec<'a>, &'s Spec<'a>)) -> Self {
        let any: Atoms = Kind::all().map(|kind| Rc::new(Atom::new(kind))).into();
        let none: Atoms = Rc::new([]);
        Self {
            message,
            specs,
            families: (Families::of(specs.0), Families::of(specs.1)),
            schemas: vec![
                (None, State::Done(Some(any))),
                (None, State::Done(Some(none))),
            ],
            nodes: HashMap::new(),
            meets: HashMap::new(),
            depth: 0,
            fuel: 0,
        }
    }

    pub(super) fn spec(&self, side: Side) -> &'s Spec<'a> {
        match side {
            Side::Sent => self.specs.0,
            Side::Read => self.specs.1,
        }
    }

    pub(super) fn families(&self, side: Side) -> &Families<'a> {
        match side {
            Side::Sent => &self.families.0,
            Side::Read => &self.families.1,
        }
    }

    /// Uses up a step; whether there was one.
    pub(super) fn step(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }

    /// The schema of a node. A reference is one with what it leads to.
    pub(super) fn node(&mut self, side: Side, node: &'a Node) -> SchemaId {
        let node = self.spec(side).resolve(node);
        if let Some(id) = self.nodes.get(&(side, node.id)) {
            return *id;
        }
        let id = self.push(Some(Source::Node(side, node)), State::Unread);
        self.nodes.insert((side, node.id), id);
        id
    }

    /// What fits all of some schemas.
    pub(super) fn all_of(&mut self, schemas: impl IntoIterator<Item = SchemaId>) -> SchemaId {
        let mut parts = Vec::new();
        for id in schemas {
            match self.schemas.get(id.0) {
                Some((Some(Source::Meet(inner)), _)) => parts.extend(inner.iter().copied()),
                _ => parts.push(id),
            }
        }
        parts.retain(|id| *id != ANY);
        parts.sort_unstable();
        parts.dedup();
        match parts.as_slice() {
            [] => return ANY,
            [alone] => return *alone,
            _ if parts.contains(&NONE) => return NONE,
            _ => {}
        }
        if let Some(id) = self.meets.get(&parts) {
            return *id;
        }
        let id = self.push(Some(Source::Meet(parts.clone())), State::Unread);
        self.meets.insert(parts, id);
        id
    }

    /// A schema of given atoms.
    pub(super) fn of_atoms(&mut self, atoms: Vec<Rc<Atom>>) -> SchemaId {
        self.push(None, State::Done(Some(atoms.into())))
    }

    fn push(&mut self, source: Option<Source<'a>>, state: State) -> SchemaId {
        self.schemas.push((source, state));
        SchemaId(self.schemas.len() - 1)
    }

    /// The atoms of a schema; `None` if that is too much, or leads in a circle.
    pub(super) fn atoms(&mut self, id: SchemaId) -> Option<Atoms> {
        let (source, state) = self.schemas.get_mut(id.0)?;
        match state {
            State::Done(atoms) => return atoms.clone(),
            State::Busy => return None,
            State::Unread => *state = State::Busy,
        }
        let source = source.clone();
        self.depth += 1;
        let atoms = match source {
            _ if self.depth > MAX_DEPTH => None,
            Some(Source::Node(side, node)) => self.read(side, node),
            Some(Source::Meet(parts)) => self.meet_of(&parts),
            None => None,
        };
        self.depth -= 1;
        let atoms = atoms.filter(|atoms| atoms.len() <= MAX_ATOMS);
        let atoms: Option<Atoms> = atoms.map(Into::into);
        if let Some((_, state)) = self.schemas.get_mut(id.0) {
            *state = State::Done(atoms.clone());
        }
        atoms
    }

    fn meet_of(&mut self, parts: &[SchemaId]) -> Option<Vec<Rc<Atom>>> {
        let mut all: Option<Vec<Rc<Atom>>> = None;
        for part in parts {
            let atoms = self.atoms(*part)?;
            all = Some(match all {
                None => atoms.to_vec(),
                Some(all) => self.meet(&all, &atoms)?,
            });
        }
        all
    }
}
