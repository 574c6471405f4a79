//! A property-based tester, with our spec, against the sandbox: no server error, no response outside the
//! spec. That it may refuse a valid request is the business of the service.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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
    let mut sandbox = Sandbox(Command::new(program).stdout(Stdio::piped()).spawn()?);
    let output = sandbox.0.stdout.take().ok_or("the sandbox has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut after = |start: &str| -> Result<String> {
        for line in lines.by_ref() {
            if let Some(rest) = line?.strip_prefix(start) {
                return Ok(rest.to_owned());
            }
        }
        Err(format!("the sandbox didn't print `{start}`").into())
    };
    let url = after("listening on ")?;
    let api = format!("DD-API-KEY: {}", after("export DD_API_KEY=")?);
    let application = format!("DD-APPLICATION-KEY: {}", after("export DD_APP_KEY=")?);
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
