//! What the files of the repository say of each other is true.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use xtask::workspace;

fn read(path: &str) -> String {
    fs::read_to_string(workspace::root().join(path)).unwrap()
}

fn manifest() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

fn minimum_rust() -> String {
    let manifest = manifest();
    let version = &manifest["workspace"]["package"]["rust-version"];
    version.as_str().unwrap().to_owned()
}

#[test]
fn the_version_has_a_heading_in_the_changelog() {
    let manifest = manifest();
    let version = &manifest["workspace"]["package"]["version"];
    let heading = format!("## {} (", version.as_str().unwrap());
    let changelog = read("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## "));
    assert!(
        first.is_some_and(|first| first.starts_with(&heading)),
        "the first heading of CHANGELOG.md should be `{heading}…)`, and is {first:?}"
    );
    let generated = &manifest["workspace"]["dependencies"]["llmobs-datasets-generated"];
    assert_eq!(&generated["version"], version, "in Cargo.toml");
}

#[test]
fn the_minimum_rust_is_the_same_everywhere() {
    let minimum = minimum_rust();
    let people = format!("Rust ({minimum} or newer)");
    for file in ["README.md", "CONTRIBUTING.md"] {
        assert!(read(file).contains(&people), "{file} lacks {people:?}");
    }
    let matrix = format!("rust: [stable, \"{minimum}\"]");
    let workflow = read(".github/workflows/ci.yml");
    assert!(workflow.contains(&matrix), "ci.yml lacks {matrix:?}");
    // clippy takes it from the manifest, unless its own file says something else.
    assert!(!read("clippy.toml").contains("msrv"));
}

/// The commands in the `sh` blocks of a file, without their comments.
fn commands(file: &str) -> Vec<String> {
    let text = read(file);
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .flat_map(|block| block.split("```").next().unwrap().lines())
        .map(|line| line.split(" #").next().unwrap().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

fn help_of_xtask(subcommand: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([subcommand, "--help"])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "cargo xtask {subcommand}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a flag is a word of a help text, and not the start of a longer one.
fn is_offered(help: &str, flag: &str) -> bool {
    help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .any(|word| word == flag)
}

#[test]
fn the_commands_that_are_shown_exist() {
    let files = ["README.md", "CONTRIBUTING.md"];
    let shown: BTreeSet<String> = files.into_iter().flat_map(commands).collect();
    let mut of_xtask = 0;
    for command in &shown {
        let words: Vec<&str> = command.split_whitespace().collect();
        if let ["cargo", "xtask", subcommand, arguments @ ..] = words.as_slice() {
            let help = help_of_xtask(subcommand);
            for flag in arguments.iter().filter(|word| word.starts_with('-')) {
                let flag = flag.split('=').next().unwrap();
                assert!(is_offered(&help, flag), "{command}: no {flag} in --help");
            }
            of_xtask += 1;
        }
        let example = words.iter().skip_while(|word| **word != "--example").nth(1);
        let example = example.map(|name| format!("examples/{name}.rs"));
        let script = words.first().filter(|word| word.starts_with(".ci/"));
        for file in example.into_iter().chain(script.map(ToString::to_string)) {
            let exists = workspace::root().join(&file).is_file();
            assert!(exists, "{command}: no file {file}");
        }
    }
    assert!(of_xtask > 0, "{shown:?}");
}

#[test]
fn actions_of_others_are_pinned_by_commit() {
    for file in fs::read_dir(workspace::root().join(".github/workflows")).unwrap() {
        let file = file.unwrap().path();
        let workflow = fs::read_to_string(&file).unwrap();
        for line in workflow.lines() {
            let Some((_, action)) = line.split_once("uses:") else {
                continue;
            };
            let commit = action.split('@').nth(1).unwrap_or_default();
            let commit = commit.split_whitespace().next().unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit, "{}: {}", file.display(), action.trim());
        }
    }
}
