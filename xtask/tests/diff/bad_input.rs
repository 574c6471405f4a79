//! Each bad input gets one message that names it, the place and the remedy, and exit code 2.

use crate::workspace::{SPEC, Workspace, spec};

const GOOD: &str = "openapi: 3.0.3\npaths: {}\n";

fn with_schema(schemas: &str) -> Vec<u8> {
    format!("{GOOD}components:\n  schemas:\n    A: {schemas}\n").into_bytes()
}

#[test]
fn a_document_that_cannot_be_used_is_refused() {
    let table: [(Vec<u8>, &[&str]); 17] = [
        (
            b"".to_vec(),
            &["bad.yaml: is empty", "must hold an OpenAPI 3.0 document"],
        ),
        (b"# a comment\n".to_vec(), &["bad.yaml: is empty"]),
        (
            b"a: \xff\n".to_vec(),
            &["bad.yaml:1:4: is not UTF-8", "save the file as UTF-8"],
        ),
        (
            b"a: [1\nb: 2\n".to_vec(),
            &["bad.yaml:2:", "is not valid YAML", "correct the syntax"],
        ),
        (b"{\"a\": 1".to_vec(), &["bad.yaml:", "is not valid YAML"]),
        (
            b"a: 1\nb: 2\na: 3\n".to_vec(),
            &["bad.yaml:3:1: duplicate key", "remove or rename"],
        ),
        (
            b"just text\n".to_vec(),
            &[
                "bad.yaml:1:1: is not an OpenAPI document",
                "write an OpenAPI 3.0",
            ],
        ),
        (
            b"[]\n".to_vec(),
            &["bad.yaml:1:1: is not an OpenAPI document"],
        ),
        (
            b"openapi: 3.0.3\n".to_vec(),
            &[
                "bad.yaml:1:1: is not an OpenAPI document: it has no mapping `paths`",
                "paths: {}",
            ],
        ),
        (
            b"swagger: '2.0'\npaths: {}\n".to_vec(),
            &["bad.yaml:1:1: #/swagger: is Swagger", "openapi: 3.0.3"],
        ),
        (
            b"openapi: 3.1.0\npaths: {}\n".to_vec(),
            &[
                "bad.yaml:1:1: #/openapi: is OpenAPI \"3.1.0\"; only 3.0",
                "openapi: 3.0.3",
            ],
        ),
        (
            with_schema("{ $ref: '#/components/schemas/B' }"),
            &[
                "bad.yaml:5:10: #/components/schemas/A/$ref: `#/components/schemas/B` doesn't exist",
                "correct the name, or add `B`",
            ],
        ),
        (
            with_schema("{ $ref: other.yaml#/A }"),
            &[
                "bad.yaml:5:10: ",
                "`other.yaml#/A` leads out of this document",
                "copy what it leads to",
            ],
        ),
        (
            with_schema("{ $ref: 'https://example.com/a.yaml' }"),
            &[
                "bad.yaml:5:10: ",
                "`https://example.com/a.yaml` leads out of this document",
            ],
        ),
        (
            with_schema("{ $ref: '#/components/schemas/A' }"),
            &[
                "bad.yaml:5:5: #/components/schemas/A: `A` is defined by itself",
                "break the circle",
            ],
        ),
        (
            with_schema(
                "{ allOf: [{ $ref: '#/components/schemas/B' }] }\n    B: { oneOf: [{ $ref: '#/components/schemas/A' }] }",
            ),
            &["bad.yaml:5:5: #/components/schemas/A: `A` is defined by itself"],
        ),
        (
            format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes(),
            &["bad.yaml:1:", "correct the syntax"],
        ),
    ];
    let workspace = Workspace::with(GOOD);
    for (text, parts) in table {
        workspace.write("bad.yaml", &text);
        workspace.diff(&["bad.yaml", SPEC]).assert_refused(parts);
        workspace.diff(&[SPEC, "bad.yaml"]).assert_refused(parts);
        let piped = workspace.diff_of_input(&[SPEC, "-"], &text);
        let first = parts[0].replace("bad.yaml", "standard input");
        piped.assert_refused(&[&first]);
    }
}

#[test]
fn what_cannot_be_found_is_refused() {
    let workspace = Workspace::with(GOOD);
    workspace.write("folder/x", "");
    for (argument, parts) in [
        (
            "missing.yaml",
            &[
                "missing.yaml: is neither a file nor a git revision",
                "correct the path, or name a branch",
            ][..],
        ),
        ("folder", &["folder: is a directory", "name a file"]),
        (
            "nowhere:openapi/x.yaml",
            &[
                "nowhere:openapi/x.yaml: git knows no revision `nowhere`",
                "fetch it first",
            ],
        ),
        (
            "main:openapi/x.yaml",
            &[
                "main:openapi/x.yaml: the revision has no file `openapi/x.yaml`",
                "`REVISION:PATH`",
            ],
        ),
        (
            "0123456789abcdef",
            &["0123456789abcdef: is neither a file nor a git revision"],
        ),
        ("", &["is neither a file nor a git revision"]),
        (":x", &[":x: is neither a file nor a git revision"]),
    ] {
        workspace.diff(&[argument, "main"]).assert_refused(parts);
        workspace.diff(&["main", argument]).assert_refused(parts);
    }
    // No option of this program, and none for git either.
    workspace
        .diff(&["--", "--end-of-options", "main"])
        .assert_refused(&["--end-of-options: is neither a file nor a git revision"]);
    workspace.diff(&["-", "-"]).assert_refused(&[
        "-: both documents are to be read from standard input",
        "name a file",
    ]);
}

