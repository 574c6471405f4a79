//! A value of one schema that is none of another.

use std::collections::BTreeSet;
use std::rc::Rc;

use num_traits::{FromPrimitive, Zero};
use serde_json::{Map, Value};

use super::atom::{ANY, Atom, Kind, Lists, NONE, Numbers, Objects, SchemaId, Size, Texts};
use super::exact::{Exact, exact, json};
use super::formats;
use super::prover::{Prover, Reading};
use super::within::Gap;

/// How many values of one schema are tried.
const MAX_TRIED: usize = 60;
/// How deep values are made.
const MAX_DEPTH: usize = 7;
/// Longer strings and lists are not made.
const MAX_LENGTH: u64 = 5_000;

impl Prover<'_, '_> {
    /// A value that a sender may send and the reader certainly refuses: the shortest that is found.
    pub(super) fn counterexample(&mut self, sent: SchemaId, read: SchemaId) -> Option<Value> {
        self.apart(sent, read, 0).into_iter().next()
    }

    /// Values of a schema that are none of another, the shortest first.
    fn apart(&mut self, sent: SchemaId, read: SchemaId, depth: usize) -> Vec<Value> {
        let is_over = depth > MAX_DEPTH || self.store.fuel == 0;
        if is_over || self.within(sent, read, Reading::Closed) {
            return Vec::new();
        }
        let (Some(xs), Some(ys)) = (self.store.atoms(sent), self.store.atoms(read)) else {
            return Vec::new();
        };
        let mut tried: Vec<Value> = Vec::new();
        let mut gaps = Vec::new();
        if let Some(Gap::At(atom)) = self.gap(sent, read, Reading::Closed) {
            gaps.push(atom);
        }
        gaps.extend(xs.iter().take(MAX_TRIED).cloned());
        for atom in gaps {
            let similar = ys.iter().filter(|it| it.kind.is_same_type(&atom.kind));
            let mut made = Vec::new();
            for other in similar.take(8) {
                made.extend(self.against(&atom, other, depth));
            }
            made.extend(self.samples_of(&atom, depth));
            tried.extend(made);
            tried.retain(|value| self.is_apart(value, sent, read));
            if !tried.is_empty() {
                break;
            }
        }
        tried.sort_by_cached_key(|value| value.to_string().len());
        tried.truncate(4);
        tried
    }

    fn is_apart(&mut self, value: &Value, sent: SchemaId, read: SchemaId) -> bool {
        let store = &mut self.store;
        if !store.step() || store.accepts(sent, value, true) != Some(true) {
            return false;
        }
        let mut forms = vec![value.clone()];
        if store.message.text {
            // As text, a number is a string of digits, and the other way round.
            match value {
                Value::String(text) => forms.extend(serde_json::from_str::<Value>(text)),
                Value::Number(_) | Value::Bool(_) => forms.push(Value::from(value.to_string())),
                _ => {}
            }
        }
        forms
            .iter()
            .all(|form| store.accepts(read, form, false) == Some(false))
    }

    /// Values of an atom that may not fit another.
    fn against(&mut self, a: &Rc<Atom>, b: &Rc<Atom>, depth: usize) -> Vec<Value> {
        let mut made = Vec::new();
        for other in &b.except {
            if let Some(shared) = self.store.meet_one(a, other) {
                made.extend(self.samples_of(&shared, depth));
            }
        }
        match (&a.kind, &b.kind) {
            (Kind::Number(of_a), Kind::Number(of_b)) => made.extend(numbers(&[of_a, of_b])),
            (Kind::Text(of_a), Kind::Text(of_b)) => made.extend(texts(&[of_a, of_b])),
            (Kind::List(of_a), Kind::List(of_b)) => {
                let items = self.apart(of_a.items, of_b.items, depth + 1);
                made.extend(items.iter().filter_map(|item| repeat(item, of_a.size)));
                let items = self.samples(of_a.items, depth + 1);
                let beyond = of_b.size.max.map(|max| max + 1);
                for count in [of_b.size.min.saturating_sub(1)].into_iter().chain(beyond) {
                    made.extend(list(&items, count));
                }
                made.extend(
                    items
                        .iter()
                        .filter_map(|item| repeat(item, Size { min: 2, max: None })),
                );
            }
            (Kind::Object(of_a), Kind::Object(of_b)) => {
                made.extend(self.objects_against(of_a, of_b, depth));
            }
            _ => {}
        }
        made
    }

