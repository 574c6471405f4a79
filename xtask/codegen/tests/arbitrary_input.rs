//! Whatever is in the file of a spec, it is used or refused without a panic.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use xtask_codegen::generate;
use xtask_spec::Document;

const SPEC: &str = include_str!("codegen/widgets.yaml");

/// All that is done with a spec. Whether it is refused, and where, is told in words.
fn used(bytes: Vec<u8>) -> Result<(), String> {
    let document = Document::from_bytes("spec.yaml".to_owned(), bytes)
        .map_err(|refused| refused.to_string())?;
    let ours = Document::parse("base.yaml".to_owned(), SPEC.to_owned());
    let ours = ours.map_err(|refused| refused.to_string())?;
    xtask_diff::compare(&ours, &document).map_err(|refused| refused.to_string())?;
    xtask_diff::compare(&document, &ours).map_err(|refused| refused.to_string())?;
    let lowered = xtask_codegen::lower(&document).map_err(|refused| refused.to_string())?;
    generate::generate(&document, &lowered)
        .map(drop)
        .map_err(|refused| refused.to_string())
}

fn run<S: Strategy>(cases: u32, inputs: &S, bytes: impl Fn(S::Value) -> Vec<u8>) {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    };
    let property = |input| {
        if let Err(words) = used(bytes(input)) {
            prop_assert!(words.contains("help: "), "{words}");
        }
        Ok(())
    };
    TestRunner::new(config).run(inputs, property).unwrap();
}

#[test]
fn any_bytes_are_refused() {
    let yaml = "([a-z$/]{1,8}: ?|- |\\[|\\{|\\}|\\]|,|&a |\\*a|!t |\\||>|'|\"|#|\n {0,6}|[0-9.e-]{1,5}|\t){0,40}";
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..300),
        any::<String>().prop_map(String::into_bytes),
        yaml.prop_map(String::into_bytes),
    ];
    run(512, &bytes, |bytes| bytes);
}

/// The spec with lines left out, doubled, swapped, or with a value that is another's.
#[test]
fn any_change_of_the_spec_is_used_or_refused() {
    let lines: Vec<&str> = SPEC.lines().collect();
    let at = || 0..lines.len();
    let change = (0..4_u8, at(), at());
    run(96, &vec(change, 1..4), |changes| {
        let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
        for (kind, one, other) in changes {
            match kind {
                0 => changed[one].clear(),
                1 => changed[one] = changed[other].clone(),
                2 => changed.swap(one, other),
                _ => {
                    let value = changed[other].split_once(": ").map(|it| it.1.to_owned());
                    if let (Some(value), Some((key, _))) = (value, changed[one].split_once(": ")) {
                        changed[one] = format!("{key}: {value}");
                    }
                }
            }
        }
        changed.join("\n").into_bytes()
    });
}
