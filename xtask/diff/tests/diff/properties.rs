//! What holds for all documents: how one is written doesn't matter, both ways tell of the same
//! places, and a comparison comes to an end without a panic.

use std::collections::BTreeSet;
use std::thread;

use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use xtask_diff::Change;
use xtask_spec::Document;

use crate::cases::{self, Case};
use crate::rewrites;

/// Each rule with each operation that it speaks of.
type Told = BTreeSet<(&'static str, Option<String>)>;

fn told(base: &str, revision: &str) -> Told {
    told_of(
        &cases::parse("base", base),
        &cases::parse("revision", revision),
    )
}

fn told_of(base: &Document, revision: &Document) -> Told {
    let each = |it: Change| {
        let rule = it.rule.id;
        let operations = it.operations.into_iter().map(Some);
        let of_none = operations.len() == 0;
        operations
            .chain(of_none.then_some(None))
            .map(move |operation| (rule, operation))
    };
    let changes = xtask_diff::compare(base, revision).unwrap();
    changes.into_iter().flat_map(each).collect()
}

#[test]
fn how_a_document_is_written_does_not_matter() {
    let base = cases::base();
    let written = |text: &str| {
        rewrites::ALL.map(|(name, rewrite)| {
            let rewritten = rewrite(text);
            assert_ne!(rewritten, text, "{name}");
            (name, cases::parse(name, &rewritten))
        })
    };
    let bases = written(&base);
    let base = cases::parse("base", &base);
    for (name, rewritten) in &bases {
        assert_eq!(told_of(&base, rewritten), Told::new(), "{name}");
        assert_eq!(told_of(rewritten, &base), Told::new(), "{name}, backward");
    }
    let cases = cases::all();
    let compare = |case: &Case| {
        let patched = case.patched();
        let others = written(&patched);
        let patched = cases::parse("patched", &patched);
        let (forward, backward) = (told_of(&base, &patched), told_of(&patched, &base));
        for ((name, rewritten), (_, other)) in bases.iter().zip(&others) {
            let name = format!("{}, {name}", case.name);
            assert_eq!(told_of(&base, other), forward, "{name}");
            assert_eq!(told_of(rewritten, other), forward, "{name}, both");
            assert_eq!(told_of(other, &base), backward, "{name}, backward");
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for cases in cases.chunks(cases.len().div_ceil(threads)) {
            scope.spawn(|| cases.iter().for_each(&compare));
        }
    });
}

/// The places in the base and in the revision.
type Places = BTreeSet<(String, String)>;

fn places(base: &str, revision: &str) -> Places {
    let changes = cases::compare(base, revision);
    let pointers = |it: Change| (it.base.pointer, it.revision.pointer);
    changes.into_iter().map(pointers).collect()
}

fn assert_same_places(base: &str, revision: &str, name: &str) {
    let backward = places(revision, base).into_iter();
    let swapped: Places = backward.map(|(old, new)| (new, old)).collect();
    assert_eq!(places(base, revision), swapped, "{name}");
}

#[test]
fn both_ways_tell_of_the_same_places() {
    let base = cases::base();
    for case in cases::all() {
        assert_same_places(&base, &case.patched(), &case.name);
    }
}

/// The base with the patches of some cases, as far as these don't get into each other's way.
fn combined(cases: &[Case], chosen: &[usize]) -> (String, String) {
    let mut text = cases::base();
    let mut names = Vec::new();
    for case in chosen.iter().map(|index| &cases[*index]) {
        if let Ok(patched) = cases::patched(&text, &case.patches) {
            text = patched;
            names.push(case.name.as_str());
        }
    }
    (text, names.join(", "))
}

fn some_cases() -> impl Strategy<Value = Vec<usize>> {
    let all = cases::all().len();
    subsequence((0..all).collect::<Vec<_>>(), 0..8).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn combinations_of_changes_tell_of_the_same_places_both_ways(
        from in some_cases(),
        to in some_cases(),
    ) {
        let cases = cases::all();
        let ((base, _), (revision, names)) = (combined(&cases, &from), combined(&cases, &to));
        if Document::parse(String::new(), base.clone()).is_ok()
            && Document::parse(String::new(), revision.clone()).is_ok()
        {
            assert_same_places(&base, &revision, &names);
        }
    }

    #[test]
    fn any_text_is_compared_or_refused(text in "\\PC*", at in any::<prop::sample::Index>()) {
        let base = cases::base();
        let lines: Vec<&str> = base.lines().collect();
        let kept = lines[..at.index(lines.len())].join("\n");
        for text in [text.clone(), format!("{kept}\n{text}"), format!("{kept}{text}")] {
            if let Ok(document) = Document::parse(String::new(), text) {
                let _ = xtask_diff::compare(&cases::parse("base", &base), &document);
                let _ = xtask_diff::compare(&document, &cases::parse("base", &base));
            }
        }
    }

    #[test]
    fn any_value_in_any_place_is_compared_or_refused(
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        scalar in 0..8_usize,
    ) {
        let base = cases::base();
        let mut value = cases::parse("base", &base).root.to_value();
        let mut pointers = Vec::new();
        collect(&value, String::new(), &mut pointers);
        let moved = value.pointer(&pointers[from.index(pointers.len())]).unwrap().clone();
        let scalars = [
            json!(null), json!(true), json!(-1), json!(1e300), json!(""), json!([]), json!({}), moved,
        ];
        *value.pointer_mut(&pointers[at.index(pointers.len())]).unwrap() = scalars[scalar].clone();
        let document = cases::parse("changed", &value.to_string());
        let _ = xtask_diff::compare(&cases::parse("base", &base), &document);
        let _ = xtask_diff::compare(&document, &cases::parse("base", &base));
    }
}

/// As many mutated documents as `PROPTEST_CASES` says, or so many as take seconds.
fn few() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|it| it.parse().ok()).unwrap_or(60),
        rng_seed: RngSeed::Fixed(16),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_mutated_document_does_not_differ_from_itself(
        moves in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, bool)>(), 1..8),
    ) {
        let mut value = cases::parse("base", &cases::base()).root.to_value();
        for (from, to, append) in moves {
            let mut pointers = Vec::new();
            collect(&value, String::new(), &mut pointers);
            let moved = value.pointer(&pointers[from.index(pointers.len())]).unwrap().clone();
            match value.pointer_mut(&pointers[to.index(pointers.len() - 1)]).unwrap() {
                Value::Array(items) if append => items.push(moved),
                other => *other = moved,
            }
            // Two of one name or of one URL.
            for list in ["/servers", "/tags"] {
                if let Some(items) = value.pointer_mut(list).and_then(Value::as_array_mut)
                    && append
                    && let Some(first) = items.first().cloned()
                {
                    let mut second = first;
                    if let Some(second) = second.as_object_mut() {
                        second.insert("description".to_owned(), json!(items.len()));
                    }
                    items.push(second);
                }
            }
        }
        let text = value.to_string();
        let (document, reversed) = (cases::parse("m", &text), cases::parse("m", &rewrites::reversed(&text)));
        for other in [&document, &reversed] {
            if let Ok(changes) = xtask_diff::compare(&document, other) {
                prop_assert!(changes.is_empty(), "{changes:?}\n{text}");
            }
        }
    }
}

