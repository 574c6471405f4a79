//! A Python script under the lock, which edits with Datadog's own client. It needs the package
//! `datadog-api-client`; `LLMOBS_SANDBOX_PYTHON` names another interpreter than `python3`.

use llmobs_sandbox::Operation;

use crate::setup::{Service, end, skipped};

#[tokio::test]
async fn a_script_with_datadogs_client_edits_under_the_lock() {
    let service = Service::start().await;
    let python = std::env::var("LLMOBS_SANDBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let asked = std::process::Command::new(&python)
        .args(["-c", "import datadog_api_client"])
        .output();
    if !asked.is_ok_and(|asked| asked.status.success()) {
        return skipped("Python with datadog_api_client");
    }
    let mut command = service.cli(&["with-lock", "--", &python, "tests/cli/edit.py"]);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONWARNINGS", "ignore");
    let ended = end(&mut command).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let expected = [Operation::Lock, Operation::Restore, Operation::Unlock];
    assert_eq!(service.operations(), expected);
    assert_eq!(service.state().version(), 3);
    service.assert_released(1);
}
