//! The report shown in `xtask/README.md` is one that the program makes.

use std::fs;

use xtask_spec::workspace;

use crate::workspace::compare;

/// A spec of its own, so that a change to the real one leaves the README as it is.
const SPEC: &str = include_str!("readme.yaml");

#[test]
fn the_readme_shows_a_real_report() {
    let edits = [
        ("- eu.example\n", "- eu.example\n          - uk.example\n"),
        ("required: [since, user]", "required: [since]"),
        ("E-mail address.", "E-mail address, if known."),
    ];
    let revised = edits.iter().fold(SPEC.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let report = compare(SPEC, &revised, &[]);
    report.assert_reported(1, &[]);
    let (_, report) = report.out.split_once('\n').unwrap();
    let readme = fs::read_to_string(workspace::root().join("xtask/README.md")).unwrap();
    let shown = readme.split("```text\n").skip(1).find_map(|block| {
        let (block, _) = block.split_once("```\n")?;
        block.contains("Rust code: ").then_some(block)
    });
    assert_eq!(shown, Some(report), "the README should show:\n{report}");
}
