//! What `cargo xtask diff` says of Rust, with the generator: by the code that both specs give.

use serde_json::{Value, json};

use crate::workspace::compare;

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

fn report(base: &str, revision: &str) -> Value {
    let outcome = compare(base, revision, &["--format", "json", "--fail-on", "none"]);
    outcome.assert_reported(0, &[]);
    serde_json::from_str(&outcome.out).unwrap()
}

/// The one change from the base to a revision.
fn change(revision: &str) -> Value {
    let mut report = report(BASE, revision);
    assert_eq!(report["summary"]["rust_unknown_because"], Value::Null);
    let changes = report["changes"].as_array_mut().unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    changes.remove(0)
}

/// Rule, verdict on the wire, verdict on Rust.
fn verdict(change: &Value) -> [&str; 3] {
    ["rule", "level", "rust"].map(|field| change[field].as_str().unwrap())
}

fn verdicts(report: &Value) -> Vec<[&str; 3]> {
    let changes = report["changes"].as_array().unwrap();
    changes.iter().map(verdict).collect()
}

fn assert_holds(texts: &Value, parts: &[&str]) {
    let texts = texts.to_string();
    for part in parts {
        assert!(texts.contains(part), "{part} is not in {texts}");
    }
}

/// Whether what is told reaches both thresholds.
fn assert_breaks_rust_only(revision: &str) {
    compare(BASE, revision, &["--fail-on", "breaking"]).assert_reported(0, &[]);
    compare(BASE, revision, &["--fail-on", "rust-breaking"]).assert_reported(1, &[]);
}

#[test]
fn a_component_with_another_name_and_the_same_shape_breaks_rust_only() {
    let change = change(&with("schemas/Kind", "schemas/Sort").replace("    Kind:", "    Sort:"));
    assert_eq!(verdict(&change), ["component-renamed", "none", "breaking"]);
    assert_holds(&change["message"], &["`Kind` renamed to `Sort`"]);
    let location = &change["location"];
    assert_eq!(location["base"]["pointer"], "#/components/schemas/Kind");
    assert_eq!(location["revision"]["pointer"], "#/components/schemas/Sort");
}

#[test]
fn words_change_no_code() {
    let change = change(&with("What it is called.", "Its name."));
    assert_eq!(
        verdict(&change),
        ["description-changed", "docs", "compatible"]
    );
    assert_eq!(change["rust_items"], json!([]));
}

#[test]
fn an_operation_with_another_id_is_another_method() {
    let change = change(&with("createWidget", "makeWidget"));
    let expected = ["operation-id-changed", "non-breaking", "breaking"];
    assert_eq!(verdict(&change), expected);
    assert_holds(&change["rust_items"], &["`Client::create_widget` is gone"]);
}

#[test]
fn a_field_of_a_struct_that_users_build_breaks_them() {
    let revision = with(
        "        size:",
        "        note: { type: string }\n        size:",
    );
    let report = report(BASE, &revision);
    let rules = [
        "request-optional-property-added",
        "response-optional-property-added",
    ];
    let expected = rules.map(|rule| [rule, "non-breaking", "breaking"]);
    assert_eq!(verdicts(&report), expected);
    assert_holds(&report["changes"][0]["rust_items"], &["Widget", "note"]);
    assert_breaks_rust_only(&revision);
}

#[test]
fn a_variant_of_an_enum_is_told_by_its_name() {
    let report = report(BASE, &with("[bolt, nut]", "[bolt, nut, gear]"));
    let expected = [
        ["response-enum-value-added", "breaking", "breaking"],
        ["request-enum-value-added", "non-breaking", "breaking"],
    ];
    assert_eq!(verdicts(&report), expected);
    for change in report["changes"].as_array().unwrap() {
        assert_holds(&change["rust_items"], &["Gear"]);
    }
}

#[test]
fn a_reference_written_out_is_another_type() {
    let inlined = with(
        "kind: { $ref: '#/components/schemas/Kind' }",
        "kind: { type: string, enum: [bolt, nut] }",
    );
    let report = report(BASE, &inlined);
    assert_ne!(report["changes"], json!([]));
    for change in report["changes"].as_array().unwrap() {
        let [rule, level, rust] = verdict(change);
        assert_eq!((level, rust), ("none", "breaking"), "{change}");
        assert!(rule.starts_with("rust-item-"), "{change}");
        assert_holds(&change["message"], &["in Rust, "]);
    }
    assert_breaks_rust_only(&inlined);
}

