//! Whether every value of one schema is one of another.

use std::rc::Rc;

use num_bigint::BigInt;
use serde_json::Value;

use super::atom::{ANY, Atom, Atoms, Bound, Kind, Lists, NONE, Numbers, Objects, SchemaId, Texts};
use super::exact::Exact;
use super::formats;
use super::prover::{Prover, Reading};

/// How often an atom is taken apart.
const MAX_SPLITS: u32 = 6;
/// Deeper questions are given up: each level takes a few frames of the stack.
const MAX_DEPTH: usize = 120;
/// Into how many parts an atom is taken.
const MAX_PARTS: usize = 128;

/// Where inclusion can't be shown.
#[derive(Debug)]
pub(super) enum Gap {
    /// Of these values.
    At(Rc<Atom>),
    /// Of all: it was given up.
    Everywhere,
}

impl Prover<'_, '_> {
    /// Whether it is shown that every value of a schema is one of another. Where the question comes up
    /// within itself, yes: a counterexample would be found elsewhere.
    pub(super) fn within(&mut self, x: SchemaId, y: SchemaId, reading: Reading) -> bool {
        if y == ANY || x == NONE || x == y {
            return true;
        }
        let question = (x, y, reading);
        if self.assumed.contains(&question) {
            return true;
        }
        if self.refused.contains(&question) || self.store.depth > MAX_DEPTH {
            return false;
        }
        let before = self.trail.len();
        self.assumed.insert(question);
        self.trail.push(question);
        self.store.depth += 1;
        let gap = self.gap(x, y, reading);
        self.store.depth -= 1;
        if gap.is_none() {
            return true;
        }
        // What was shown since may rest on what turned out to be wrong.
        for question in self.trail.split_off(before) {
            self.assumed.remove(&question);
        }
        if self.store.fuel > 0 {
            self.refused.insert(question);
        }
        false
    }

    /// The first values of a schema that aren't shown to be ones of another.
    pub(super) fn gap(&mut self, x: SchemaId, y: SchemaId, reading: Reading) -> Option<Gap> {
        let (Some(xs), Some(ys)) = (self.store.atoms(x), self.store.atoms(y)) else {
            return Some(Gap::Everywhere);
        };
        for (index, atom) in xs.iter().enumerate() {
            let mut open = vec![(Rc::clone(atom), MAX_SPLITS)];
            while let Some((atom, splits)) = open.pop() {
                if !self.store.step() {
                    return Some(Gap::Everywhere);
                }
                if self.is_covered(&atom, index, &ys, reading) || self.has_no_value(&atom) {
                    continue;
                }
                let others: Vec<&Rc<Atom>> = ys
                    .iter()
                    .filter(|it| it.kind.is_same_type(&atom.kind))
                    .collect();
                let may_split = match others.as_slice() {
                    [] => false,
                    [alone] => !alone.except.is_empty() || !atom.except.is_empty(),
                    _ => true,
                };
                match (may_split && splits > 0)
                    .then(|| self.split(&atom, &others))
                    .flatten()
                {
                    Some(parts) => open.extend(parts.into_iter().map(|it| (it, splits - 1))),
                    None => return Some(Gap::At(atom)),
                }
            }
        }
        None
    }

    /// Whether all values of an atom are ones of a single atom of others.
    fn is_covered(&mut self, a: &Rc<Atom>, index: usize, ys: &Atoms, reading: Reading) -> bool {
        // What hardly changed has its alternatives in the same order.
        if ys
            .get(index)
            .is_some_and(|b| self.atom_within(a, b, reading))
        {
            return true;
        }
        ys.iter().any(|b| self.atom_within(a, b, reading))
    }

    fn has_no_value(&mut self, atom: &Rc<Atom>) -> bool {
        let Kind::Object(objects) = &atom.kind else {
            return false;
        };
        let required = objects.properties.values().filter(|it| it.required);
        let schemas: Vec<SchemaId> = required.map(|it| it.schema).collect();
        let mut schemas = schemas.into_iter();
        schemas.any(|schema| {
            self.store
                .atoms(schema)
                .is_some_and(|atoms| atoms.is_empty())
        })
    }

