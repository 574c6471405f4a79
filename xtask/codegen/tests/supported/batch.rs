//! Generated modules, compiled as one crate against the dependencies of the generated crate.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use xtask_spec::{names, workspace};

use crate::requests;

/// Reads each example as its type and writes it again.
const ROUND_TRIPS: &str = r#"
use serde_json::{Value, from_str, from_value, to_value};

fn check<T: serde::de::DeserializeOwned + serde::Serialize>(name: &str, text: &str, wrong: &mut i32) {
    let example: Value = from_str(text).unwrap();
    let read = from_value::<T>(example.clone()).map_err(|error| error.to_string());
    let written = read.and_then(|it| to_value(&it).map_err(|error| error.to_string()));
    if written.as_ref() != Ok(&example) {
        eprintln!("{name}: {text} became {written:?}");
        *wrong += 1;
    }
}
"#;

pub(crate) struct Batch {
    folder: TempDir,
    modules: usize,
    /// The body of `main`.
    checks: String,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            modules: 0,
            checks: String::new(),
        }
    }

    /// Adds the code of a spec: with the hand-written file beside it, a copy of the generated crate.
    pub(crate) fn add(&mut self, code: &str, spec: &Value) {
        let module = format!("m{}", self.modules);
        self.modules += 1;
        let folder = self.folder.path().join(&module);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("generated.rs"), code).unwrap();
        let (_, models) = code.split_once("pub mod types {\n").unwrap();
        let (models, _) = models.split_once("\n}\n").unwrap();
        fs::write(folder.join("types.rs"), models).unwrap();
        let by_hand = workspace::root().join("generated-client/src/lib.rs");
        fs::copy(by_hand, folder.join("mod.rs")).unwrap();
        fs::write(folder.join("spec.json"), format!("{spec:#}")).unwrap();
        for check in requests::checks(&module, code, spec) {
            writeln!(self.checks, "    {check}").unwrap();
        }
        for (name, schema) in spec["components"]["schemas"].as_object().unwrap() {
            let name = names::of_type(name);
            let is_type = ["struct", "enum"].iter().any(|kind| {
                [" ", "("]
                    .iter()
                    .any(|end| code.contains(&format!("pub {kind} {name}{end}")))
            });
            let example = schema.get("example").or_else(|| schema.get("x-example"));
            if let (true, Some(example)) = (is_type, example) {
                let example = example.to_string();
                let title = format!("{module} {name}");
                writeln!(
                    self.checks,
                    "    check::<{module}::types::{name}>({title:?}, {example:?}, &mut wrong);"
                )
                .unwrap();
            }
        }
    }

    /// Checks the models with the feature, on which nothing else depends.
    pub(crate) fn check(&self) {
        let modules =
            (0..self.modules).map(|it| format!("#[path = \"m{it}/types.rs\"]\npub mod m{it};\n"));
        let args = [
            "--crate-type=lib",
            "--emit=metadata",
            "--cfg=feature=\"schemars\"",
        ];
        let features = ["--features", "schemars"];
        compile(
            self.folder.path(),
            "check",
            &features,
            &modules.collect::<String>(),
            &args,
        );
    }

    /// Compiles the code without the feature, and runs the round trips and the requests.
    pub(crate) fn run(&self) {
        let modules = (0..self.modules).map(|it| format!("mod m{it};\n"));
        let main = format!(
            "{}{ROUND_TRIPS}{}\nfn main() {{\n    let mut wrong = 0;\n    \
             let base = reqwest::Url::parse(\"http://localhost\").unwrap();\n    \
             let http = reqwest::Client::new();\n{}    assert_eq!(wrong, 0);\n}}\n",
            modules.collect::<String>(),
            requests::CHECK,
            self.checks
        );
        assert!(
            self.checks.lines().count() >= self.modules,
            "examples are left out"
        );
        compile(self.folder.path(), "build", &[], &main, &[]);
        assert_succeeded(
            &Command::new(self.folder.path().join("batch"))
                .output()
                .unwrap(),
        );
    }
}

/// Compiles a crate in a folder against what cargo builds, or only checks, with a verb.
fn compile(folder: &Path, verb: &str, features: &[&str], text: &str, args: &[&str]) {
    let root = folder.join("batch.rs");
    fs::write(&root, text).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition=2024", "--cap-lints=allow", "--out-dir"]);
    command
        .arg(folder)
        .args(dependencies(verb, features))
        .args(args)
        .arg(root);
    assert_succeeded(&command.output().unwrap());
}

/// The arguments by which rustc finds the dependencies of the generated crate, which cargo builds first.
fn dependencies(verb: &str, features: &[&str]) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace::root());
    command.args([verb, "--quiet", "--locked", "--message-format=json"]);
    command
        .args(["--package=llmobs-datasets-generated"])
        .args(features);
    let output = command.output().unwrap();
    assert_succeeded(&output);
    let mut arguments = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let files = message["filenames"].as_array().into_iter().flatten();
        let files = files.filter_map(Value::as_str);
        let ending = if verb == "check" { ".rmeta" } else { ".rlib" };
        if let Some(file) = files.rev().find(|it| it.ends_with(ending)) {
            let name = message["target"]["name"]
                .as_str()
                .unwrap()
                .replace('-', "_");
            let (folder, _) = file.rsplit_once(['/', '\\']).unwrap();
            arguments.push(format!("-Ldependency={folder}"));
            arguments.push(format!("--extern={name}={file}"));
        }
    }
    arguments
}

fn assert_succeeded(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
