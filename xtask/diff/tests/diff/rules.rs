//! Each case has its verdicts, and each rule has a case.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use expect_test::expect_file;
use xtask_diff::rules;
use xtask_diff::{Change, Location};

use crate::cases::{self, Verdicts};

/// The rules that only generated code can hit: in `cli` and `rust`.
const OF_RUST: [&str; 4] = [
    "component-renamed",
    "rust-item-removed",
    "rust-item-changed",
    "rust-item-added",
];

fn verdicts(changes: &[Change]) -> Verdicts {
    let verdict = |change: &Change| (change.rule.id.to_owned(), change.rule.wire.to_string());
    changes.iter().map(verdict).collect()
}

#[test]
fn each_case_has_its_verdicts_both_ways() {
    let base = cases::base();
    let mut wrong = Vec::new();
    for case in cases::all() {
        let patched = case.patched();
        for (way, expected, (from, to)) in [
            ("forward", &case.forward, (&base, &patched)),
            ("backward", &case.backward, (&patched, &base)),
        ] {
            let found = verdicts(&cases::compare(from, to));
            if found != *expected {
                wrong.push(format!(
                    "{} {way}\n  expected {expected:?}\n  found    {found:?}\n",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.concat());
}

/// What is told of a case both ways, which the file beside it holds.
#[test]
fn each_case_is_told_in_its_words() {
    let base = cases::base();
    for case in cases::all() {
        let patched = case.patched();
        let forward = told(&cases::compare(&base, &patched));
        let backward = told(&cases::compare(&patched, &base));
        let both = format!("{forward}==== backward\n{backward}");
        expect_file![cases::folder().join(format!("cases/{}.txt", case.name))].assert_eq(&both);
    }
}

fn told(changes: &[Change]) -> String {
    let place = |location: &Location| {
        let place = location.place.map(|it| it.to_string()).unwrap_or_default();
        format!("  {place} #{}\n", location.pointer)
    };
    let each = |change: &Change| {
        let (base, revision) = (place(&change.base), place(&change.revision));
        let places = if base == revision {
            base
        } else {
            base + &revision
        };
        let operations = change.operations.join(", ");
        let head = format!("{}  {}  {operations}", change.rule.wire, change.rule.id);
        let witness = change
            .witness
            .iter()
            .map(|value| format!("  for example {value}\n"));
        let witness = witness.collect::<String>();
        format!(
            "{}\n  {}\n{witness}{places}",
            head.trim_end(),
            change.message
        )
    };
    changes.iter().map(each).collect()
}

#[test]
fn each_rule_is_hit_by_a_case() {
    let mut missed: BTreeSet<&str> = rules::all().map(|rule| rule.id).collect();
    for case in cases::all() {
        for id in case.forward.keys().chain(case.backward.keys()) {
            missed.remove(id.as_str());
        }
    }
    // What no keyword explains comes from components elsewhere: `documents` has it.
    for id in ["request-schema-changed", "response-schema-changed"] {
        assert!(missed.remove(id), "{id}");
    }
    assert_eq!(missed, BTreeSet::from(OF_RUST));
}

#[test]
fn each_change_tells_where_it_is_and_which_operations_it_touches() {
    let base = cases::base();
    for case in cases::all() {
        for change in cases::compare(&base, &case.patched()) {
            let message = &change.message;
            let of_document = change.base.pointer.is_empty()
                || ["/info", "/tags", "/externalDocs", "/openapi"]
                    .iter()
                    .any(|part| change.base.pointer.starts_with(part));
            assert_eq!(change.operations.is_empty(), of_document, "{message}");
            assert!(change.base.place.is_some(), "{message}");
            assert!(change.revision.place.is_some(), "{message}");
        }
    }
}

#[test]
fn no_two_rules_have_the_same_id() {
    let ids: Vec<&str> = rules::all().map(|rule| rule.id).collect();
    let unique: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
}

#[test]
fn the_table_in_the_repository_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules.md");
    let remedy = "run `cargo xtask diff --rules > xtask/diff/rules.md`";
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        rules::table(),
        "{remedy}"
    );
}