    fn atom_within(&mut self, a: &Rc<Atom>, b: &Rc<Atom>, reading: Reading) -> bool {
        if Rc::ptr_eq(a, b) {
            return true;
        }
        if !self.store.step() || a.opaque != b.opaque {
            return false;
        }
        if !a.kind.is_same_type(&b.kind) {
            return self.store.message.text && is_text_of(a, b);
        }
        if let Some(values) = &a.values {
            let known = known_of(a, b);
            return bytes(a) == bytes(b)
                && values
                    .iter()
                    .all(|value| self.store.fits(value, &known) == Some(true));
        }
        if b.values.is_some() {
            return self.all_numbers_within(a, b);
        }
        for other in &b.except {
            let mut plain = Atom::clone(a);
            plain.except.clear();
            let Some(shared) = self.store.meet_one(&Rc::new(plain), other) else {
                continue;
            };
            if self.store.disjoint(a, other, reading == Reading::Closed, 0)
                || a.except
                    .iter()
                    .any(|it| self.atom_within(&shared, it, Reading::Open))
            {
                continue;
            }
            return false;
        }
        match (&a.kind, &b.kind) {
            (Kind::Number(a), Kind::Number(b)) => a.is_within(b),
            (Kind::Text(a), Kind::Text(b)) => a.is_within(b),
            (Kind::List(a), Kind::List(b)) => self.lists_within(a, b, reading),
            (Kind::Object(a), Kind::Object(b)) => self.objects_within(a, b, reading),
            _ => true,
        }
    }

    /// Whether the whole numbers of an interval are all listed.
    fn all_numbers_within(&mut self, a: &Atom, b: &Atom) -> bool {
        const MANY: u32 = 1_000;
        let Kind::Number(numbers) = &a.kind else {
            return false;
        };
        let (Some(low), Some(high), true) = (&numbers.low, &numbers.high, numbers.whole) else {
            return false;
        };
        if &high.at - &low.at > Exact::from_integer(MANY.into()) {
            return false;
        }
        let (mut at, last) = (low.at.to_integer(), high.at.to_integer());
        while at <= last {
            let Some(value) = super::exact::json(&Exact::from_integer(at.clone())) else {
                return false;
            };
            if self.store.fits(&value, a) != Some(false) && self.store.fits(&value, b) != Some(true)
            {
                return false;
            }
            at += BigInt::from(1);
        }
        true
    }

    fn lists_within(&mut self, a: &Lists, b: &Lists, reading: Reading) -> bool {
        let is_short = |most| a.size.max.is_some_and(|max| max <= most);
        a.size.is_within(b.size)
            && (!b.unique || a.unique || is_short(1))
            && (is_short(0) || self.within(a.items, b.items, reading))
    }

    fn objects_within(&mut self, a: &Objects, b: &Objects, reading: Reading) -> bool {
        let closed = (reading == Reading::Closed && a.is_closed()) || a.rest == NONE;
        // What is cheap to ask comes first, and of what remains what mostly tells alternatives apart.
        for (name, of_b) in b.properties.iter().filter(|(_, it)| it.required) {
            if !a.properties.get(name).is_some_and(|it| it.required) {
                return false;
            }
            if let Some(of_a) = a.properties.get(name)
                && !self.within(of_a.schema, of_b.schema, reading)
            {
                return false;
            }
        }
        let names = |objects: &Objects| objects.properties.len();
        if reading == Reading::Exact
            && (names(a) != names(b) || !a.properties.keys().eq(b.properties.keys()))
        {
            return false;
        }
        let required = a.properties.values().filter(|it| it.required).count();
        let required = u64::try_from(required).unwrap_or(u64::MAX);
        let most = closed.then(|| u64::try_from(names(a)).unwrap_or(u64::MAX));
        let size = a.size.meet(super::atom::Size {
            min: required,
            max: most,
        });
        if !size.is_within(b.size) {
            return false;
        }
        for (name, of_b) in b.properties.iter().filter(|(_, it)| !it.required) {
            let schema = match a.properties.get(name) {
                Some(of_a) => of_a.schema,
                None if closed => continue,
                None => a.rest,
            };
            if !self.within(schema, of_b.schema, reading) {
                return false;
            }
        }
        if b.rest == ANY {
            return true;
        }
        for (name, of_a) in &a.properties {
            if !b.properties.contains_key(name) && !self.within(of_a.schema, b.rest, reading) {
                return false;
            }
        }
        closed || self.within(a.rest, b.rest, reading)
    }
}

