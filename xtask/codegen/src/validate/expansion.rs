//! Schemas that typify would merge for ever, or nearly so.

use std::collections::{HashMap, HashSet};

use xtask_spec::{Fault, Node, NodeId, Spec, fields};

use crate::inner::{Place, inner};

/// More schemas than any real one has: `allOf` copies what it refers to.
const MOST: u64 = 10_000;

/// typify merges the members of `allOf` by value: it copies what they refer to, and merges what is in
/// the copies again. If a copy contains its origin, that overflows the stack.
pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    let mut sizes = Sizes {
        spec,
        known: HashMap::new(),
        open: HashSet::new(),
    };
    let merged = spec.schemas().iter().filter(|it| it.get("allOf").is_some());
    let faults = merged.filter_map(|schema| {
        let message = match sizes.of((schema, false)) {
            Some(..=MOST) => return None,
            Some(_) => format!("`allOf` combines more than {MOST} schemas"),
            None => "`allOf` combines a schema with one that contains it".to_owned(),
        };
        let remedy =
            "move the inner schema to `components/schemas`, without `allOf`, and refer to it";
        Some(Fault::new(schema.id, message, remedy))
    });
    faults.collect()
}

/// A schema, and whether `allOf` merges it.
type Part<'a> = (&'a Node, bool);

struct Sizes<'s, 'a> {
    spec: &'s Spec<'a>,
    /// `None` if there is no end.
    known: HashMap<(NodeId, bool), Option<u64>>,
    open: HashSet<(NodeId, bool)>,
}

impl<'a> Sizes<'_, 'a> {
    /// How many schemas a schema is once all that `allOf` refers to is copied into it.
    fn of(&mut self, (schema, merged): Part<'a>) -> Option<u64> {
        let key = (schema.id, merged);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        if !self.open.insert(key) {
            return None;
        }
        let size = self
            .parts(schema, merged)
            .into_iter()
            .try_fold(1_u64, |size, part| {
                Some(size.saturating_add(self.of(part)?))
            });
        self.open.remove(&key);
        self.known.insert(key, size);
        size
    }

    fn parts(&self, schema: &'a Node, merged: bool) -> Vec<Part<'a>> {
        let follows = merged || is_merge(schema);
        inner(schema)
            .filter(|(place, _)| *place != Place::Excluded)
            .map(|(place, it)| (it, follows && place == Place::Combined))
            // Only a merge follows a reference.
            .filter(|(it, merged)| *merged || it.reference().is_none())
            .map(|(it, merged)| (self.spec.resolve(it), merged))
            .collect()
    }
}

/// What may stand beside `allOf` without being merged.
const ASIDE: [&str; 8] = [
    "allOf",
    "default",
    "deprecated",
    "nullable",
    "readOnly",
    "title",
    "type",
    "writeOnly",
];

/// Whether `allOf` has something to merge: a lone member is taken as it is.
fn is_merge(schema: &Node) -> bool {
    let is_aside = |field: &str| ASIDE.contains(&field) || fields::is_words(field);
    let others = schema.entries().iter();
    let mut others = others.filter(|(field, _)| !is_aside(field));
    let members = schema.list("allOf").len();
    members > 1 || members == 1 && others.next().is_some()
}
