//! Whether a value fits.

use serde_json::Value;

use super::atom::{Atom, Kind, Numbers, Property, SchemaId, Texts};
use super::exact::{Exact, equal, exact};
use super::formats;
use super::store::Store;

/// All of some answers, of which `None` is unknown.
fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

/// One of some answers.
fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(answers.into_iter().map(|it| it.map(|it| !it))).map(|none| !none)
}

impl Store<'_, '_> {
    /// Whether a value fits a schema; `None` if that can't be told.
    pub(super) fn accepts(
        &mut self,
        schema: SchemaId,
        value: &Value,
        sender: bool,
    ) -> Option<bool> {
        let atoms = self.atoms(schema)?;
        let mut answers = Vec::new();
        for atom in atoms.iter() {
            match self.fits_as(value, atom, sender) {
                Some(true) => return Some(true),
                answer => answers.push(answer),
            }
        }
        any(answers)
    }

    /// Whether a value fits an atom; `None` if that can't be told.
    pub(super) fn fits(&mut self, value: &Value, atom: &Atom) -> Option<bool> {
        self.fits_as(value, atom, false)
    }

    /// The same, where a sender leaves out what it doesn't declare if `sender` says so.
    pub(super) fn fits_as(&mut self, value: &Value, atom: &Atom, sender: bool) -> Option<bool> {
        if !atom.kind.is_type_of(value) {
            return Some(false);
        }
        if let Some(values) = &atom.values
            && !values.iter().any(|listed| equal(listed, value))
        {
            return Some(false);
        }
        let mut answers = vec![(atom.opaque.is_empty()).then_some(true)];
        answers.push(self.fits_kind(value, &atom.kind, sender));
        for other in &atom.except {
            answers.push(self.fits(value, other).map(|fits| !fits));
        }
        all(answers)
    }

    fn fits_kind(&mut self, value: &Value, kind: &Kind, sender: bool) -> Option<bool> {
        match (kind, value) {
            (Kind::Number(numbers), Value::Number(number)) => numbers.has(&exact(number)?),
            (Kind::Text(texts), Value::String(text)) => texts.has(text),
            (Kind::List(lists), Value::Array(items)) => {
                let is_unique = || {
                    let mut rest = items.as_slice();
                    while let [first, others @ ..] = rest {
                        if others.iter().any(|other| equal(first, other)) {
                            return false;
                        }
                        rest = others;
                    }
                    true
                };
                if !lists.size.has(items.len()) || (lists.unique && !is_unique()) {
                    return Some(false);
                }
                let answers = items
                    .iter()
                    .map(|item| self.accepts(lists.items, item, sender));
                all(answers.collect::<Vec<_>>())
            }
            (Kind::Object(objects), Value::Object(entries)) => {
                let mut required = objects.properties.iter().filter(|(_, it)| it.required);
                if !objects.size.has(entries.len())
                    || required.any(|(name, _)| !entries.contains_key(&**name))
                {
                    return Some(false);
                }
                let mut answers = Vec::new();
                for (name, value) in entries {
                    answers.push(match objects.properties.get(name.as_str()) {
                        Some(Property { schema, .. }) => self.accepts(*schema, value, sender),
                        None if sender && objects.is_closed() => Some(false),
                        None => self.accepts(objects.rest, value, sender),
                    });
                }
                all(answers)
            }
            _ => Some(true),
        }
    }
}

impl Numbers {
    pub(super) fn has(&self, value: &Exact) -> Option<bool> {
        let above = self
            .low
            .as_ref()
            .is_none_or(|low| value > &low.at || (value == &low.at && !low.exclusive));
        let below = self
            .high
            .as_ref()
            .is_none_or(|high| value < &high.at || (value == &high.at && !high.exclusive));
        let whole = !self.whole || value.is_integer();
        let stepped = self.steps.iter().all(|step| (value / step).is_integer());
        if !(above && below && whole && stepped) {
            return Some(false);
        }
        // Which numbers a float has is left open.
        self.formats.is_empty().then_some(true)
    }
}

impl Texts {
    pub(super) fn has(&self, text: &str) -> Option<bool> {
        if !self.size.has(text.chars().count()) {
            return Some(false);
        }
        let patterns = self
            .patterns
            .iter()
            .map(|pattern| formats::matches(pattern, text));
        let formats = self.formats.iter().map(|format| formats::has(format, text));
        all(patterns.chain(formats))
    }
}
