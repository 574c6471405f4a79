//! What a change means for Rust, by the code that is checked in beside the specs.

use crate::workspace::{LIMIT, PAGE, SPEC, Workspace, rules, spec};

#[test]
fn checked_in_code_tells_what_a_change_means_for_rust() {
    let code = |arguments: &str| {
        format!(
            "pub struct Client;\nimpl Client {{ pub async fn get_a(&self{arguments}) -> u8 {{ 0 }} }}\n"
        )
    };
    let loosened = spec("base", &format!("{LIMIT}, {PAGE}"));
    for (arguments, rust, codes) in [
        ("", "compatible", [0, 0]),
        (", page: Option<i64>", "breaking", [0, 1]),
    ] {
        let workspace = Workspace::bare("");
        workspace.write_with_code(&spec("base", LIMIT), &code(""));
        workspace.git(&["init", "--quiet"]);
        workspace.commit();
        workspace.write_with_code(&loosened, &code(arguments));
        let report = workspace.json(&[]);
        assert_eq!(rules(&report), ["optional-parameter-added"]);
        let change = &report["changes"][0];
        assert_eq!(change["rust"], rust);
        assert_eq!(report["summary"]["rust"], rust);
        let items = change["rust_items"].as_array().unwrap();
        assert_eq!(items.is_empty(), rust == "compatible");
        for (threshold, code) in ["breaking", "rust-breaking"].iter().zip(codes) {
            let outcome = workspace.diff(&["--fail-on", threshold]);
            let told = rust.replace("breaking", "1 breaking");
            outcome.assert_reported(code, &[&format!("Rust code: {told}")]);
        }
        let bump = if rust == "compatible" {
            "minor"
        } else {
            "major"
        };
        let summary = workspace.diff(&["--summary"]);
        summary.assert_reported(0, &[&format!("version: {bump}")]);
    }
}

#[test]
fn code_that_changes_while_the_wire_stays_is_told() {
    let base = "pub mod types { pub struct Model { pub id: i64 } }\n";
    let wrapped = LIMIT.replace("{ type: integer }", "{ allOf: [{ type: integer }] }");
    for (code, rule, item) in [
        (
            base.replace("Model", "Thing"),
            "rust-item-removed",
            "`types::Model` is renamed to `types::Thing`",
        ),
        (
            base.replace("i64", "i32"),
            "rust-item-changed",
            "`types::Model.id` changes from `i64` to `i32`",
        ),
        (
            base.replace("pub id", "pub more: u8, pub id"),
            "rust-item-added",
            "`types::Model` has one more public field",
        ),
    ] {
        let workspace = Workspace::bare("");
        workspace.write_with_code(&spec("base", LIMIT), base);
        workspace.git(&["init", "--quiet"]);
        workspace.commit();
        workspace.write_with_code(&spec("base", &wrapped), &code);
        let report = workspace.json(&[]);
        assert_eq!(rules(&report), [rule]);
        assert_eq!(report["changes"][0]["level"], "none");
        assert_eq!(report["changes"][0]["rust"], "breaking");
        let message = report["changes"][0]["message"].as_str().unwrap();
        assert!(message.contains(item), "{message}");
        workspace.diff(&[]).assert_reported(0, &["1 in Rust only"]);
        workspace
            .diff(&["--summary"])
            .assert_reported(0, &["version: major"]);
    }
}

#[test]
fn without_a_generator_the_report_says_why_rust_is_unknown() {
    let workspace = Workspace::with(&spec("base", LIMIT));
    workspace.write(SPEC, spec("base", ""));
    workspace.diff(&[]).assert_reported(
        1,
        &[
            "Rust code: unknown",
            "breaking, Rust code unknown  parameter-removed",
            "cargo can't be started",
        ],
    );
    let report = workspace.json(&[]);
    let why = report["summary"]["rust_unknown_because"].as_str().unwrap();
    assert!(why.contains("cargo can't be started"), "{why}");
}
