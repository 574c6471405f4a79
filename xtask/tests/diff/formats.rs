//! The forms of a report, of a few documents with changes of many kinds.

use std::path::Path;

use expect_test::expect_file;
use serde_json::{Value, json};

use crate::workspace::compare;

const BASE: &str = include_str!("formats/base.yaml");

/// What is told of a change to the base in all forms, which the file of the name holds.
fn assert_forms(name: &str, edits: &[(&str, &str)]) {
    let revision = edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let mut told = String::new();
    for args in [
        ["--format", "text"],
        ["--format", "markdown"],
        ["--format", "github"],
        ["--format", "json"],
        ["--summary", "--fail-on=none"],
    ] {
        let outcome = compare(BASE, &revision, &args);
        assert_eq!(outcome.error, "");
        told.extend(["==== ", args[0], " ", args[1], "\n", &outcome.out]);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/formats");
    expect_file![folder.join(format!("{name}.txt"))].assert_eq(&told);
}

#[test]
fn changes_of_all_levels() {
    assert_forms(
        "all-levels",
        &[
            ("A list of widgets.", "Widgets, the newest first."),
            (
                "        - { name: limit",
                "        - { name: page, in: query, schema: { type: integer } }\n        - { name: limit",
            ),
            ("required: [id, kind]", "required: [kind]"),
            ("enum: [bolt, nut]", "enum: [bolt, nut, gear]"),
        ],
    );
}

#[test]
fn changes_in_rust_only() {
    assert_forms(
        "rust-only",
        &[
            (
                "kind: { $ref: '#/components/schemas/Kind' }",
                "kind: { $ref: '#/components/schemas/Sort' }",
            ),
            ("    Kind:", "    Sort:"),
        ],
    );
}

#[test]
fn changes_of_the_document_and_of_no_known_code() {
    assert_forms(
        "unknown-code",
        &[
            ("version: 1.0.0", "version: 2.0.0"),
            ("operationId: createWidget", "operationId: list_widgets"),
            ("in: header, name: X-Key", "in: query, name: key"),
        ],
    );
}

#[test]
fn a_document_against_itself_is_empty_in_all_forms() {
    for (args, expected) in [
        (
            ["--format", "text"],
            "base.yaml → revision.yaml\nno changes\n",
        ),
        (
            ["--format", "markdown"],
            "### Spec diff: no changes\n\n`base.yaml` → `revision.yaml`\n",
        ),
        (["--format", "github"], "spec diff: no changes\n"),
        (
            ["--summary", "--fail-on=any"],
            "version: unchanged\nchanges: no changes\n",
        ),
    ] {
        let outcome = compare(BASE, BASE, &args);
        outcome.assert_reported(0, &[]);
        assert_eq!(outcome.out, expected);
    }
    let outcome = compare(BASE, BASE, &["--format", "json", "--fail-on", "any"]);
    outcome.assert_reported(0, &[]);
    let report: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(report["changes"], json!([]));
    assert_eq!(report["summary"]["rust"], "compatible");
}

/// A name that would clear a terminal, set its title, begin a command of GitHub's and of Azure's, leave its
/// code span and mention a team.
const HOSTILE: &str = r#""x\n::error::y\e[2J\e]0;t\a ##[error]z \u202e``<img src=x> @org/team""#;

#[test]
fn nothing_of_a_document_is_a_command() {
    let edits = [
        ("components:\n", "tags: [{ name: HOSTILE }]\ncomponents:\n"),
        (
            "        id: {",
            "        HOSTILE: { type: string }\n        id: {",
        ),
        ("nut] }", "nut, HOSTILE] }\n    T: { type: object }"),
        ("operationId: createWidget", "operationId: HOSTILE"),
        ("description: A list of widgets.", "description: HOSTILE"),
        ("name: limit", "name: HOSTILE"),
    ];
    let revision = edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
        text.replacen(from, &to.replace("HOSTILE", HOSTILE), 1)
    });
    for args in [
        ["--format", "text"],
        ["--format", "markdown"],
        ["--format", "github"],
        ["--format", "json"],
        ["--summary", "--fail-on=none"],
    ] {
        let out = compare(BASE, &revision, &args).out;
        let is_command = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!out.contains(is_command), "{args:?} {out:?}");
        assert!(!out.contains("##[error]"), "{args:?} {out}");
        let ours = |line: &str| args[1] == "github" && line.contains(" file=revision.yaml,");
        let mut commands = out.lines().filter(|it| it.trim_start().starts_with("::"));
        assert!(commands.all(ours), "{args:?} {out}");
        if args[1] == "markdown" {
            assert!(!out.contains("``"), "{out}");
            let open = |part: &str| part.contains("<img") && !part.contains("\\<img");
            let outside = out.lines().flat_map(|line| line.split('`').step_by(2));
            assert!(!outside.clone().any(open), "{out}");
            assert!(!outside.into_iter().any(|it| it.contains("@org")), "{out}");
        }
    }
}
