//! The report that the program prints once the sandbox accepts connections.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use llmobs_sandbox::{InitialState, Sandbox, User};
use serde::Serialize;

/// The URL, the keys, and the ids of the first project and dataset.
#[derive(Serialize)]
pub(crate) struct Start {
    base_url: String,
    api_key: String,
    application_key: String,
    second_application_key: Option<String>,
    project_id: Option<String>,
    dataset_id: Option<String>,
    control_url: String,
    users: Vec<User>,
}

impl Start {
    pub(crate) fn new(sandbox: &Sandbox, state: &InitialState) -> Self {
        let default = state.projects.get_key_value(InitialState::PROJECT_ID);
        let project = default.or_else(|| state.projects.first_key_value());
        let dataset = project.and_then(|(_, datasets)| datasets.keys().next());
        let base_url = sandbox.url();
        Self {
            control_url: format!("{base_url}/__sandbox/v1"),
            base_url,
            api_key: sandbox.api_key().to_owned(),
            application_key: sandbox.application_key().to_owned(),
            second_application_key: sandbox
                .users()
                .get(1)
                .map(|user| user.application_key.clone()),
            project_id: project.map(|(id, _)| id.clone()),
            dataset_id: dataset.cloned(),
            users: sandbox.users().to_vec(),
        }
    }

    /// Returns `export` lines for a shell, or one line of JSON.
    pub(crate) fn lines(&self, json: bool) -> String {
        if json {
            return serde_json::json!(self).to_string() + "\n";
        }
        let variables = [
            ("LLMOBS_DATASETS_BASE_URL", Some(&self.base_url)),
            ("DD_API_KEY", Some(&self.api_key)),
            ("DD_APP_KEY", Some(&self.application_key)),
            (
                "LLMOBS_SANDBOX_SECOND_APP_KEY",
                self.second_application_key.as_ref(),
            ),
            ("LLMOBS_SANDBOX_PROJECT_ID", self.project_id.as_ref()),
            ("LLMOBS_SANDBOX_DATASET_ID", self.dataset_id.as_ref()),
            ("LLMOBS_SANDBOX_CONTROL_URL", Some(&self.control_url)),
        ];
        variables
            .into_iter()
            .filter_map(|(name, value)| Some(format!("export {name}={}\n", quoted(value?))))
            .collect()
    }
}

/// Quotes a value for a POSIX shell, if it needs that.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@".contains(&byte);
    if value.bytes().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Writes a file in one step: whoever finds it finds all of it.
pub(crate) fn write(file: &Path, text: &str) -> Result<(), String> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", std::process::id()));
    let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, file));
    written.map_err(|error| {
        let _ = fs::remove_file(&unfinished);
        failure(file, &error)
    })
}

/// Removes a file, if it exists.
pub(crate) fn remove(file: &Path) -> Result<(), String> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failure(file, &error)),
        _ => Ok(()),
    }
}

fn failure(file: &Path, error: &io::Error) -> String {
    let file = file.display();
    format!("can't write {file}: {error}; choose another with --ready-file")
}
