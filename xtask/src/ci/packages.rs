//! What would be published, and a service and the program `llmobs-datasets`, which depend on it and on nothing of
//! this checkout. The service is the one of sandbox/README.md; its test restores a dataset under its lock.

use std::path::Path;

use xshell::{Shell, cmd};
use xtask_spec::workspace;

use super::programs::Result;

/// The packages that are published as libraries.
pub(super) const LIBRARIES: [&str; 3] = [
    "llmobs-datasets-generated",
    "llmobs-datasets",
    "llmobs-sandbox",
];

/// The package that is published as a program.
const PROGRAM: &str = "llmobs-datasets-cli";

const EXAMPLE: &str = "```rust,test_harness\n";

pub(super) fn check(shell: &Shell) -> Result {
    // Outside the workspace, so that neither its manifest nor its `.cargo` is found.
    let folder = shell.create_temp_dir()?;
    let folder = folder.path();
    let manifest: toml::Table = shell.read_file("Cargo.toml")?.parse()?;
    let version = manifest
        .get("workspace")
        .and_then(|it| it.get("package")?.get("version")?.as_str());
    let version = version.ok_or("Cargo.toml has no workspace.package.version")?;
    cmd!(shell, "cargo fetch --locked --quiet").run()?;
    let all = || LIBRARIES.into_iter().chain([PROGRAM]);
    // They are not verified one by one: the service and the program build all of them.
    let target = folder.join("packages");
    let published = all().flat_map(|it| ["--package", it]);
    let package = cmd!(
        shell,
        "cargo package --no-verify --locked --offline --allow-dirty --quiet"
    );
    package
        .args(published)
        .arg("--target-dir")
        .arg(&target)
        .run()?;
    for package in all() {
        let archive = target.join(format!("package/{package}-{version}.crate"));
        cmd!(shell, "tar -xzf {archive} -C {folder}").run()?;
        let unpacked = folder.join(format!("{package}-{version}"));
        for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
            if shell.read_file(unpacked.join(file))? != shell.read_file(file)? {
                return Err(
                    format!("the package {package} lacks the {file} of the repository").into(),
                );
            }
        }
        if shell.read_file(unpacked.join("README.md"))?.is_empty() {
            return Err(format!("the package {package} has an empty README.md").into());
        }
    }
    workspace_of(shell, folder, version)?;
    // A folder of its own in the target folder, so that the dependencies are built once.
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), Into::into);
    let _target = shell.push_env("CARGO_TARGET_DIR", target.join("packaged"));
    let _folder = shell.push_dir(folder);
    let log = cmd!(shell, "cargo test --offline --quiet --workspace").read();
    let run = format!("cargo run --offline --quiet --package {PROGRAM} -- --version");
    let shown = cmd!(shell, "sh -c {run}").read();
    // What was built of the temporary folder is of no use to the next run.
    let packages = all().chain(["service"]).map(|it| format!("--package={it}"));
    cmd!(shell, "cargo clean --offline --quiet {packages...}").run()?;
    let log = log?;
    println!("{log}");
    if shown? != format!("llmobs-datasets {version}") {
        return Err(format!("{PROGRAM} is not the program of version {version}").into());
    }
    let mut passed = log
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "));
    if passed.all(|line| line.starts_with("0 ")) {
        return Err("the test of the service did not run".into());
    }
    Ok(())
}

fn workspace_of(shell: &Shell, folder: &Path, version: &str) -> Result {
    let readme = shell.read_file("sandbox/README.md")?;
    let example = readme
        .split_once(EXAMPLE)
        .and_then(|(_, rest)| rest.split_once("```\n"));
    let (example, _) = example.ok_or("sandbox/README.md has no example of a service")?;
    shell.write_file(folder.join("service/src/lib.rs"), example)?;
    // The versions that the workspace is tested with, which are on this machine already.
    shell.copy_file("Cargo.lock", folder)?;
    let manifest = format!(
        "[package]\nname = \"service\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nllmobs-datasets = \"{version}\"\n\n\
         [dev-dependencies]\nllmobs-sandbox = \"{version}\"\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n"
    );
    shell.write_file(folder.join("service/Cargo.toml"), manifest)?;
    let patches = LIBRARIES.map(|it| format!("{it} = {{ path = \"{it}-{version}\" }}\n"));
    let manifest = format!(
        "[workspace]\nmembers = [\"service\", \"{PROGRAM}-{version}\"]\nresolver = \"3\"\n\n\
         # What a registry would give once the packages are published.\n\
         [patch.crates-io]\n{}",
        patches.concat()
    );
    shell.write_file(folder.join("Cargo.toml"), manifest)?;
    Ok(())
}