    fn objects_against(&mut self, a: &Objects, b: &Objects, depth: usize) -> Vec<Value> {
        let bases = self.objects(a, depth);
        let Some(base) = bases.first().and_then(Value::as_object).cloned() else {
            return Vec::new();
        };
        let mut made = Vec::new();
        let names: BTreeSet<Rc<str>> = a
            .properties
            .keys()
            .chain(b.properties.keys())
            .cloned()
            .collect();
        for name in names {
            let of = |objects: &Objects| {
                objects
                    .properties
                    .get(&name)
                    .map_or(objects.rest, |it| it.schema)
            };
            for value in self.apart(of(a), of(b), depth + 1) {
                made.push(with(&base, [(name.to_string(), value)]));
            }
        }
        for value in self.apart(a.rest, b.rest, depth + 1) {
            made.push(with(&base, [("other".to_owned(), value)]));
        }
        // Fewer and more properties than the other allows.
        made.extend(
            b.size
                .max
                .and_then(|max| self.sized(a, &base, max + 1, depth)),
        );
        made.push(Value::Object(base));
        made
    }

    /// An object with so many properties.
    fn sized(
        &mut self,
        of: &Objects,
        base: &Map<String, Value>,
        count: u64,
        depth: usize,
    ) -> Option<Value> {
        let count = usize::try_from(count.min(MAX_LENGTH)).ok()?;
        let mut all = base.clone();
        for (name, property) in &of.properties {
            if all.len() < count && !all.contains_key(&**name) {
                let value = self.samples(property.schema, depth + 1).into_iter().next();
                all.extend(value.map(|value| (name.to_string(), value)));
            }
        }
        let filler = self.samples(of.rest, depth + 1).into_iter().next();
        for number in 0..count.saturating_sub(all.len()) {
            all.insert(format!("other{number}"), filler.clone()?);
        }
        Some(Value::Object(all))
    }

    /// Some values of a schema.
    fn samples(&mut self, schema: SchemaId, depth: usize) -> Vec<Value> {
        if schema == ANY {
            return vec![
                Value::from("a"),
                Value::from(1),
                Value::Null,
                Value::Object(Map::new()),
            ];
        }
        if depth > MAX_DEPTH {
            return Vec::new();
        }
        let atoms = self.store.atoms(schema);
        let mut made = Vec::new();
        for atom in atoms.iter().flat_map(|atoms| atoms.iter()).take(12) {
            made.extend(self.samples_of(atom, depth));
        }
        made.sort_by_cached_key(|value| value.to_string().len());
        made.truncate(12);
        made
    }

    /// Some values of an atom.
    fn samples_of(&mut self, atom: &Rc<Atom>, depth: usize) -> Vec<Value> {
        if depth > MAX_DEPTH || !self.store.step() {
            return Vec::new();
        }
        let mut made = match (&atom.values, &atom.kind) {
            (Some(values), _) => values.clone(),
            (None, Kind::Null) => vec![Value::Null],
            (None, Kind::Boolean) => Vec::new(),
            (None, Kind::Number(of)) => numbers(&[of]),
            (None, Kind::Text(of)) => texts(&[of]),
            (None, Kind::List(of)) => self.lists(of, depth),
            (None, Kind::Object(of)) => self.objects(of, depth),
        };
        made.retain(|value| self.store.fits_as(value, atom, true) == Some(true));
        made.truncate(MAX_TRIED);
        made
    }

    fn lists(&mut self, of: &Lists, depth: usize) -> Vec<Value> {
        let items = match of.size.max {
            Some(0) => Vec::new(),
            _ => self.samples(of.items, depth + 1),
        };
        let mut made: Vec<Value> = list(&items, of.size.min).into_iter().collect();
        made.extend(list(&items, of.size.min + 1));
        made.extend(of.size.max.and_then(|max| list(&items, max)));
        made.extend(items.iter().filter_map(|item| repeat(item, of.size)));
        made
    }

