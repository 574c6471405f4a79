//! `cargo xtask codegen` as its user meets it: the program, its files, its exit codes.

#![allow(clippy::unwrap_used, reason = "tests: a failed step is a failed test")]

mod bad_spec;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use xtask_codegen::{Paths, generate, lower};
use xtask_spec::Document;

const BEFORE: &str = "what was there before\n";

/// A folder with a spec, and a generated module that a failed run must leave alone.
struct Scratch {
    folder: TempDir,
}

impl Scratch {
    fn with_spec(spec: impl AsRef<[u8]>) -> Self {
        let scratch = Self {
            folder: TempDir::new().unwrap(),
        };
        fs::write(scratch.spec(), spec).unwrap();
        fs::write(scratch.generated(), BEFORE).unwrap();
        scratch
    }

    fn spec(&self) -> PathBuf {
        self.folder.path().join("spec.yaml")
    }

    fn generated(&self) -> PathBuf {
        self.folder.path().join("generated.rs")
    }

    fn run(&self, flags: &[&str]) -> Output {
        codegen(&["--spec"])
            .arg(self.spec())
            .arg("--output")
            .arg(self.generated())
            .args(flags)
            .output()
            .unwrap()
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn codegen(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask-codegen"));
    command.args(args).env("RUST_BACKTRACE", "1");
    command
}

const SPEC: &str = include_str!("widgets.yaml");

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn assert_refused(scratch: &Scratch, output: &Output, expected: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    for part in expected {
        assert!(error.contains(part), "{part:?} is not in:\n{error}");
    }
    assert!(error.starts_with("error: "), "{error}");
    assert!(error.contains("\n  help: "), "no remedy in:\n{error}");
    assert!(!error.contains("panicked"), "{error}");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(fs::read_to_string(scratch.generated()).unwrap(), BEFORE);
    assert_eq!(scratch.files(), ["generated.rs", "spec.yaml"]);
}

#[test]
fn deleted_code_comes_back_with_the_same_bytes() {
    let scratch = Scratch::with_spec("");
    fs::remove_file(scratch.generated()).unwrap();
    let output = codegen(&["--output"])
        .arg(scratch.generated())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        fs::read(scratch.generated()).unwrap(),
        fs::read(Paths::default().generated).unwrap()
    );
    assert_eq!(scratch.files(), ["generated.rs", "spec.yaml"]);
}

#[test]
fn a_fresh_file_is_not_touched() {
    let scratch = Scratch::with_spec(SPEC);
    assert!(scratch.run(&[]).status.success());
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options()
        .write(true)
        .open(scratch.generated())
        .unwrap();
    file.set_modified(long_ago).unwrap();
    drop(file);
    for flags in [&[][..], &["--check"]] {
        assert!(scratch.run(flags).status.success());
        let modified = fs::metadata(scratch.generated())
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(modified, long_ago);
    }
}

#[test]
fn check_of_stale_code_shows_the_difference_and_the_remedy() {
    let scratch = Scratch::with_spec(SPEC);
    assert!(scratch.run(&[]).status.success());
    let fresh = fs::read_to_string(scratch.generated()).unwrap();
    let stale = fresh.replacen("pub version: i32", "pub version: i64", 1);
    assert_ne!(stale, fresh);
    fs::write(scratch.generated(), &stale).unwrap();

    let output = scratch.run(&["--check"]);
    assert_eq!(output.status.code(), Some(1));
    let diff = text(&output.stdout);
    assert!(diff.contains("\n-        pub version: i64"), "{diff}");
    assert!(diff.contains("\n+        pub version: i32"), "{diff}");
    assert!(text(&output.stderr).contains("cargo xtask codegen"));
    assert_eq!(fs::read_to_string(scratch.generated()).unwrap(), stale);

    fs::remove_file(scratch.generated()).unwrap();
    assert_eq!(scratch.run(&["--check"]).status.code(), Some(1));
    assert!(!scratch.generated().exists());
}

#[test]
fn the_lowered_spec_is_printed_and_nothing_is_written() {
    let scratch = Scratch::with_spec(SPEC);
    let output = scratch.run(&["--emit-lowered"]);
    assert!(output.status.success());
    let lowered: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (path, item) in lowered["paths"].as_object().unwrap() {
        let (_, operation) = item
            .as_object()
            .unwrap()
            .iter()
            .find(|(field, _)| *field != "parameters")
            .unwrap();
        let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        assert_eq!(statuses, ["2XX"], "{path}");
    }
    assert_eq!(fs::read_to_string(scratch.generated()).unwrap(), BEFORE);
}

#[test]
fn the_order_and_the_format_of_the_spec_do_not_change_the_code() {
    let yaml = Document::parse("spec.yaml".to_owned(), SPEC.to_owned()).unwrap();
    let mut reordered = serde_json::Map::new();
    for (key, value) in yaml.root.to_value().as_object().unwrap().iter().rev() {
        reordered.insert(key.clone(), value.clone());
    }
    let json = serde_json::to_string_pretty(&reordered).unwrap();
    let json = Document::parse("spec.json".to_owned(), json).unwrap();
    let code = |document| generate::body(document, &lower(document).unwrap()).unwrap();
    assert_eq!(code(&yaml), code(&json));
}

#[test]
fn inputs_that_are_no_text_are_refused() {
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"openapi: \xff\n", ":1:10: is not UTF-8"),
        (b"- a\n- b\n", "is not an OpenAPI document"),
        (b"just text\n", "is not an OpenAPI document"),
    ] {
        let scratch = Scratch::with_spec(bytes);
        assert_refused(&scratch, &scratch.run(&[]), &[expected]);
    }
}

