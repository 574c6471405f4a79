//! The report shown in `xtask/README.md` is one that the program makes.

use xtask_spec::workspace;

use crate::picture::assert_shown;
use crate::workspace::compare_in_colour;

/// A spec of its own, so that a change to the real one leaves the README as it is.
const SPEC: &str = include_str!("readme.yaml");

#[test]
fn the_report_is_the_picture_in_the_readme() {
    let edits = [
        ("- eu.example\n", "- eu.example\n          - uk.example\n"),
        ("required: [since, user]", "required: [since]"),
        ("'Address.'", "'E-mail address.'"),
    ];
    let revised = edits.iter().fold(SPEC.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let report = compare_in_colour(SPEC, &revised);
    report.assert_reported(1, &[]);
    let root = workspace::root();
    assert_shown(&root, "spec_diff", "xtask/README.md", &report.out);
}
