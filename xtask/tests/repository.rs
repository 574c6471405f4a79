//! What the files of the repository say of each other is true.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask_spec::workspace;

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

/// What a file shows to be run or read: the lines of its `sh` blocks without their comments, and what
/// stands between backticks in its text.
fn shown(file: &str) -> Vec<String> {
    let text = read(file);
    let mut shown = Vec::new();
    // Text and blocks take turns.
    for (number, part) in text.split("```").enumerate() {
        if number % 2 == 0 {
            let spans = part.split('`').skip(1).step_by(2);
            shown.extend(spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")));
        } else if let Some(block) = part.strip_prefix("sh\n") {
            let lines = block.lines().map(|line| line.split(" #").next().unwrap());
            shown.extend(lines.map(|line| line.trim().to_owned()));
        }
    }
    shown
}

/// The folder of a package of the workspace with its manifest.
fn package(name: &str) -> Option<(PathBuf, toml::Table)> {
    let members = manifest()["workspace"]["members"].clone();
    let members = members.as_array().unwrap().iter();
    let folders = members.map(|member| workspace::root().join(member.as_str().unwrap()));
    let mut packages = folders.map(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        (folder, manifest.parse::<toml::Table>().unwrap())
    });
    packages.find(|(_, manifest)| manifest["package"]["name"].as_str() == Some(name))
}

/// The names of the tests in a source file, with the module that it is.
fn tests_in(file: &Path) -> Vec<String> {
    let module = file.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("#[tokio::test", "#[test");
    let functions = text.split("#[test").skip(1);
    let names = functions.map(|test| test.split_once("fn ").unwrap().1.split('(').next().unwrap());
    names.map(|name| format!("{module}::{name}")).collect()
}

/// The names of the tests in a test target, which a filter is a part of.
fn tests_of(folder: &Path, target: &str) -> Option<Vec<String>> {
    let tests = folder.join("tests");
    if let Ok(files) = fs::read_dir(tests.join(target)) {
        let files = files.map(|file| file.unwrap().path());
        let sources = files.filter(|file| file.extension().is_some_and(|it| it == "rs"));
        return Some(sources.flat_map(|file| tests_in(&file)).collect());
    }
    let file = tests.join(format!("{target}.rs"));
    file.is_file().then(|| tests_in(&file))
}

/// What a command names that isn't there.
fn missing(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let after = |flags: &[&str]| {
        let mut rest = words.iter().skip_while(|word| !flags.contains(word));
        rest.nth(1).copied()
    };
    let is_file = |file: String| workspace::root().join(file).is_file();
    if words[0].contains('/') {
        return (!is_file(words[0].to_owned())).then(|| format!("file {}", words[0]));
    }
    if let Some(target) = after(&["fuzz"]).and(after(&["run"])) {
        let exists = is_file(format!("fuzz/fuzz_targets/{target}.rs"));
        return (!exists).then(|| format!("fuzz target {target}"));
    }
    if !["test", "bench", "run"].contains(words.get(1)?) {
        return None;
    }
    let name = after(&["-p", "--package"]).unwrap_or("llmobs-datasets");
    let Some((folder, manifest)) = package(name) else {
        return Some(format!("package {name}"));
    };
    if let Some(example) = after(&["--example"]) {
        let exists = folder.join(format!("examples/{example}.rs")).is_file();
        return (!exists).then(|| format!("example {example}"));
    }
    if let Some(bench) = after(&["--bench"]) {
        let benches = manifest.get("bench").and_then(toml::Value::as_array);
        let mut names = benches.into_iter().flatten().map(|it| it["name"].as_str());
        return (!names.any(|name| name == Some(bench))).then(|| format!("bench {bench}"));
    }
    let target = after(&["--test"])?;
    let Some(tests) = tests_of(&folder, target) else {
        return Some(format!("test target {target}"));
    };
    let mut rest = words.iter().skip_while(|word| **word != target).skip(1);
    let filter = rest.find(|word| !word.starts_with('-'))?;
    let matches = tests.iter().any(|test| test.contains(filter));
    (!matches).then(|| format!("test that matches {filter}"))
}

fn help_of_xtask(subcommand: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg(subcommand);
    let output = command.arg("--help").output().unwrap();
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
    let files = [
        "README.md",
        "BENCHMARKS.md",
        "CONTRIBUTING.md",
        "xtask/README.md",
    ];
    let shown: BTreeSet<String> = files.into_iter().flat_map(shown).collect();
    let mut of_xtask = 0;
    let mut filters = 0;
    for command in &shown {
        let words: Vec<&str> = command.split_whitespace().collect();
        if let ["cargo", "xtask", subcommand, arguments @ ..] = words.as_slice() {
            if *subcommand == "…" {
                continue;
            }
            let help = help_of_xtask(subcommand);
            for flag in arguments.iter().filter(|word| word.starts_with('-')) {
                let flag = flag.split('=').next().unwrap();
                assert!(is_offered(&help, flag), "{command}: no {flag} in --help");
            }
            of_xtask += 1;
        }
        // Of variables that are set for a command, nothing is to be checked.
        let from = words.iter().position(|word| !word.contains('='));
        let words = from.map_or(&words[..0], |from| &words[from..]);
        let is_command = words.first().is_some_and(|word| {
            let is_source = [".rs", ".md", ".sh", ".yaml", ".txt"]
                .iter()
                .any(|end| word.ends_with(end));
            *word == "cargo" || word.starts_with(".ci/") || word.contains('/') && is_source
        });
        if is_command {
            assert_eq!(missing(&words.join(" ")), None, "{command}");
            filters += usize::from(words.contains(&"--test"));
        }
    }
    assert!(of_xtask > 0 && filters > 0, "{shown:?}");
}

#[test]
fn what_is_missing_is_found() {
    for command in [
        "src/no_such.rs",
        ".ci/no-such",
        "cargo +nightly fuzz run no_such -- -max_total_time=60",
        "cargo test -p no-such",
        "cargo test --test no_such",
        "cargo test --test contract no_such",
        "cargo test --test contract -- --ignored no_such",
        "cargo bench -p benches --bench no_such",
        "cargo run --release --example no_such -- --seconds 60",
    ] {
        let found = missing(command).unwrap_or_else(|| panic!("{command} is said to be there"));
        assert!(
            found.contains("no_such") || found.contains("no-such"),
            "{found}"
        );
    }
}