#[test]
fn a_parameter_is_an_argument() {
    let change = change(&with(
        "        - { name: dry_run",
        "        - { name: limit, in: query, schema: { type: integer } }\n        - { name: dry_run",
    ));
    let expected = ["optional-parameter-added", "non-breaking", "breaking"];
    assert_eq!(verdict(&change), expected);
    assert_holds(&change["rust_items"], &["Option<i64>"]);
}

#[test]
fn an_operation_is_a_method_more() {
    let operation = "  /parts:\n    get:\n      operationId: listParts\n      responses: { '204': { description: None. } }\n";
    let change = change(&with("components:\n", &format!("{operation}components:\n")));
    let expected = ["operation-added", "non-breaking", "compatible"];
    assert_eq!(verdict(&change), expected);
}

#[test]
fn a_spec_without_code_leaves_rust_unknown_and_says_why() {
    // Two operations that would be one method.
    let twice = with(
        "components:\n",
        "  /parts:\n    get: { operationId: create_widget, responses: { '204': { description: None. } } }\ncomponents:\n",
    );
    let report = report(BASE, &twice);
    assert_holds(
        &report["summary"]["rust_unknown_because"],
        &["revision.yaml has no generated code: ", "create_widget"],
    );
    for [_, _, rust] in verdicts(&report) {
        assert_eq!(rust, "unknown", "{report}");
    }
    assert_breaks_rust_only(&twice);
}

#[test]
fn a_method_that_calls_another_endpoint_breaks_rust_only() {
    let part = |first: &str, second: &str| {
        let operation = |path: &str, id: &str| {
            format!(
                "  {path}: {{ get: {{ operationId: {id}, responses: {{ '204': {{ description: None. }} }} }} }}\n"
            )
        };
        let operations = operation("/parts", first) + &operation("/v2/parts", second);
        with("components:\n", &format!("{operations}components:\n"))
    };
    for (first, second) in [("newParts", "parts"), ("oldParts", "parts")] {
        let report = report(&part("parts", "newParts"), &part(first, second));
        for [_, level, rust] in verdicts(&report) {
            assert_eq!((level, rust), ("non-breaking", "breaking"), "{report}");
        }
        let calls = "`Client::parts` calls GET /v2/parts instead of GET /parts";
        assert_holds(&report["changes"], &[calls]);
    }
}

#[test]
fn an_argument_of_the_same_type_that_means_another_parameter_breaks_rust() {
    let change = &report(BASE, &with("name: dry_run", "name: force"))["changes"][0];
    assert_eq!(change["rust"], "breaking", "{change}");
    assert_holds(
        &change["rust_items"],
        &["from (dry_run, body) to (force, body)"],
    );
}

#[test]
fn a_placeholder_is_known_by_its_position() {
    let parameter = |name: &str| {
        format!(
            "        - {{ name: {name}, in: path, required: true, schema: {{ type: string }} }}\n"
        )
    };
    let paths = |first: &str, second: &str| {
        with("/widgets:", &format!("/widgets/{{{first}}}/{{{second}}}:")).replace(
            "      parameters:\n",
            &format!(
                "      parameters:\n{}{}",
                parameter("shop"),
                parameter("shelf")
            ),
        )
    };
    let base = paths("shop", "shelf");
    assert_eq!(report(&base, &paths("shelf", "shop"))["changes"], json!([]));
    let elsewhere = base.replace("/widgets/{shop}/{shelf}:", "/widgets/{shelf}/of/{shop}:");
    let change = &report(&base, &elsewhere)["changes"][0];
    assert_eq!(change["rust"], "breaking");
}

#[test]
fn a_generator_that_crashes_or_would_not_end_leaves_rust_unknown() {
    let merged = |schemas: &str| {
        with(
            "components:\n  schemas:\n",
            &format!("components:\n  schemas:\n{schemas}"),
        )
    };
    let endless = merged(
        "    U: { properties: { u: { allOf: [{ $ref: '#/components/schemas/U' }, { required: [u] }] } } }\n",
    );
    let crash = merged(
        "    U: { allOf: [{ $ref: '#/components/schemas/S' }, { $ref: '#/components/schemas/V' }] }
    S: { type: object, properties: { c: { $ref: '#/components/schemas/S' }, a: { type: string } } }
    V: { type: object, properties: { c: { $ref: '#/components/schemas/V' }, b: { type: string } } }
",
    );
    for (revision, why) in [
        (
            &endless,
            "`allOf` combines a schema with one that contains it",
        ),
        (&crash, "the generator crashed"),
    ] {
        let report = report(BASE, revision);
        let summary = &report["summary"];
        assert_holds(&summary["rust_unknown_because"], &[why]);
    }
}
