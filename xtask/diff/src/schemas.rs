//! The pairs of schemas to compare. Each is compared once however many operations lead to it, and
//! the list ends for schemas that hold themselves.

use std::collections::{BTreeSet, HashMap};

use super::found::{Direction, Found};
use super::schema::Comparison;
use super::spec::{Spec, component_name};
use xtask_spec::node::Node;

/// What a value must fit in one document, and where that stands.
#[derive(Clone, Debug)]
pub(super) struct Site<'a> {
    /// All of these; if there are none, any value fits.
    pub(super) schemas: Vec<&'a Node>,
    /// The value that holds them or would hold them.
    pub(super) id: u32,
}

impl<'a> Site<'a> {
    pub(super) fn new(schemas: Vec<&'a Node>, holder: u32) -> Self {
        Self {
            id: schemas.first().map_or(holder, |schema| schema.id),
            schemas,
        }
    }

    /// The place of a schema that may be absent.
    pub(super) fn of(schema: Option<&'a Node>, holder: u32) -> Self {
        Self::new(schema.into_iter().collect(), holder)
    }

    fn ids(&self) -> Vec<u32> {
        self.schemas.iter().map(|schema| schema.id).collect()
    }
}

#[derive(Debug)]
struct Pair<'a> {
    base: Site<'a>,
    revision: Site<'a>,
    direction: Direction,
    children: Vec<usize>,
    found: Vec<Found>,
}

/// The pairs of schemas that two documents have in the same places.
#[derive(Debug, Default)]
pub(super) struct Schemas<'a> {
    pairs: Vec<Pair<'a>>,
    known: HashMap<(Vec<u32>, Vec<u32>, Direction), usize>,
    /// The pairs that an operation leads to directly.
    roots: Vec<(usize, Option<(usize, String)>)>,
    /// The components of the base that go by another name in the revision.
    renamed: BTreeSet<(u32, u32)>,
    /// Whether it is only asked whether two schemas say the same.
    pub(super) for_sameness: bool,
}

impl<'a> Schemas<'a> {
    /// For the question whether two schemas say the same.
    pub(super) fn for_sameness() -> Self {
        Self {
            for_sameness: true,
            ..Self::default()
        }
    }

    /// Notes that an operation has a schema in a place where the base has another.
    pub(super) fn root(
        &mut self,
        specs: (&Spec<'a>, &Spec<'a>),
        operation: Option<usize>,
        (direction, message): (Direction, &str),
        base: Site<'a>,
        revision: Site<'a>,
    ) {
        let pair = self.pair(specs, direction, base, revision);
        let operation = operation.map(|number| (number, message.to_owned()));
        self.roots.push((pair, operation));
    }

    /// The pair's number. Where both refer to a component of the same name, the change is in the
    /// component; else it is in the place that refers.
    pub(super) fn pair(
        &mut self,
        (base_spec, revision_spec): (&Spec<'a>, &Spec<'a>),
        direction: Direction,
        mut base: Site<'a>,
        mut revision: Site<'a>,
    ) -> usize {
        if let ([old], [new]) = (base.schemas.as_slice(), revision.schemas.as_slice())
            && let (Some(old_name), Some(new_name)) = (component_name(old), component_name(new))
        {
            let (old, new) = (base_spec.resolve(old), revision_spec.resolve(new));
            if old_name != new_name {
                self.renamed.insert((old.id, new.id));
            }
            base = Site::new(vec![old], base.id);
            revision = Site::new(vec![new], revision.id);
        }
        let key = (base.ids(), revision.ids(), direction);
        if let Some(pair) = self.known.get(&key) {
            return *pair;
        }
        let number = self.pairs.len();
        self.known.insert(key, number);
        self.pairs.push(Pair {
            base,
            revision,
            direction,
            children: Vec::new(),
            found: Vec::new(),
        });
        number
    }

    /// Compares all pairs, and those that these lead to, and gives what was found with the
    /// operations that it touches.
    pub(super) fn compare(&mut self, specs: (&Spec<'a>, &Spec<'a>)) -> Vec<Found> {
        let mut next = 0;
        while let Some(pair) = self.pairs.get(next) {
            let (base, revision, direction) =
                (pair.base.clone(), pair.revision.clone(), pair.direction);
            let comparison = Comparison::new(self, specs, direction);
            let (children, found) = comparison.compare(&base, &revision);
            if let Some(pair) = self.pairs.get_mut(next) {
                pair.children = children;
                pair.found = found;
            }
            next += 1;
        }
        self.with_operations()
    }

    /// The pairs of components whose names differ.
    pub(super) fn renamed(&self) -> impl Iterator<Item = (u32, u32)> {
        self.renamed.iter().copied()
    }

    fn with_operations(&mut self) -> Vec<Found> {
        let mut parents: Vec<Vec<usize>> = vec![Vec::new(); self.pairs.len()];
        for (number, pair) in self.pairs.iter().enumerate() {
            for child in &pair.children {
                if let Some(parents) = parents.get_mut(*child) {
                    parents.push(number);
                }
            }
        }
        let mut roots: HashMap<usize, Vec<&(usize, String)>> = HashMap::new();
        for (pair, operation) in &self.roots {
            roots.entry(*pair).or_default().extend(operation);
        }
        let mut all = Vec::new();
        for (number, pair) in self.pairs.iter_mut().enumerate() {
            if pair.found.is_empty() {
                continue;
            }
            let mut operations = BTreeSet::new();
            let mut uses = BTreeSet::new();
            let mut seen = BTreeSet::from([number]);
            let mut open = vec![number];
            while let Some(at) = open.pop() {
                for (operation, message) in roots.get(&at).into_iter().flatten() {
                    operations.insert(*operation);
                    uses.insert(message.clone());
                }
                let above = parents.get(at).into_iter().flatten();
                open.extend(above.copied().filter(|parent| seen.insert(*parent)));
            }
            for mut found in std::mem::take(&mut pair.found) {
                found.operations.clone_from(&operations);
                found.uses.clone_from(&uses);
                all.push(found);
            }
        }
        all
    }
}