fn collect(value: &Value, pointer: String, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(inner, format!("{pointer}/{key}"), all);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, format!("{pointer}/{index}"), all);
            }
        }
        _ => {}
    }
    all.push(pointer);
}

/// A document whose one operation receives the schema `A`.
fn with_schemas(schemas: &str) -> String {
    format!(
        "openapi: 3.0.3\npaths: {{ /a: {{ get: {{ operationId: a, responses: {{ '200': {{ content: \
         {{ application/json: {{ schema: {{ $ref: '#/components/schemas/A' }} }} }} }} }} }} }} }}\n\
         components: {{ schemas: {{ {schemas} }} }}\n"
    )
}

#[test]
fn schemas_that_hold_themselves_come_to_an_end() {
    const A: &str = "$ref: '#/components/schemas/A'";
    const B: &str = "$ref: '#/components/schemas/B'";
    // `leaf` is what changes.
    let circles = [
        format!("A: {{ properties: {{ next: {{ {A} }}, leaf: {{ type: LEAF }} }} }}"),
        format!("A: {{ type: array, items: {{ anyOf: [{{ {A} }}, {{ type: LEAF }}] }} }}"),
        format!(
            "A: {{ additionalProperties: {{ {A} }}, properties: {{ leaf: {{ type: LEAF }} }} }}"
        ),
        format!(
            "A: {{ properties: {{ b: {{ {B} }} }} }}, \
             B: {{ allOf: [{{ properties: {{ a: {{ {A} }}, leaf: {{ type: LEAF }} }} }}] }}"
        ),
        format!(
            "A: {{ oneOf: [{{ type: object, properties: {{ next: {{ {A} }} }} }}, \
             {{ type: array, items: {{ {A} }} }}, {{ type: LEAF }}] }}"
        ),
        format!(
            "A: {{ type: object, not: {{ properties: {{ a: {{ {A} }}, b: {{ type: LEAF }} }} }} }}"
        ),
        format!(
            "A: {{ anyOf: [{{ type: array, items: {{ {B} }} }}, {{ type: LEAF }}] }}, \
             B: {{ oneOf: [{{ properties: {{ a: {{ {A} }} }} }}, {{ not: {{ items: {{ {B} }} }} }}] }}"
        ),
    ];
    for schemas in circles {
        let of = |leaf: &str| with_schemas(&schemas.replace("LEAF", leaf));
        assert_eq!(told(&of("string"), &of("string")), Told::new(), "{schemas}");
        assert_ne!(
            told(&of("string"), &of("integer")),
            Told::new(),
            "{schemas}"
        );
        assert_same_places(&of("string"), &of("integer"), &schemas);
    }
}

