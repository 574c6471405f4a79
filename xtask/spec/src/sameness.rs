//! Whether two parts of documents say the same.

use std::collections::{BTreeMap, HashSet};

use crate::fields::{self, Shape};
use crate::node::{Data, Entries, Node, by_key};
use crate::spec::Spec;

/// Which differences count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Differences of content, with references followed and texts for people included.
    Text,
    /// The same without texts for people.
    Meaning,
    /// Differences that the generator can see: references as written, lists in their order, no texts for people.
    Code,
}

impl Difference {
    fn counts(self, field: &str) -> bool {
        self == Self::Text || !fields::is_words(field)
    }
}

/// Whether two values of the same shape differ in nothing that counts.
pub fn same<'a>(
    (base, revision): (&Spec<'a>, &Spec<'a>),
    difference: Difference,
    shape: &'static Shape,
    values: (&'a Node, &'a Node),
) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![(shape, values)];
    while let Some((mut shape, (mut old, mut new))) = open.pop() {
        if matches!(shape, Shape::BooleanOrSchema) && old.is_map() {
            shape = &fields::SCHEMA_OR_REFERENCE;
        }
        if matches!(shape, Shape::OrReference(_)) && difference != Difference::Code {
            (old, new) = (base.resolve(old), revision.resolve(new));
            // References can lead in circles.
            if !seen.insert((old.id, new.id)) {
                continue;
            }
        }
        let same = match (shape, &old.data, &new.data) {
            (
                Shape::Object(object) | Shape::OrReference(object),
                Data::Map(before),
                Data::Map(after),
            ) => {
                let (before, after) = (counted(difference, before), counted(difference, after));
                let shape = |field: &str| object.field(field).unwrap_or(&Shape::Any);
                push(&mut open, (before, after), shape)
            }
            (Shape::Map(_, inner), Data::Map(before), Data::Map(after)) => {
                push(&mut open, (by_key(before), by_key(after)), |_| inner)
            }
            (Shape::Set(_), Data::List(before), Data::List(after))
                if difference != Difference::Code =>
            {
                let within =
                    |these: &[Node], others: &[Node]| these.iter().all(|it| others.contains(it));
                within(before, after) && within(after, before)
            }
            (Shape::List(inner) | Shape::Set(inner), Data::List(before), Data::List(after)) => {
                open.extend(before.iter().zip(after).map(|pair| (*inner, pair)));
                before.len() == after.len()
            }
            _ => old == new,
        };
        if !same {
            return false;
        }
    }
    true
}

type Fields<'a> = BTreeMap<&'a str, &'a Node>;

fn counted(difference: Difference, entries: &Entries) -> Fields<'_> {
    let mut fields = by_key(entries);
    fields.retain(|field, _| difference.counts(field));
    fields
}

/// Goes on with the values of all keys. Whether the keys are the same.
fn push<'a>(
    open: &mut Vec<(&'static Shape, (&'a Node, &'a Node))>,
    (old, new): (Fields<'a>, Fields<'a>),
    shape: impl Fn(&str) -> &'static Shape,
) -> bool {
    let same = old.keys().eq(new.keys());
    let pairs = old.into_iter().zip(new.into_values());
    open.extend(pairs.map(|((key, before), after)| (shape(key), (before, after))));
    same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Document;

    fn same_code(base: &str, revision: &str) -> bool {
        let [base, revision] = [base, revision].map(|text| {
            let text = format!("openapi: 3.0.3\npaths: {{}}\n{text}");
            Document::parse("spec.yaml".to_owned(), text).unwrap()
        });
        let specs = [&base, &revision].map(|document| Spec::new(document).unwrap());
        let [base, revision] = specs;
        let roots = (base.root(), revision.root());
        same(
            (&base, &revision),
            Difference::Code,
            &fields::WHOLE_DOCUMENT,
            roots,
        )
    }

    #[test]
    fn only_words_make_the_same_code() {
        let schema = |text: &str| format!("components: {{ schemas: {{ A: {{ {text} }} }} }}\n");
        let same = |base: &str, revision: &str| same_code(&schema(base), &schema(revision));
        assert!(same(
            "type: string, description: x",
            "description: y, type: string"
        ));
        assert!(same("type: string", "type: string, x-a: 1"));
        assert!(!same("minimum: 1", "minimum: 2"));
        assert!(!same("enum: [1, 2]", "enum: [2, 1]"));
        assert!(!same("title: x", "title: y"));
        // A property may have the name of a field that holds words.
        assert!(!same("properties: { tags: {} }", "properties: {}"));
        assert!(!same(
            "properties: { tags: { type: string } }",
            "properties: { tags: {} }"
        ));
        assert!(same_code("tags: [{ name: a }]\n", "tags: [{ name: b }]\n"));
    }
}