#[test]
fn a_revision_without_the_spec_is_refused() {
    let workspace = Workspace::with(GOOD);
    workspace.git(&["rm", "--quiet", SPEC]);
    workspace.commit();
    workspace.write(SPEC, GOOD);
    workspace.diff(&["main"]).assert_refused(&[
        "main:openapi/llm-obs-datasets.yaml: the revision has no file",
        "`REVISION:PATH`",
    ]);
    std::fs::remove_file(workspace.path(SPEC)).unwrap();
    workspace.diff(&["main~1"]).assert_refused(&[
        "openapi/llm-obs-datasets.yaml: can't be read",
        "name a file",
    ]);
}

#[test]
fn a_fault_in_a_revision_names_the_revision_and_the_line() {
    let workspace = Workspace::with("openapi: 3.1.0\npaths: {}\n");
    workspace.write(SPEC, GOOD);
    workspace
        .diff(&["main"])
        .assert_refused(&["error: main:openapi/llm-obs-datasets.yaml:1:1: #/openapi: is OpenAPI"]);
}

#[test]
fn no_repository_and_no_commit_are_told() {
    let bare = Workspace::bare(GOOD);
    bare.diff(&[])
        .assert_refused(&["git: not a git repository", "or name two files"]);
    bare.diff(&["main", SPEC]).assert_refused(&[
        "main: there is no such file",
        "not a git repository",
        "correct the path",
    ]);
    bare.git(&["init", "--quiet"]);
    bare.diff(&[])
        .assert_refused(&["git: the repository has no commit yet", "or name two files"]);
    // Files can be compared all the same.
    bare.write("other.yaml", GOOD);
    bare.diff(&[SPEC, "other.yaml"])
        .assert_reported(0, &["no changes"]);
}

#[test]
fn git_that_is_not_installed_is_told() {
    let workspace = Workspace::with(&spec("x", ""));
    let without_git = |args: &[&str]| {
        let mut command = workspace.command(args);
        command.env("PATH", workspace.path("nothing-here"));
        crate::workspace::Outcome::from(command.output().unwrap())
    };
    without_git(&[]).assert_refused(&["git: git is not installed", "or name two files"]);
    without_git(&["main"]).assert_refused(&["main: there is no such file", "git is not installed"]);
    without_git(&[SPEC, SPEC]).assert_reported(0, &["no changes"]);
}

#[test]
fn a_history_that_ends_early_is_told() {
    let origin = Workspace::with(GOOD);
    origin.git(&["checkout", "--quiet", "-b", "topic"]);
    origin.write(SPEC, spec("x", ""));
    origin.commit();
    origin.git(&["checkout", "--quiet", "main"]);
    let clone = Workspace::bare(GOOD);
    let url = format!("file://{}", origin.path("").display());
    let folder = clone.path("shallow");
    let folder = folder.to_str().unwrap();
    clone.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=topic",
        &url,
        folder,
    ]);
    let shallow = |args: &[&str]| {
        let mut command = clone.command(args);
        command.env("CARGO_MANIFEST_DIR", folder);
        crate::workspace::Outcome::from(command.output().unwrap())
    };
    shallow(&[]).assert_refused(&[
        "git: can't determine where the branch started",
        "run `git fetch --unshallow`, or name the base",
    ]);
    shallow(&["HEAD"]).assert_reported(0, &["no changes"]);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_told() {
    let workspace = Workspace::with(GOOD);
    for (link, target) in [
        ("dangling.yaml", "nothing-here"),
        ("loop.yaml", "loop.yaml"),
    ] {
        std::os::unix::fs::symlink(target, workspace.path(link)).unwrap();
        let refused = format!("{link}: can't be read: ");
        workspace
            .diff(&[link, "main"])
            .assert_refused(&[&refused, "name a file"]);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_refused() {
    let workspace = Workspace::with(GOOD);
    let pipe = workspace.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    workspace.diff(&["pipe", "main"]).assert_refused(&[
        "pipe: can't be read: it is not a regular file",
        "or pipe it",
    ]);
}

#[test]
fn an_endless_input_is_refused() {
    let workspace = Workspace::with(GOOD);
    let scalar = [GOOD.as_bytes(), b"x-a: ", &vec![b'a'; 33 << 20]].concat();
    workspace.write("large.yaml", &scalar);
    let refused = ["is larger than 32 MiB", "leave out"];
    workspace
        .diff(&["large.yaml", "main"])
        .assert_refused(&refused);
    workspace.write(SPEC, &scalar);
    workspace.commit();
    workspace.diff(&["HEAD", "main~0"]).assert_refused(&refused);
}

#[cfg(unix)]
#[test]
fn git_is_understood_in_any_language() {
    use std::os::unix::fs::PermissionsExt as _;
    let workspace = Workspace::bare(GOOD);
    workspace.write(
        "bin/git",
        "#!/bin/sh\n\
         case $LC_ALL in\n\
         C) echo 'fatal: not a git repository' >&2 ;;\n\
         *) echo 'Schwerwiegend: Kein Git-Repository' >&2 ;;\n\
         esac\n\
         exit 128\n",
    );
    let git = workspace.path("bin/git");
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = workspace.command(&[]);
    command
        .env("PATH", workspace.path("bin"))
        .env("LC_ALL", "de_DE.UTF-8");
    crate::workspace::Outcome::from(command.output().unwrap())
        .assert_refused(&["git: not a git repository", "or name two files"]);
}
