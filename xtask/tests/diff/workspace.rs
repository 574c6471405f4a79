//! A workspace in a repository of its own, for the program to run in.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SPEC: &str = "openapi/llm-obs-datasets.yaml";
pub(crate) const ACCEPTED: &str = "openapi/accepted-changes.toml";
const GENERATED: &str = "generated-client/src/generated.rs";

pub(crate) const LIMIT: &str = "{ name: limit, in: query, schema: { type: integer } }";
pub(crate) const PAGE: &str = "{ name: page, in: query, schema: { type: integer } }";

/// The smallest document in which something can change.
pub(crate) fn spec(description: &str, parameters: &str) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{ title: T, version: '1', description: {description} }}\npaths:\n  \
         /a:\n    get:\n      operationId: getA\n      parameters: [{parameters}]\n      \
         responses: {{ '200': {{ description: ok }} }}\n"
    )
}

/// The rules of a report in JSON.
pub(crate) fn rules(report: &Value) -> Vec<&str> {
    let changes = report["changes"].as_array().unwrap().iter();
    changes.map(|it| it["rule"].as_str().unwrap()).collect()
}

pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// Without a repository.
    pub(crate) fn bare(spec: &str) -> Self {
        let workspace = Self {
            folder: TempDir::new().unwrap(),
        };
        workspace.write("Cargo.lock", "");
        workspace.write(SPEC, spec);
        workspace
    }

    /// In a repository whose branch `main` has one commit with the spec.
    pub(crate) fn with(spec: &str) -> Self {
        let workspace = Self::bare(spec);
        workspace.git(&["init", "--quiet"]);
        workspace.git(&["checkout", "--quiet", "-b", "main"]);
        workspace.commit();
        workspace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts generated code beside a spec, in a form that says it is of this very text.
    pub(crate) fn write_with_code(&self, spec: &str, code: &str) {
        use sha2::{Digest as _, Sha256};
        let hash = hex::encode(Sha256::digest(spec));
        self.write(SPEC, spec);
        self.write(GENERATED, format!("// spec sha256: {hash}\n{code}"));
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        without_git_variables(&mut command);
        let output = command
            .current_dir(self.folder.path())
            .args(["-c", "user.name=x", "-c", "user.email=x@example"])
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// `cargo xtask diff` with arguments, which cargo runs in the workspace.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        without_git_variables(&mut command);
        command
            .current_dir(self.folder.path())
            .env("CARGO_MANIFEST_DIR", self.folder.path())
            // There is no generator here. What it would say is tested where it is.
            .env("CARGO", self.path("no-cargo"))
            // Not the repository that the folder for temporary files may lie in.
            .env(
                "GIT_CEILING_DIRECTORIES",
                self.folder.path().parent().unwrap(),
            )
            .env("RUST_BACKTRACE", "1")
            .env_remove("CLICOLOR_FORCE")
            .arg("diff")
            .args(args);
        command
    }

    pub(crate) fn diff(&self, args: &[&str]) -> Outcome {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let outcome = self.diff(&[args, &["--format", "json", "--fail-on", "none"]].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        serde_json::from_str(&outcome.out).unwrap()
    }

    pub(crate) fn diff_of_input(&self, args: &[&str], input: impl AsRef<[u8]>) -> Outcome {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_ref()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap().into()
    }
}

/// Compares two texts, `base.yaml` and `revision.yaml`, with the generator of this workspace.
pub(crate) fn compare(base: &str, revision: &str, args: &[&str]) -> Outcome {
    compare_in(&[], base, revision, args)
}

/// The same with colours, as on a terminal.
pub(crate) fn compare_in_colour(base: &str, revision: &str) -> Outcome {
    compare_in(&[("CLICOLOR_FORCE", "1")], base, revision, &[])
}

fn compare_in(env: &[(&str, &str)], base: &str, revision: &str, args: &[&str]) -> Outcome {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("base.yaml"), base).unwrap();
    fs::write(folder.path().join("revision.yaml"), revision).unwrap();
    let output = Command::new(program())
        .current_dir(folder.path())
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .envs(env.iter().copied())
        .args(["diff", "base.yaml", "revision.yaml"])
        .args(args)
        .output();
    output.unwrap().into()
}

/// Absolute, so that it is found whatever `PATH` is.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_xtask"))
}

/// What a hook or a surrounding git command sets would lead to another repository.
fn without_git_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// That it has reported something, which is in the output.
    pub(crate) fn assert_reported(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.error, "");
        for part in parts {
            assert!(self.out.contains(part), "{part:?} is not in:\n{}", self.out);
        }
    }

    /// That it has refused an input, in one message with a remedy.
    pub(crate) fn assert_refused(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.out, "");
        for part in parts {
            assert!(
                self.error.contains(part),
                "{part:?} is not in:\n{}",
                self.error
            );
        }
        assert!(self.error.starts_with("error: "), "{}", self.error);
        assert_eq!(self.error.matches("error: ").count(), 1, "{}", self.error);
        assert_eq!(
            self.error.matches("\n  help: ").count(),
            1,
            "{}",
            self.error
        );
        assert!(!self.error.contains("panicked"), "{}", self.error);
    }
}
