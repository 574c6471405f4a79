//! `cargo xtask codegen` as its user meets it: the program, its files, its exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: a failed step is a failed test, and tables are long"
)]

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
fn every_kind_of_bad_spec_is_refused_with_its_place_and_a_remedy() {
    let at_lock =
        |rest: &str| format!("#/paths/~1shops~1{{shop}}~1widgets~1{{widget}}~1lock{rest}: ");
    let first = SPEC
        .lines()
        .position(|line| line.starts_with("openapi"))
        .unwrap()
        + 1;
    let at_line = |line: usize| format!("spec.yaml:{line}:");
    // (what is replaced in the spec, by what, what the message must hold)
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "openapi: 3.0.3\n",
            "openapi: 3.0.3\n  x: [\n",
            &[&at_line(first + 1), "not valid YAML"],
        ),
        (
            "openapi: 3.0.3\n",
            "openapi: 3.0.3\nopenapi: 3.0.3\n",
            &[&(at_line(first + 1) + "1: "), "duplicate key"],
        ),
        (
            "openapi: 3.0.3\n",
            "openapi: 3.1.0\n",
            &[&(at_line(first) + "1: #/openapi: "), "only 3.0"],
        ),
        (
            "openapi: 3.0.3\n",
            "swagger: '2.0'\n",
            &["#/swagger: ", "only OpenAPI 3.0"],
        ),
        ("openapi: 3.0.3\n", "", &["is not an OpenAPI document"]),
        (
            "schemas/User'",
            "schemas/Usr'",
            &["doesn't exist", "did you mean '#/components/schemas/User'?"],
        ),
        (
            "'#/components/schemas/User'",
            "'other.yaml#/User'",
            &["leads out of this document"],
        ),
        (
            "'#/components/schemas/User'",
            "'#/components/responses/NotFound'",
            &["where one of `components/schemas` is needed"],
        ),
        (
            "'#/components/schemas/User'",
            "'#/components/schemas/Lock/properties/since'",
            &["doesn't lead to a component"],
        ),
        (
            "operationId: RestoreWidget",
            "operationId: LockWidget",
            &["the operationId `LockWidget` is also that of"],
        ),
        (
            "      operationId: LockWidget\n",
            "",
            &[&at_lock("/patch"), "has no operationId"],
        ),
        (
            "operationId: LockWidget",
            "operationId: ''",
            &["the operationId \"\" can't become the name of a method"],
        ),
        (
            "          format: date-time\n",
            "          pattern: (\n",
            &[
                "#/components/schemas/Lock/properties/since: ",
                "the schema can't be read",
            ],
        ),
        (
            "                $ref: '#/components/schemas/Lock'\n",
            "                type: object\n",
            &[&at_lock("/patch/responses/200"), "which gets no type"],
        ),
        (
            "{widget}/lock:",
            "{other}/lock:",
            &[
                "the placeholder `{other}`",
                "the path parameter `widget` has no placeholder",
            ],
        ),
        (
            "      in: path\n      required: true\n",
            "      in: path\n",
            &["not marked as required"],
        ),
        (
            "since: '2024-01-15T10:30:00Z'",
            "since: yesterday",
            &[
                "#/components/examples/Held/value/since: does not fit its schema",
                "\"yesterday\"",
            ],
        ),
        (
            "version: 1\n",
            "version: -1\n",
            &["does not fit its schema"],
        ),
        (
            "version: 1\n",
            "version: 3000000000\n",
            &["does not fit its schema"],
        ),
        ("kind: lock\n", "kind: key\n", &["does not fit its schema"]),
        (
            "        - since\n",
            "        - sinse\n",
            &["`sinse` is required"],
        ),
        (
            "          format: date-time\n",
            "          fromat: date-time\n",
            &["did you mean `format`?"],
        ),
        (
            "          format: int32\n",
            "          format: [int32]\n",
            &["expected a string, found a list"],
        ),
        (
            "          type: integer\n",
            "          type: int\n",
            &["write one of: array, boolean"],
        ),
        (
            "          minimum: 0\n",
            "          minLength: -1\n",
            &["expected a whole number of 0 or more, found a number"],
        ),
        (
            "        '500':\n",
            "        '5OO':\n",
            &["`5OO` is not a key for this place"],
        ),
        (
            "      summary: Lock",
            "      sumary: Lock",
            &["did you mean `summary`?"],
        ),
        ("  title: Widgets\n", "", &["the field `title` is missing"]),
        (
            "  - keyAuth: []\n",
            "  - key: []\n",
            &["the security scheme `key` doesn't exist"],
        ),
        (
            "        default: us.example\n",
            "        default: example\n",
            &["is not one of the variable's values"],
        ),
        (
            "https://api.{site}",
            "https://api.{region}",
            &["the variable `{region}` of the URL is not described"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            "          application/xml: {}\n          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            &["has 2 media types; the generator takes one"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            "          application/xml:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            &["can't send a body of `application/xml`"],
        ),
        (
            "    User:\n",
            "    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n    User:\n",
            &["#/components/schemas/Loop: `Loop` is defined by itself"],
        ),
        (
            "    User:\n",
            "    Loop:\n      not:\n        $ref: '#/components/schemas/Loop'\n    User:\n",
            &["#/components/schemas/Loop: `Loop` is defined by itself"],
        ),
        (
            "    User:\n",
            "    user:\n      type: object\n      properties:\n        a: {type: string}\n    User:\n",
            &["the generator can't take the spec"],
        ),
        (
            "    User:\n",
            "    Odd:\n      discriminator: {mapping: {}}\n    User:\n",
            &["the field `propertyName` is missing from this Discriminator Object"],
        ),
        // Nothing of ours knows this one: progenitor stops with a panic.
        (
            "    User:\n",
            "    Odd:\n      not:\n        type: object\n        minProperties: 1\n    User:\n",
            &["the generator can't take the spec: "],
        ),
    ];
    for (old, new, expected) in cases {
        assert!(SPEC.contains(old), "the spec has no {old:?}");
        let scratch = Scratch::with_spec(SPEC.replacen(old, new, 1));
        for flags in [&[][..], &["--check"]] {
            assert_refused(&scratch, &scratch.run(flags), expected);
        }
    }
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

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = codegen(&["--emit-lowered"]).stdout(full).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with("error: the output can't be written: ") && error.contains("\n  help: "),
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
