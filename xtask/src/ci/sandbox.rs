//! A property-based tester, with our spec, against the sandbox: no server error, no response outside the
//! spec. That it may refuse a valid request is the business of the service.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use xshell::{Shell, cmd};
use xtask_spec::workspace;

use super::programs::{Result, is_installed};

/// Ends with the check.
struct Sandbox(Child);

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn check(shell: &Shell) -> Result {
    if !is_installed(shell, "schemathesis") {
        println!("skipped, schemathesis is not installed: property-based test of the sandbox");
        return Ok(());
    }
    cmd!(shell, "cargo build --quiet -p llmobs-sandbox --locked").run()?;
    let program = workspace::root().join("target/debug/llmobs-sandbox");
    let start = Command::new(program)
        .arg("--json")
        .stdout(Stdio::piped())
        .spawn();
    let mut sandbox = Sandbox(start?);
    let output = sandbox.0.stdout.take().ok_or("the sandbox has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let started: Value = serde_json::from_str(&line)?;
    let field = |name: &str| {
        let text = started.get(name).and_then(Value::as_str);
        text.ok_or_else(|| format!("the sandbox printed no {name}"))
    };
    let url = field("base_url")?;
    let api = format!("DD-API-KEY: {}", field("api_key")?);
    let application = format!("DD-APPLICATION-KEY: {}", field("application_key")?);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    // It leaves its cache where it runs.
    let folder = shell.create_temp_dir()?;
    let _folder = shell.push_dir(folder.path());
    let spec = workspace::spec();
    cmd!(
        shell,
        "schemathesis run {spec} --url {url} -H {api} -H {application} --checks {checks}"
    )
    .run()?;
    Ok(())
}
