//! The list of accepted changes: what it accepts is shown and doesn't fail, and it stays true.

use serde_json::{Value, json};

use crate::workspace::{ACCEPTED, LIMIT, Outcome, PAGE, SPEC, Workspace, spec};

/// A workspace in which two parameters were removed, with a list.
fn removed(list: &str) -> Workspace {
    let workspace = Workspace::with(&spec("x", &format!("{LIMIT}, {PAGE}")));
    workspace.write(SPEC, spec("x", ""));
    workspace.write(ACCEPTED, list);
    workspace
}

fn entry(rule: &str, location: &str, reason: &str) -> String {
    format!("[[accepted]]\nrule = '{rule}'\nlocation = '{location}'\nreason = '{reason}'\n")
}

fn removal(index: usize) -> String {
    let location = format!("#/paths/~1a/get/parameters/{index}");
    entry("parameter-removed", &location, "nobody used it")
}

#[test]
fn what_is_accepted_is_shown_and_does_not_fail() {
    let one = removed(&removal(0));
    one.diff(&[]).assert_reported(
        1,
        &[
            "2 breaking (1 accepted); Rust code: unknown",
            "  accepted: nobody used it\n",
        ],
    );
    let both = removed(&format!("# why\n{}\n{}", removal(0), removal(1)));
    let accepted = |outcome: Outcome, part: &str| outcome.assert_reported(0, &[part]);
    accepted(both.diff(&[]), "2 breaking (2 accepted)");
    accepted(both.diff(&["--fail-on", "any"]), "2 breaking (2 accepted)");
    accepted(
        both.diff(&["--format", "markdown"]),
        "**Breaking, Rust code unknown, accepted**",
    );
    accepted(
        both.diff(&["--format", "github"]),
        "%0Aaccepted: nobody used it",
    );
    let report = both.json(&[]);
    assert_eq!(report["changes"][0]["accepted"], "nobody used it");
    assert_eq!(report["summary"]["accepted"]["breaking"], 2);
    assert_eq!(report["summary"]["accepted"]["non-breaking"], 0);
    // It is breaking all the same, and its users read why.
    accepted(both.diff(&["--summary"]), "version: major");
    accepted(both.diff(&["--summary"]), "removed (nobody used it)");
}

#[test]
fn what_fails_comes_first_and_what_is_accepted_last() {
    let workspace = removed(&removal(0));
    workspace.write(SPEC, spec("y", ""));
    let report = workspace.json(&[]);
    let changes = report["changes"].as_array().unwrap().iter();
    let told: Vec<_> = changes.map(|it| (&it["level"], &it["accepted"])).collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], (&json!("breaking"), &Value::Null));
    assert_eq!(told[1], (&json!("docs"), &Value::Null));
    assert_eq!(told[2], (&json!("breaking"), &json!("nobody used it")));
}

#[test]
fn the_place_that_two_changes_share_accepts_neither() {
    let workspace = removed(&entry("parameter-removed", "#/paths/~1a/get", "x"));
    workspace.diff(&[]).assert_refused(&[
        "openapi/accepted-changes.toml:1:1: no change is a `parameter-removed` at `#/paths/~1a/get`",
        "there is one at `#/paths/~1a/get/parameters/0` and `#/paths/~1a/get/parameters/1`",
    ]);
}

#[test]
fn a_list_that_is_wrong_is_refused_at_its_line() {
    let stale = entry("operation-removed", "#/paths/~1a/get", "x");
    for (list, parts) in [
        (
            format!("{}\n{stale}", removal(0)),
            &[
                ":6:1: no change is a `operation-removed` at `#/paths/~1a/get`",
                "remove the entry",
            ][..],
        ),
        (
            entry("no-such-rule", "#/paths", "x"),
            &[
                ":1:1: `no-such-rule` is not a rule",
                "`cargo xtask diff --rules`",
            ],
        ),
        (
            entry("parameter-removd", "#/paths", "x"),
            &[
                ":1:1: `parameter-removd` is not a rule",
                "did you mean `parameter-removed`?",
            ],
        ),
        (
            entry("parameter-removed", "#/paths/~1a/get/parameters/0", "  "),
            &[
                ":1:1: the reason to accept `parameter-removed` is empty",
                "say why",
            ],
        ),
        (
            format!("{}because = 'x'\n", removal(0)),
            &[
                ":5:1: unknown field `because`",
                "`rule`, `location` and `reason`",
            ],
        ),
        (
            "[[accepted]]\nrule = 'x'\n".to_owned(),
            &[
                ":1:1: missing field `location`",
                "`rule`, `location` and `reason`",
            ],
        ),
        ("accepted = 3\n".to_owned(), &[":1:12: ", "[[accepted]]"]),
        ("[[accepted\n".to_owned(), &[":1:", "[[accepted]]"]),
    ] {
        let outcome = removed(&list).diff(&[]);
        outcome.assert_refused(parts);
        outcome.assert_refused(&["error: openapi/accepted-changes.toml:"]);
    }
}

#[test]
fn the_list_is_for_the_spec_of_the_working_tree() {
    let workspace = removed(&entry("no-such-rule", "#/paths", "x"));
    // Of another document it says nothing.
    workspace.write("other.yaml", spec("x", LIMIT));
    workspace
        .diff(&["HEAD", "other.yaml"])
        .assert_reported(1, &["1 breaking"]);
    // While nothing has changed there is nothing that it could be wrong about.
    workspace.write(SPEC, spec("x", &format!("{LIMIT}, {PAGE}")));
    workspace.diff(&[]).assert_reported(0, &["no changes"]);
}

#[test]
fn another_list_can_be_named() {
    let workspace = removed(&entry("no-such-rule", "#/paths", "x"));
    workspace.write("mine.toml", format!("{}{}", removal(0), removal(1)));
    workspace
        .diff(&["--accepted", "mine.toml"])
        .assert_reported(0, &["2 breaking (2 accepted)"]);
    let missing = ["error: none.toml: can't be read", "in TOML"];
    workspace
        .diff(&["--accepted", "none.toml"])
        .assert_refused(&missing);
    // It was asked for, also where there is nothing to accept.
    workspace
        .diff(&["--accepted", "none.toml", "HEAD", "HEAD"])
        .assert_refused(&missing);
}