#[test]
fn alternatives_in_alternatives_are_compared_once_each() {
    // Were each level compared anew for each alternative above it, this would never end.
    let nested = |leaf: &str| {
        (0..24).fold(format!("{{ type: {leaf} }}"), |inner, level| {
            format!(
                "{{ oneOf: [{{ type: object, properties: {{ p{level}: {inner} }} }}, \
                 {{ type: boolean }}] }}"
            )
        })
    };
    let of = |leaf: &str| with_schemas(&format!("A: {}", nested(leaf)));
    assert_eq!(told(&of("string"), &of("string")), Told::new());
    assert_eq!(told(&of("string"), &of("integer")).len(), 1);
}

#[test]
fn alternatives_in_many_components_are_compared_in_bounded_depth() {
    let of = |leaf: &str| {
        let links = (0..400).map(|link| {
            let (name, next) = match link {
                0 => ("A".to_owned(), 1),
                _ => (format!("A{link}"), link + 1),
            };
            format!(
                "{name}: {{ oneOf: [{{ type: boolean }}, {{ type: object, title: {leaf}, properties: \
                 {{ next: {{ $ref: '#/components/schemas/A{next}' }} }} }}] }}, "
            )
        });
        with_schemas(&format!(
            "{}A400: {{ type: {leaf} }}",
            links.collect::<String>()
        ))
    };
    assert_eq!(told(&of("string"), &of("string")), Told::new());
    let told = told(&of("string"), &of("integer"));
    let rules: Vec<_> = told.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["description-changed", "response-type-changed"]);
}

#[test]
fn references_that_lead_on_and_on_come_to_an_end() {
    let chain = |order: &mut dyn Iterator<Item = usize>| {
        let links = order.map(|link| {
            let next = link + 1;
            format!("A{link}: {{ allOf: [{{ $ref: '#/components/schemas/A{next}' }}] }}, ")
        });
        with_schemas(&format!(
            "{}A20000: {{ type: string }}, A: {{ $ref: '#/components/schemas/A0' }}",
            links.collect::<String>()
        ))
    };
    for text in [chain(&mut (0..20_000)), chain(&mut (0..20_000).rev())] {
        let document = cases::parse("chain", &text);
        assert_eq!(xtask_diff::compare(&document, &document).unwrap().len(), 0);
    }
}
