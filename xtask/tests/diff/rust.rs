//! What `cargo xtask diff` says of Rust, with the generator: by the code that both specs give.

use std::fs;

use tempfile::TempDir;
use xtask::diff::report::{FailOn, Report};
use xtask::diff::rules::Wire;
use xtask::diff::{self, Change, Options, Rust};

const BASE: &str = "\
openapi: 3.0.3
info: { title: Widgets, version: 1.0.0 }
paths:
  /widgets:
    post:
      operationId: createWidget
      summary: Make a widget
      parameters:
        - { name: dry_run, in: query, schema: { type: boolean } }
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/Widget' } } }
      responses:
        '200':
          description: The widget.
          content: { application/json: { schema: { $ref: '#/components/schemas/Widget' } } }
components:
  schemas:
    Widget:
      type: object
      required: [name, kind]
      properties:
        name: { type: string, description: What it is called. }
        kind: { $ref: '#/components/schemas/Kind' }
        size: { type: object, properties: { width: { type: integer } } }
    Kind: { type: string, enum: [bolt, nut] }
";

/// The base with a text, which stands in it, replaced by another.
fn with(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from:?}");
    BASE.replace(from, to)
}

fn report(base: &str, revision: &str) -> Report {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Some(path.to_str().unwrap().to_owned())
    };
    let options = Options {
        base: file("base.yaml", base),
        revision: file("revision.yaml", revision),
        accepted: None,
    };
    diff::run(&options).unwrap_or_else(|error| panic!("{error}"))
}

/// The one change from the base to a revision.
fn change(revision: &str) -> Change {
    let report = report(BASE, revision);
    assert_eq!(report.rust_unknown, None);
    match <[Change; 1]>::try_from(report.changes) {
        Ok([change]) => change,
        Err(changes) => panic!("{changes:#?}"),
    }
}

/// Rule, verdict on the wire, verdict on Rust.
fn verdict(change: &Change) -> (&str, Wire, Rust) {
    (change.rule.id, change.rule.wire, change.rust)
}

#[test]
fn a_component_with_another_name_and_the_same_shape_breaks_rust_only() {
    let change = change(&with("schemas/Kind", "schemas/Sort").replace("    Kind:", "    Sort:"));
    assert_eq!(
        verdict(&change),
        ("component-renamed", Wire::None, Rust::Breaking)
    );
    assert!(
        change.message.contains("`Kind` renamed to `Sort`"),
        "{}",
        change.message
    );
    assert_eq!(change.base.pointer, "/components/schemas/Kind");
    assert_eq!(change.revision.pointer, "/components/schemas/Sort");
}

#[test]
fn words_change_no_code() {
    let change = change(&with("What it is called.", "Its name."));
    assert_eq!(
        verdict(&change),
        ("description-changed", Wire::Docs, Rust::Compatible)
    );
    assert_eq!(change.rust_items, <[String; 0]>::default());
}

#[test]
fn an_operation_with_another_id_is_another_method() {
    let change = change(&with("createWidget", "makeWidget"));
    assert_eq!(
        verdict(&change),
        ("operation-id-changed", Wire::NonBreaking, Rust::Breaking)
    );
    let items = change.rust_items.join("\n");
    assert!(items.contains("`Client::create_widget` is gone"), "{items}");
}

#[test]
fn a_field_of_a_struct_that_users_build_breaks_them() {
    let report = report(
        BASE,
        &with(
            "        size:",
            "        note: { type: string }\n        size:",
        ),
    );
    let verdicts: Vec<_> = report.changes.iter().map(verdict).collect();
    let rules = [
        "request-optional-property-added",
        "response-optional-property-added",
    ];
    assert_eq!(
        verdicts,
        rules.map(|rule| (rule, Wire::NonBreaking, Rust::Breaking))
    );
    let items = report.changes[0].rust_items.join("\n");
    assert!(
        items.contains("Widget") && items.contains("note"),
        "{items}"
    );
    assert!(!report.fails(FailOn::Breaking));
    assert!(report.fails(FailOn::RustBreaking));
}

#[test]
fn a_variant_of_an_enum_is_told_by_its_name() {
    let report = report(BASE, &with("[bolt, nut]", "[bolt, nut, gear]"));
    let verdicts: Vec<_> = report
        .changes
        .iter()
        .map(|it| (it.rule.id, it.rule.wire))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("response-enum-value-added", Wire::Breaking),
            ("request-enum-value-added", Wire::NonBreaking),
        ]
    );
    for change in &report.changes {
        assert_eq!(change.rust, Rust::Breaking, "{change:?}");
        assert!(change.rust_items.join("\n").contains("Gear"), "{change:?}");
    }
}

#[test]
fn a_reference_written_out_is_another_type() {
    let inlined = with(
        "kind: { $ref: '#/components/schemas/Kind' }",
        "kind: { type: string, enum: [bolt, nut] }",
    );
    let report = report(BASE, &inlined);
    assert!(!report.changes.is_empty());
    for change in &report.changes {
        assert_eq!(
            (change.rule.wire, change.rust),
            (Wire::None, Rust::Breaking),
            "{change:?}"
        );
        assert!(change.rule.id.starts_with("rust-item-"), "{change:?}");
        assert!(change.message.starts_with("in Rust, "), "{change:?}");
    }
    assert!(!report.fails(FailOn::Breaking));
}

#[test]
fn a_parameter_is_an_argument() {
    let change = change(&with(
        "        - { name: dry_run",
        "        - { name: limit, in: query, schema: { type: integer } }\n        - { name: dry_run",
    ));
    assert_eq!(
        verdict(&change),
        (
            "optional-parameter-added",
            Wire::NonBreaking,
            Rust::Breaking
        )
    );
    assert!(
        change.rust_items.join("\n").contains("Option<i64>"),
        "{change:?}"
    );
}

#[test]
fn an_operation_is_a_method_more() {
    let operation = "  /parts:\n    get:\n      operationId: listParts\n      responses: { '204': { description: None. } }\n";
    let change = change(&with("components:\n", &format!("{operation}components:\n")));
    assert_eq!(
        verdict(&change),
        ("operation-added", Wire::NonBreaking, Rust::Compatible)
    );
}

#[test]
fn a_spec_without_code_leaves_rust_unknown_and_says_why() {
    // Two operations that would be one method.
    let twice = with(
        "components:\n",
        "  /parts:\n    get: { operationId: create_widget, responses: { '204': { description: None. } } }\ncomponents:\n",
    );
    let report = report(BASE, &twice);
    let why = report.rust_unknown.as_deref().unwrap();
    assert!(
        why.contains("revision.yaml has no generated code: "),
        "{why}"
    );
    assert!(why.contains("create_widget"), "{why}");
    assert!(
        report.changes.iter().all(|it| it.rust == Rust::Unknown),
        "{report:?}"
    );
    assert!(!report.fails(FailOn::Breaking));
    assert!(report.fails(FailOn::RustBreaking));
}