#[test]
fn paths_that_cannot_be_used_are_named() {
    let scratch = Scratch::with_spec(SPEC);
    let nowhere = scratch.folder.path().join("nowhere").join("file");
    let cases: [(&Path, &Path); 3] = [
        (&nowhere, &scratch.generated()),
        (scratch.folder.path(), &scratch.generated()),
        (&scratch.spec(), &nowhere),
    ];
    for (spec, generated) in cases {
        let output = codegen(&["--spec"])
            .arg(spec)
            .arg("--output")
            .arg(generated)
            .output()
            .unwrap();
        assert_refused(
            &scratch,
            &output,
            &[scratch.folder.path().to_str().unwrap()],
        );
    }
}

#[test]
fn a_spec_of_another_service_needs_an_output() {
    let scratch = Scratch::with_spec(SPEC);
    for flags in [&[][..], &["--check"]] {
        let output = codegen(&["--spec"])
            .arg(scratch.spec())
            .args(flags)
            .output();
        assert_refused(&scratch, &output.unwrap(), &["add `--output FILE`"]);
    }
}

#[cfg(unix)]
#[test]
fn an_output_is_a_regular_file_or_a_link_to_one() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let scratch = Scratch::with_spec(SPEC);
    let elsewhere = TempDir::new().unwrap();
    let at = |name: &str| elsewhere.path().join(name);
    let write = |output: &Path| {
        let mut command = codegen(&["--spec"]);
        command.arg(scratch.spec()).arg("--output").arg(output);
        command.output().unwrap()
    };
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink(at("nothing"), at("dangling")).unwrap();
    for (path, expected) in [
        (Path::new("/dev/null"), "it is not a regular file"),
        (&at("socket"), "it is not a regular file"),
        (elsewhere.path(), "it is a directory"),
        (&at("dangling"), "it is a link to a missing file"),
    ] {
        assert_refused(&scratch, &write(path), &[expected, path.to_str().unwrap()]);
    }
    fs::write(at("target"), BEFORE).unwrap();
    symlink(at("target"), at("link")).unwrap();
    assert!(write(&at("link")).status.success());
    assert!(at("link").is_symlink());
    assert!(
        fs::read_to_string(at("target"))
            .unwrap()
            .contains("pub struct Lock")
    );
}

#[test]
fn a_crash_of_the_generator_is_one_message() {
    let merged = "    U:
      allOf: [{$ref: '#/components/schemas/S'}, {$ref: '#/components/schemas/V'}]
    S: {type: object, properties: {child: {$ref: '#/components/schemas/S'}, a: {type: string}}}
    V: {type: object, properties: {child: {$ref: '#/components/schemas/V'}, b: {type: string}}}
    User:\n";
    let scratch = Scratch::with_spec(SPEC.replacen("    User:\n", merged, 1));
    let output = scratch.run(&[]);
    assert_refused(&scratch, &output, &["the generator crashed"]);
    assert_eq!(text(&output.stderr).lines().count(), 2);
}

#[test]
fn code_to_compare_needs_no_dependency() {
    let uuid = "        key: {type: string, format: uuid}\n";
    let scratch = Scratch::with_spec(SPEC.replacen("          minimum: 0\n", uuid, 1));
    assert_refused(&scratch, &scratch.run(&[]), &["needs the crate `uuid`"]);
    let mut command = codegen(&["--emit-code", "--spec"]);
    let code = command.arg(scratch.spec()).output().unwrap();
    assert!(text(&code.stdout).contains("::uuid::Uuid"));
}

#[test]
fn what_has_no_description_is_a_warning() {
    let scratch = Scratch::with_spec(SPEC);
    let output = scratch.run(&[]);
    let warnings = text(&output.stderr);
    assert!(output.status.success(), "{warnings}");
    assert!(
        warnings.contains("spec.yaml:115:9: #/components/schemas/User/properties/name: the property `name` has no description\n  help: "),
        "{warnings}"
    );
}

#[test]
fn an_unknown_format_of_a_string_is_a_warning() {
    let scratch = Scratch::with_spec(SPEC.replacen("format: date-time", "format: date_time", 1));
    let output = scratch.run(&[]);
    let warnings = text(&output.stderr);
    assert!(output.status.success(), "{warnings}");
    assert!(
        warnings.contains("/since/format: the generator ignores the format `date_time`"),
        "{warnings}"
    );
}

#[test]
fn a_code_diff_holds_no_commands_of_the_spec() {
    let spec = SPEC.replacen(
        "summary: Lock a widget",
        "description: \"Locks.\\n::error::x\"",
        1,
    );
    let scratch = Scratch::with_spec(spec);
    let diff = scratch.run(&["--check"]);
    let code = codegen(&["--emit-code", "--spec"])
        .arg(scratch.spec())
        .output()
        .unwrap();
    for output in [&diff, &code] {
        let mut lines = text(&output.stdout).lines();
        assert!(lines.clone().any(|it| it.ends_with("\\::error::x")));
        assert!(!lines.any(|it| it.trim_start().starts_with("::error")));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = codegen(&["--emit-lowered"]).stdout(full).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with("error: the output: can't be written: ") && error.contains("\n  help: "),
        "{error}"
    );
}

#[test]
fn the_help_tells_flags_and_exit_codes() {
    let help = codegen(&["--help"]).output().unwrap();
    assert!(help.status.success());
    for part in [
        "--check",
        "--emit-lowered",
        "--spec",
        "--output",
        "Exit codes:",
        "  1  ",
        "  2  ",
    ] {
        assert!(
            text(&help.stdout).contains(part),
            "{part} is not in the help"
        );
    }

    let usage = codegen(&["--check", "--emit-lowered"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}
