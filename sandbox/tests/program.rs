//! The sandbox as a program: what it prints, how it ends.
#![allow(clippy::unwrap_used, reason = "tests: a failed step is a failed test")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use llmobs_sandbox::InitialState;

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs-sandbox"));
    command.args(args);
    command
}

/// Ends the program if a test fails before it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_tells_its_address_logs_requests_and_stops_on_ctrl_c() {
    for profile in ["documented", "observed"] {
        let mut running = Running(
            program(&["--profile", profile, "--fault", "unlock=after:status:500"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let url = line().strip_prefix("listening on ").unwrap().to_owned();
        let first_key = line()
            .strip_prefix("export DD_API_KEY=")
            .unwrap()
            .to_owned();
        let second_key = line()
            .strip_prefix("export DD_APP_KEY=")
            .unwrap()
            .to_owned();

        let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = |verb: &str| {
            http.patch(format!(
                "{url}/api/v2/llm-obs/v1/{project}/datasets/{dataset}/draft_state/{verb}"
            ))
            .header("dd-api-key", &first_key)
            .header("dd-application-key", &second_key)
            .send()
        };
        let answer = call("lock").await.unwrap();
        let media_type = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(media_type.contains("vnd.api"), profile == "observed");
        assert_eq!(line(), "Lock by 00000000-0000-0000-0000-000000000010: 200");
        assert_eq!(call("unlock").await.unwrap().status(), 500);
        assert_eq!(
            line(),
            "Unlock by 00000000-0000-0000-0000-000000000010: 500"
        );

        let id = running.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
    }
}

fn refused(output: &Output, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    for words in words {
        assert!(error.contains(words), "{error}");
    }
    assert!(!error.contains("panicked"), "{error}");
}

#[test]
fn what_it_cannot_use_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(
        &program(&["--listen", &address]).output().unwrap(),
        &[&address, "--listen"],
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let name = file.to_str().unwrap();
    let run = || program(&["--state", name]).output().unwrap();
    refused(&run(), &[name, "can't be read"]);
    std::fs::write(&file, "{\"users\": [}").unwrap();
    refused(
        &run(),
        &[name, "is not a state of the sandbox", "line 1 column 12"],
    );
    std::fs::write(&file, "{\"users\": [], \"api_keys\": [], \"projects\": {}}").unwrap();
    refused(
        &run(),
        &["the state can't be used", "needs a user and an API key"],
    );
    std::fs::write(&file, "{\"usres\": []}").unwrap();
    refused(&run(), &[name, "usres"]);

    for fault in ["lock", "lock=rest", "look=reset"] {
        refused(
            &program(&["--fault", fault]).output().unwrap(),
            &[fault, "write "],
        );
    }
    refused(
        &program(&["--profile", "x"]).output().unwrap(),
        &["documented", "observed"],
    );
    refused(
        &program(&["--listen", "nowhere"]).output().unwrap(),
        &["nowhere"],
    );
}