impl Numbers {
    fn is_within(&self, outer: &Self) -> bool {
        let above = |bound: &Bound| {
            let own = self.low.as_ref();
            own.is_some_and(|own| {
                own.at > bound.at || (own.at == bound.at && (own.exclusive || !bound.exclusive))
            })
        };
        let below = |bound: &Bound| {
            let own = self.high.as_ref();
            own.is_some_and(|own| {
                own.at < bound.at || (own.at == bound.at && (own.exclusive || !bound.exclusive))
            })
        };
        let one = Exact::from_integer(1.into());
        let whole = self.whole || self.steps.iter().any(Exact::is_integer);
        let steps = || self.steps.iter().chain(self.whole.then_some(&one));
        let mut formats = formats::with_wider(&self.formats);
        if self.whole && self.is_small() {
            formats.extend(["float".to_owned(), "double".to_owned()]);
        }
        outer.low.as_ref().is_none_or(above)
            && outer.high.as_ref().is_none_or(below)
            && (!outer.whole || whole)
            && outer
                .steps
                .iter()
                .all(|step| steps().any(|own| (own / step).is_integer()))
            && outer.formats.is_subset(&formats)
    }

    /// Whether they are all of 32 bits.
    fn is_small(&self) -> bool {
        let limit = Exact::from_integer(BigInt::from(2).pow(31));
        let (low, high) = (self.low.as_ref(), self.high.as_ref());
        low.is_some_and(|low| low.at >= -limit.clone()) && high.is_some_and(|high| high.at <= limit)
    }
}

impl Texts {
    fn is_within(&self, outer: &Self) -> bool {
        self.size.is_within(outer.size)
            && outer.patterns.is_subset(&self.patterns)
            && outer.formats.is_subset(&formats::with_wider(&self.formats))
            && self.is_bytes() == outer.is_bytes()
    }

    /// Bytes are written in another way than text is.
    fn is_bytes(&self) -> bool {
        self.formats.contains("binary") || self.formats.contains("byte")
    }
}

fn bytes(atom: &Atom) -> bool {
    matches!(&atom.kind, Kind::Text(texts) if texts.is_bytes())
}

/// Whether a value that is no string fits once it is written as text.
fn is_text_of(a: &Atom, b: &Atom) -> bool {
    let is_scalar = matches!(a.kind, Kind::Number(_) | Kind::Boolean);
    let is_any = |texts: &Texts| {
        texts.size == super::atom::Size::default()
            && texts.patterns.is_empty()
            && texts.formats.is_empty()
    };
    let takes_all = b.values.is_none() && b.except.is_empty();
    is_scalar && takes_all && matches!(&b.kind, Kind::Text(texts) if is_any(texts))
}

/// An atom without what is known of the values of another.
fn known_of(a: &Atom, b: &Atom) -> Atom {
    let mut known = b.clone();
    known.opaque.clear();
    match (&a.kind, &mut known.kind) {
        (Kind::Text(a), Kind::Text(b)) => {
            let formats = formats::with_wider(&a.formats);
            b.formats.retain(|it| !formats.contains(it));
            b.patterns.retain(|it| !a.patterns.contains(it));
        }
        (Kind::Number(a), Kind::Number(b)) => {
            let formats = formats::with_wider(&a.formats);
            b.formats.retain(|it| !formats.contains(it));
        }
        _ => {}
    }
    known
}

