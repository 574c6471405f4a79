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

fn our_spec() -> String {
    fs::read_to_string(Paths::default().spec).unwrap()
}

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
    let scratch = Scratch::with_spec(our_spec());
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
    let scratch = Scratch::with_spec(our_spec());
    assert!(scratch.run(&[]).status.success());
    let fresh = fs::read_to_string(scratch.generated()).unwrap();
    let stale = fresh.replacen("pub dataset_version: i32", "pub dataset_version: i64", 1);
    assert_ne!(stale, fresh);
    fs::write(scratch.generated(), &stale).unwrap();

    let output = scratch.run(&["--check"]);
    assert_eq!(output.status.code(), Some(1));
    let diff = text(&output.stdout);
    assert!(
        diff.contains("\n-        pub dataset_version: i64"),
        "{diff}"
    );
    assert!(
        diff.contains("\n+        pub dataset_version: i32"),
        "{diff}"
    );
    assert!(text(&output.stderr).contains("cargo xtask codegen"));
    assert_eq!(fs::read_to_string(scratch.generated()).unwrap(), stale);

    fs::remove_file(scratch.generated()).unwrap();
    assert_eq!(scratch.run(&["--check"]).status.code(), Some(1));
    assert!(!scratch.generated().exists());
}

#[test]
fn the_lowered_spec_is_printed_and_nothing_is_written() {
    let scratch = Scratch::with_spec(our_spec());
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
    let yaml = Document::parse("spec.yaml".to_owned(), our_spec()).unwrap();
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
    let lock =
        "/paths/~1api~1v2~1llm-obs~1v1~1{project_id}~1datasets~1{dataset_id}~1draft_state~1lock";
    let at_lock = |rest: &str| format!("#{lock}{rest}: ");
    let spec = our_spec();
    // The comments before it grow with the operations.
    let before = spec.lines().take_while(|line| line.starts_with('#'));
    let first = before.count() + 1;
    let at_line = |line: usize| format!("spec.yaml:{line}:");
    // (what is replaced in our spec, by what, what the message must hold)
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
            &["#/swagger: ", "only 3.0"],
        ),
        ("openapi: 3.0.3\n", "", &["is not an OpenAPI document"]),
        (
            "schemas/LLMObsDatasetDraftStateUser'",
            "schemas/LLMObsDatasetDraftStateUsr'",
            &[
                "doesn't exist",
                "did you mean '#/components/schemas/LLMObsDatasetDraftStateUser'?",
            ],
        ),
        (
            "'#/components/schemas/LLMObsDatasetDraftStateUser'",
            "'other.yaml#/User'",
            &["leads out of this document"],
        ),
        (
            "'#/components/schemas/LLMObsDatasetDraftStateUser'",
            "'#/components/responses/NotFound'",
            &["where one of `components/schemas` is needed"],
        ),
        (
            "operationId: UnlockLLMObsDatasetDraftState",
            "operationId: LockLLMObsDatasetDraftState",
            &["the operationId `LockLLMObsDatasetDraftState` is also that of"],
        ),
        (
            "      operationId: LockLLMObsDatasetDraftState\n",
            "",
            &[&at_lock("/patch"), "has no operationId"],
        ),
        (
            "operationId: LockLLMObsDatasetDraftState",
            "operationId: ''",
            &["the operationId \"\" can't become the name of a method"],
        ),
        (
            "          format: date-time\n",
            "          pattern: (\n",
            &[
                "#/components/schemas/LLMObsDatasetDraftStateDataAttributes/properties/drafting_since: ",
                "the schema can't be read",
            ],
        ),
        (
            "                $ref: '#/components/schemas/LLMObsDatasetDraftStateResponse'\n",
            "                type: object\n",
            &[&at_lock("/patch/responses/200"), "which gets no type"],
        ),
        (
            "{dataset_id}/draft_state/lock:",
            "{dataset}/draft_state/lock:",
            &[
                "the placeholder `{dataset}`",
                "the path parameter `dataset_id` has no placeholder",
            ],
        ),
        (
            "      in: path\n      required: true\n",
            "      in: path\n",
            &["not marked as required"],
        ),
        (
            "drafting_since: '2024-01-15T10:30:00Z'",
            "drafting_since: yesterday",
            &[
                "/DraftState/value/data/attributes/drafting_since: does not fit its schema",
                "\"yesterday\"",
            ],
        ),
        (
            "dataset_version: 1\n",
            "dataset_version: -1\n",
            &["does not fit its schema"],
        ),
        (
            "dataset_version: 1\n",
            "dataset_version: 3000000000\n",
            &["does not fit its schema"],
        ),
        (
            "type: draft_state_data\n",
            "type: draft\n",
            &["does not fit its schema"],
        ),
        (
            "        - drafting_since\n",
            "        - draftingSince\n",
            &["`draftingSince` is required"],
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
            "        '500':\n",
            "        '5OO':\n",
            &["`5OO` is not a key for this place"],
        ),
        (
            "      summary: Lock",
            "      sumary: Lock",
            &["did you mean `summary`?"],
        ),
        (
            "  title: Datadog LLM Observability datasets\n",
            "",
            &["the field `title` is missing"],
        ),
        (
            "    appKeyAuth: []\n",
            "    appKey: []\n",
            &["the security scheme `appKey` doesn't exist"],
        ),
        (
            "        default: datadoghq.com\n",
            "        default: datadog.com\n",
            &["is not one of the variable's values"],
        ),
        (
            "https://api.{site}",
            "https://api.{region}",
            &["the variable `{region}` of the URL is not described"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/LLMObsDatasetRestoreVersionRequest'",
            "          application/xml: {}\n          application/json:\n            schema:\n              $ref: '#/components/schemas/LLMObsDatasetRestoreVersionRequest'",
            &["has 2 media types; the generator takes one"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/LLMObsDatasetRestoreVersionRequest'",
            "          application/xml:\n            schema:\n              $ref: '#/components/schemas/LLMObsDatasetRestoreVersionRequest'",
            &["can't send a body of `application/xml`"],
        ),
        (
            "    LLMObsDatasetType:\n",
            "    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n    LLMObsDatasetType:\n",
            &["#/components/schemas/Loop: `Loop` is defined by itself"],
        ),
        (
            "    LLMObsDatasetType:\n",
            "    LlmObsDatasetType:\n      type: object\n      properties:\n        a: {type: string}\n    LLMObsDatasetType:\n",
            &["the generator can't take the spec"],
        ),
        // Nothing of ours knows this one: progenitor stops with a panic.
        (
            "    LLMObsDatasetType:\n",
            "    Odd:\n      not:\n        type: object\n        minProperties: 1\n    LLMObsDatasetType:\n",
            &["the generator can't take the spec: "],
        ),
    ];
    for (old, new, expected) in cases {
        assert!(spec.contains(old), "our spec has no {old:?}");
        let scratch = Scratch::with_spec(spec.replacen(old, new, 1));
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
    let scratch = Scratch::with_spec(our_spec());
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
