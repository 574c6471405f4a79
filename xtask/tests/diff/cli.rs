//! Arguments, exit codes and forms of the program, in repositories of its own.

use std::fs;

use xtask_diff::rules as table;

use crate::workspace::{LIMIT, PAGE, SPEC, Workspace, rules, spec};

fn base() -> String {
    spec("base", LIMIT)
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

#[test]
fn by_default_the_working_tree_is_compared_with_the_start_of_the_branch() {
    let workspace = Workspace::with(&base());
    let start = workspace.git(&["rev-parse", "HEAD"]);
    workspace.git(&["checkout", "--quiet", "-b", "topic"]);
    workspace.write(SPEC, spec("topic", LIMIT));
    workspace.commit();
    // What happens on the main branch meanwhile is none of the branch's changes.
    workspace.git(&["checkout", "--quiet", "main"]);
    workspace.write(SPEC, spec("base", PAGE));
    workspace.commit();
    workspace.git(&["checkout", "--quiet", "topic"]);
    workspace.write(SPEC, spec("worktree", LIMIT));

    let report = workspace.json(&[]);
    assert_eq!(
        report["base"],
        format!("{} (merge base with main)", short(&start))
    );
    assert_eq!(report["revision"], "the working tree");
    assert_eq!(rules(&report), ["description-changed"]);
    let message = report["changes"][0]["message"].as_str().unwrap();
    assert!(message.contains("from `base` to `worktree`"), "{message}");
}

#[test]
fn the_main_branch_of_the_remote_goes_first() {
    let workspace = Workspace::with(&base());
    let start = workspace.git(&["rev-parse", "HEAD"]);
    workspace.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    workspace.write(SPEC, spec("local", LIMIT));
    workspace.commit();
    let report = workspace.json(&[]);
    assert_eq!(
        report["base"],
        format!("{} (merge base with origin/main)", short(&start))
    );
    assert_eq!(rules(&report), ["description-changed"]);
}

#[test]
fn without_a_main_branch_the_base_is_the_last_commit() {
    let workspace = Workspace::with(&base());
    workspace.git(&["branch", "--quiet", "--move", "only"]);
    workspace.write(SPEC, spec("second", LIMIT));
    workspace.commit();
    let head = workspace.git(&["rev-parse", "HEAD"]);
    workspace.write(SPEC, spec("third", LIMIT));
    let report = workspace.json(&[]);
    assert_eq!(report["base"], format!("{} (HEAD)", short(&head)));
    let message = report["changes"][0]["message"].as_str().unwrap();
    assert!(message.contains("from `second` to `third`"), "{message}");
}

#[test]
fn files_revisions_paths_in_revisions_and_standard_input_are_compared() {
    let workspace = Workspace::with(&base());
    workspace.git(&["tag", "v1"]);
    workspace.write("old/spec.yaml", spec("old", LIMIT));
    workspace.commit();
    workspace.write("file.yaml", spec("file", LIMIT));
    let file = workspace.path("file.yaml");
    let file = file.to_str().unwrap();
    for (args, message, labels) in [
        (
            &["v1", "file.yaml"][..],
            "from `base` to `file`",
            ["v1", "file.yaml"],
        ),
        (
            &["HEAD~1", file],
            "from `base` to `file`",
            ["HEAD~1", "file.yaml"],
        ),
        (
            &["HEAD:old/spec.yaml", "main"],
            "from `old` to `base`",
            ["HEAD:old/spec.yaml", "main"],
        ),
        (
            &["file.yaml"],
            "from `file` to `base`",
            ["file.yaml", "the working tree"],
        ),
    ] {
        let report = workspace.json(args);
        let found = report["changes"][0]["message"].as_str().unwrap();
        assert!(found.contains(message), "{args:?}: {found}");
        assert_eq!([&report["base"], &report["revision"]], labels, "{args:?}");
    }
    for (args, message) in [
        (&["-", "v1"][..], "from `piped` to `base`"),
        (&["v1", "-"], "from `base` to `piped`"),
    ] {
        let outcome = workspace.diff_of_input(args, spec("piped", LIMIT));
        outcome.assert_reported(0, &[message, "standard input"]);
    }
}

#[test]
fn a_file_goes_before_a_revision_of_the_same_name() {
    let workspace = Workspace::with(&base());
    workspace.git(&["tag", "both"]);
    workspace.write("both", spec("file", LIMIT));
    let report = workspace.json(&["both", "HEAD"]);
    let message = report["changes"][0]["message"].as_str().unwrap();
    assert!(message.contains("from `file` to `base`"), "{message}");
}

#[test]
fn the_exit_code_says_whether_the_threshold_is_reached() {
    let same = base();
    let docs = spec("other", LIMIT);
    let loosened = spec("base", &format!("{LIMIT}, {PAGE}"));
    let breaking = spec("base", "");
    // Of what has another API in Rust, there is no telling without the generator.
    for (revision, codes) in [
        (same, [0, 0, 0, 0]),
        (docs, [0, 0, 1, 0]),
        (loosened, [0, 1, 1, 0]),
        (breaking, [1, 1, 1, 0]),
    ] {
        let workspace = Workspace::with(&base());
        workspace.write(SPEC, revision);
        for (threshold, code) in ["breaking", "rust-breaking", "any", "none"]
            .iter()
            .zip(codes)
        {
            workspace
                .diff(&["--fail-on", threshold])
                .assert_reported(code, &["(HEAD) → the working tree"]);
        }
        workspace.diff(&[]).assert_reported(codes[0], &[]);
        workspace
            .diff(&["--summary"])
            .assert_reported(codes[0], &["version: "]);
    }
}

#[test]
fn the_summary_has_the_version_and_the_lines_for_the_changelog() {
    let workspace = Workspace::with(&base());
    workspace
        .diff(&["--summary"])
        .assert_reported(0, &["version: unchanged\n"]);
    workspace.write(SPEC, spec("other", LIMIT));
    workspace.diff(&["--summary"]).assert_reported(
        0,
        &[
            "version: patch\n",
            "### API\n\n- Docs: info.description changed",
        ],
    );
    workspace.write(SPEC, spec("base", ""));
    workspace.diff(&["--summary"]).assert_reported(
        1,
        &[
            "version: major (below 1.0: minor)\n",
            "changes: 1 breaking; Rust code: unknown\n",
            "### API\n\n- Breaking, Rust code unknown: `getA`: query parameter `limit` removed\n",
        ],
    );
}

#[test]
fn only_the_operations_of_the_base_are_compared_and_no_words() {
    let workspace = Workspace::with(&base());
    let more = "  /b: { get: { operationId: getB, responses: { '204': { description: x } } } }\n";
    let whole = spec("vendor", PAGE).replacen(
        "paths:\n",
        &format!("tags: [{{ name: b }}]\npaths:\n{more}"),
        1,
    );
    workspace.write("vendor.yaml", &whole);
    let args = ["HEAD", "vendor.yaml", "--operations-of", "base"];
    let told = |args: &[&str]| {
        let mut told: Vec<_> = rules(&workspace.json(args))
            .into_iter()
            .map(str::to_owned)
            .collect();
        told.sort();
        told
    };
    let expected = [
        "description-changed",
        "optional-parameter-added",
        "parameter-removed",
    ];
    assert_eq!(told(&args), expected);
    assert_eq!(told(&[&args[..], &["--no-docs"]].concat()), expected[1..]);
    let all = told(&args[..2]);
    assert!(all.contains(&"operation-added".to_owned()), "{all:?}");
    assert!(all.contains(&"tags-changed".to_owned()), "{all:?}");
    let refused = workspace.diff(&["--operations-of", "revision"]);
    assert_eq!(refused.code, Some(2));
}

#[test]
fn what_is_not_a_terminal_gets_no_colours() {
    let workspace = Workspace::with(&base());
    workspace.write(SPEC, spec("base", ""));
    let piped = workspace.diff(&[]);
    assert!(!piped.out.contains('\u{1b}'), "{}", piped.out);
    let coloured = |no_color: Option<&str>| {
        let mut command = workspace.command(&[]);
        // As if the output were a terminal.
        command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(coloured(None).contains('\u{1b}'));
    assert_eq!(
        anstream::adapter::strip_str(&coloured(None)).to_string(),
        piped.out
    );
    assert_eq!(coloured(Some("1")), piped.out);
}

#[test]
fn annotations_are_at_the_lines_of_the_spec() {
    let workspace = Workspace::with(&base());
    workspace.write(SPEC, spec("other", LIMIT));
    let outcome = workspace.diff(&["--format", "github"]);
    outcome.assert_reported(0, &[&format!("::notice file={SPEC},line=2,col=33,title=")]);
}

#[test]
fn the_rules_are_those_of_the_table_in_the_repository() {
    let workspace = Workspace::bare("");
    let outcome = workspace.diff(&["--rules"]);
    outcome.assert_reported(0, &[]);
    assert_eq!(outcome.out, table::table());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/diff/rules.md");
    assert_eq!(outcome.out, fs::read_to_string(path).unwrap());
}

#[test]
fn help_says_what_the_arguments_and_exit_codes_mean() {
    let workspace = Workspace::bare("");
    workspace.diff(&["--help"]).assert_reported(
        0,
        &[
            "[BASE] [REVISION]",
            "--fail-on",
            "--operations-of",
            "--no-docs",
            "accepted-changes.toml",
            "Exit codes:",
            "standard input",
        ],
    );
}

#[test]
fn usage_that_makes_no_sense_is_refused() {
    let workspace = Workspace::with(&base());
    for args in [
        &["--format", "xml"][..],
        &["--fail-on", "sometimes"],
        &["--summary", "--format", "json"],
        &["--rules", "main"],
        &["a", "b", "c"],
    ] {
        let outcome = workspace.diff(args);
        assert_eq!(
            (outcome.code, outcome.out.as_str()),
            (Some(2), ""),
            "{args:?}"
        );
        assert!(outcome.error.starts_with("error: "), "{}", outcome.error);
    }
}