impl Prover<'_, '_> {
    /// An atom as a union of smaller ones, along what tells some others apart.
    fn split(&mut self, a: &Rc<Atom>, others: &[&Rc<Atom>]) -> Option<Vec<Rc<Atom>>> {
        if let Some(values) = &a.values {
            let part = |value: &Value| {
                Rc::new(Atom {
                    values: Some(vec![value.clone()]),
                    ..Atom::clone(a)
                })
            };
            return (values.len() > 1).then(|| values.iter().map(part).collect());
        }
        match &a.kind {
            Kind::Number(numbers) => split_numbers(a, numbers, others),
            Kind::Object(objects) => self.split_objects(a, objects, others),
            Kind::List(lists) if lists.size.min == 0 && lists.size.max != Some(0) => {
                let with = |min, max| {
                    let mut lists = lists.clone();
                    lists.size = super::atom::Size { min, max };
                    Rc::new(Atom {
                        kind: Kind::List(lists),
                        ..Atom::clone(a)
                    })
                };
                Some(vec![with(0, Some(0)), with(1, lists.size.max)])
            }
            _ => None,
        }
    }

    fn split_objects(
        &mut self,
        a: &Rc<Atom>,
        objects: &Objects,
        others: &[&Rc<Atom>],
    ) -> Option<Vec<Rc<Atom>>> {
        for (name, property) in &objects.properties {
            let theirs: Vec<_> = others
                .iter()
                .filter_map(|b| b.object()?.properties.get(name).copied())
                .collect();
            let is_same = theirs.len() == others.len()
                && theirs.windows(2).all(|pair| pair.first() == pair.last());
            if is_same && others.len() > 1 {
                continue;
            }
            let with = |schema, required| {
                let mut objects = objects.clone();
                let property = super::atom::Property { schema, required };
                objects.properties.insert(Rc::clone(name), property);
                Rc::new(Atom {
                    kind: Kind::Object(objects),
                    ..Atom::clone(a)
                })
            };
            if !property.required {
                if property.schema != NONE && theirs.iter().any(|it| it.required) {
                    return Some(vec![with(property.schema, true), with(NONE, false)]);
                }
                continue;
            }
            let atoms = self.store.atoms(property.schema)?;
            let parts = match &*atoms {
                [alone] => {
                    let mut inner = Vec::new();
                    for other in &theirs {
                        inner.extend(self.store.atoms(other.schema)?.iter().cloned());
                    }
                    inner.retain(|it| it.kind.is_same_type(&alone.kind));
                    let inner: Vec<&Rc<Atom>> = inner.iter().collect();
                    // What requires itself could be taken apart for ever.
                    if self.store.depth > MAX_DEPTH {
                        return None;
                    }
                    self.store.depth += 1;
                    let parts = self.split(alone, &inner);
                    self.store.depth -= 1;
                    parts
                }
                [] => None,
                many => Some(many.to_vec()),
            };
            if let Some(parts) = parts.filter(|parts| parts.len() <= MAX_PARTS) {
                let parts = parts.into_iter();
                let schemas: Vec<SchemaId> =
                    parts.map(|part| self.store.of_atoms(vec![part])).collect();
                return Some(
                    schemas
                        .into_iter()
                        .map(|schema| with(schema, true))
                        .collect(),
                );
            }
        }
        None
    }
}

/// Numbers up to the first bound of some others, and those beyond.
fn split_numbers(a: &Atom, numbers: &Numbers, others: &[&Rc<Atom>]) -> Option<Vec<Rc<Atom>>> {
    let others = others.iter().filter_map(|other| match &other.kind {
        Kind::Number(numbers) => Some([numbers.low.as_ref(), numbers.high.as_ref()]),
        _ => None,
    });
    for bound in others.flatten().flatten() {
        for exclusive in [false, true] {
            let at = |exclusive| {
                Some(Bound {
                    at: bound.at.clone(),
                    exclusive,
                })
            };
            let lower = Numbers {
                high: at(exclusive),
                ..Numbers::default()
            };
            let upper = Numbers {
                low: at(!exclusive),
                ..Numbers::default()
            };
            let parts = [numbers.meet(&lower), numbers.meet(&upper)];
            if !parts.iter().any(Numbers::is_empty) {
                let parts = parts.into_iter();
                let atom = |numbers| {
                    Rc::new(Atom {
                        kind: Kind::Number(numbers),
                        ..a.clone()
                    })
                };
                return Some(parts.map(atom).collect());
            }
        }
    }
    None
}
