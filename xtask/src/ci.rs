//! `cargo xtask ci`: everything that must hold on main, step by step. Contributors and the workflow run the
//! same.

mod features;
mod packages;
mod programs;
mod sandbox;

use clap::ValueEnum;
use xshell::{Shell, cmd};
use xtask_spec::workspace;

use self::programs::{Result, cargo, has_openssl, optional};

/// A step, in the order in which all are run. The tests come last, so that their summary closes the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Format, and whether Cargo.lock is up to date.
    Format,
    /// clippy on everything, and on what only fuzz targets see.
    Clippy,
    /// Every combination of features, and tests with few of them.
    Features,
    /// The documentation without a warning.
    Docs,
    /// A service and the program `llmobs-datasets`, of the packages as they would be published.
    Packages,
    /// The version against the last tag (cargo-semver-checks).
    Semver,
    /// Licences and sources of dependencies (cargo-deny).
    Dependencies,
    /// The workflow files (actionlint, zizmor).
    Workflows,
    /// The spec (redocly), and the sandbox held to it (schemathesis).
    Spec,
    /// The programs behind the figures, for a moment, to see that they run.
    Figures,
    /// Whether the generated code is up to date, and that of any spec compiles.
    Codegen,
    /// Breaking changes to the spec that nobody accepted.
    Diff,
    /// The commands of the READMEs, but for the tests.
    Readme,
    /// The test command of the README.
    Tests,
}

/// Runs some steps; without any, all.
pub(crate) fn run(steps: &[Step]) -> Result {
    let shell = Shell::new()?;
    shell.change_dir(workspace::root());
    if std::env::var_os("CI").is_some() {
        // Incremental builds are of no use where there is no next build, and take gigabytes.
        shell.set_var("CARGO_INCREMENTAL", "0");
    }
    let steps = match steps {
        [] => Step::value_variants(),
        steps => steps,
    };
    steps.iter().try_for_each(|step| {
        println!("\n== {step:?}");
        step.run(&shell)
    })
}

impl Step {
    fn run(self, shell: &Shell) -> Result {
        match self {
            Self::Format => {
                let metadata = cmd!(shell, "cargo metadata --locked --format-version 1");
                metadata.ignore_stdout().run()?;
                cargo(shell, "fmt --all --check")?;
            }
            Self::Clippy => {
                let all = "clippy --workspace --all-targets --features schemars --locked";
                cargo(shell, &format!("{all} -- -D warnings"))?;
                let fuzzed = "rustc --package llmobs-datasets --lib --profile check --locked";
                cargo(shell, &format!("{fuzzed} -- --cfg fuzzing -D warnings"))?;
            }
            Self::Features => features::check(shell)?,
            Self::Docs => docs(shell)?,
            Self::Packages => packages::check(shell)?,
            Self::Semver => semver(shell)?,
            // Advisories change from day to day without a change here: only the workflow asks for them.
            Self::Dependencies => {
                optional(shell, "cargo-deny --workspace check bans licenses sources")?;
            }
            Self::Workflows => {
                optional(shell, "actionlint")?;
                optional(shell, "zizmor --offline --persona pedantic .github")?;
            }
            Self::Spec => {
                optional(shell, &format!("redocly lint {}", workspace::SPEC))?;
                sandbox::check(shell)?;
            }
            // Not the build cost, which takes minutes, nor fuzzing and instructions, which need a nightly
            // Rust and valgrind. Without `-p`, so that the dependencies keep their set of features.
            Self::Figures => {
                let bench = "bench --profile dev --locked --bench";
                cargo(shell, &format!("{bench} calls -- --rounds 1"))?;
                cargo(shell, &format!("{bench} allocations"))?;
                cargo(shell, &format!("{bench} codegen -- --rounds 1"))?;
                cargo(shell, "run --example soak --locked -- --seconds 2")?;
            }
            // Before the README's `codegen`, which would make stale code fresh.
            Self::Codegen => {
                cargo(shell, "xtask codegen --check")?;
                cargo(shell, "test --quiet --locked --test supported -- --ignored")?;
            }
            Self::Diff => cargo(shell, "xtask diff")?,
            Self::Readme => {
                for command in readme(shell)?.iter().filter(|it| !is_test(it)) {
                    cmd!(shell, "sh -c {command}").ignore_stdout().run()?;
                }
            }
            Self::Tests => {
                let commands = readme(shell)?;
                let tests = commands.iter().find(|it| is_test(it));
                let tests = tests.ok_or("README.md shows no test command in a `sh` block")?;
                cmd!(shell, "sh -c {tests}").run()?;
            }
        }
        Ok(())
    }
}

/// The lines of the `sh` blocks of the READMEs, without their comments.
fn readme(shell: &Shell) -> Result<Vec<String>> {
    let text = shell.read_file("README.md")? + &shell.read_file("xtask/README.md")?;
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let commands = lines.map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(commands
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect())
}

fn is_test(command: &str) -> bool {
    command.starts_with("cargo test")
}

fn docs(shell: &Shell) -> Result {
    let _warnings = shell.push_env("RUSTDOCFLAGS", "-D warnings");
    let packages = "--package llmobs-datasets --package llmobs-datasets-generated";
    let doc = "doc --quiet --no-deps --locked";
    cargo(shell, &format!("{doc} {packages} --no-default-features"))?;
    if has_openssl(shell) {
        return cargo(shell, &format!("{doc} --workspace --all-features"));
    }
    println!("skipped, no OpenSSL to build against: the documentation with native-tls");
    cargo(shell, &format!("{doc} --workspace --features schemars"))
}

fn semver(shell: &Shell) -> Result {
    let tag = cmd!(shell, "git describe --tags --abbrev=0 --match v*").ignore_stderr();
    let tag = tag.ignore_status().read()?;
    if tag.is_empty() {
        println!("skipped, there is no tag yet: the packages against the last tag");
        return Ok(());
    }
    let packages = packages::LIBRARIES
        .map(|it| format!("--package {it}"))
        .join(" ");
    let check = format!("cargo-semver-checks semver-checks {packages} --baseline-rev {tag}");
    optional(shell, &check)
}