    fn objects(&mut self, of: &Objects, depth: usize) -> Vec<Value> {
        let mut base = Map::new();
        let mut optional = Vec::new();
        for (name, property) in &of.properties {
            let values = match property.schema {
                NONE => Vec::new(),
                schema => self.samples(schema, depth + 1),
            };
            match (property.required, values.first()) {
                (true, None) => return Vec::new(),
                (true, Some(first)) => {
                    base.insert(name.to_string(), first.clone());
                    let others = values.into_iter().skip(1).take(4);
                    optional.extend(others.map(|value| (name.to_string(), value)));
                }
                (false, _) => {
                    let values = values.into_iter().take(4);
                    optional.extend(values.map(|value| (name.to_string(), value)));
                }
            }
        }
        let mut made = Vec::new();
        if !of.size.has(base.len()) {
            made.extend(self.sized(of, &base, of.size.min, depth));
        }
        made.push(Value::Object(base.clone()));
        made.extend(
            optional
                .iter()
                .take(MAX_TRIED)
                .map(|entry| with(&base, [entry.clone()])),
        );
        made.push(with(
            &base,
            optional
                .into_iter()
                .rev()
                .filter(|(name, _)| !base.contains_key(name)),
        ));
        if of.rest != NONE && !of.is_closed() {
            for value in self.samples(of.rest, depth + 1).into_iter().take(3) {
                made.push(with(&base, [("other".to_owned(), value)]));
            }
        }
        made
    }
}

fn with(base: &Map<String, Value>, entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut all = base.clone();
    all.extend(entries);
    Value::Object(all)
}

/// A list of so many items, taken in turn.
fn list(items: &[Value], count: u64) -> Option<Value> {
    let count = usize::try_from(count.min(MAX_LENGTH)).ok()?;
    if items.is_empty() && count > 0 {
        return None;
    }
    Some(items.iter().cycle().take(count).cloned().collect())
}

/// Lists of one item: as many as there must be, but at least one.
fn repeat(item: &Value, size: Size) -> Option<Value> {
    list(std::slice::from_ref(item), size.min.max(1))
}

/// Numbers at and around what bounds some.
fn numbers(all: &[&Numbers]) -> Vec<Value> {
    let one = Exact::from_integer(1.into());
    let half = Exact::new(1.into(), 2.into());
    let mut steps: Vec<Exact> = all.iter().flat_map(|it| it.steps.iter().cloned()).collect();
    steps.extend([one, half]);
    let mut at = vec![Exact::zero()];
    for bound in all.iter().flat_map(|it| [&it.low, &it.high]).flatten() {
        at.push(bound.at.clone());
    }
    let mut made: Vec<Exact> = at.clone();
    for at in at {
        for step in &steps {
            let below = (&at / step).floor() * step;
            made.extend([
                below.clone(),
                &below + step,
                &below - step,
                &at + step,
                &at - step,
            ]);
            let double = Exact::from_u8(2).map(|two| &below + step * two);
            made.extend(double);
        }
    }
    made.sort();
    made.dedup();
    let fits = |value: &Exact| all.first().is_none_or(|of| of.has(value) != Some(false));
    made.iter()
        .filter(|value| fits(value))
        .filter_map(json)
        .filter(|it| matches!(it, Value::Number(number) if exact(number).is_some()))
        .collect()
}

/// Strings as long as some allow and longer, and of their formats and patterns.
fn texts(all: &[&Texts]) -> Vec<Value> {
    let mut lengths = BTreeSet::from([0, 1]);
    for Size { min, max } in all.iter().map(|it| it.size) {
        lengths.extend([min.saturating_sub(1), min, min + 1]);
        lengths.extend(max.into_iter().flat_map(|max| [max, max + 1]));
    }
    let mut made = Vec::new();
    for length in lengths.into_iter().filter(|it| *it <= MAX_LENGTH) {
        let length = usize::try_from(length).unwrap_or_default();
        made.extend(["a", "A", "0", "-"].map(|c| c.repeat(length)));
    }
    for of in all {
        let examples = of.formats.iter().filter_map(|it| formats::example(it));
        made.extend(examples.map(str::to_owned));
        made.extend(of.patterns.iter().flat_map(|it| of_pattern(it)));
    }
    let mut seen = BTreeSet::new();
    made.retain(|text| seen.insert(text.clone()));
    made.into_iter().map(Value::from).collect()
}

/// What a simple pattern matches: its letters as they stand, or the first of its one class.
fn of_pattern(pattern: &str) -> Vec<String> {
    let plain = pattern.trim_start_matches('^').trim_end_matches('$');
    let mut made = vec![plain.to_owned(), format!("{plain}a"), format!("{plain}0")];
    if let Some(first) = plain.strip_prefix('[').and_then(|it| it.chars().next()) {
        made.extend((1..=8).map(|count| first.to_string().repeat(count)));
    }
    made
}
