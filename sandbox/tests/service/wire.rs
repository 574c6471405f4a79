//! Requests that don't arrive whole or well-formed, byte for byte.

use std::sync::mpsc::sync_channel;

use llmobs_sandbox::{Fault, LogEntry, Operation, Sandbox};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::setup::{DATASET, PROJECT, call, holder, url, version};

/// Sends a request head with valid keys, and a body; returns the response as far as it comes.
async fn send(
    sandbox: &Sandbox,
    operation: Operation,
    headers: &str,
    body: &[u8],
    cut: bool,
) -> String {
    let (method, url) = url(sandbox, operation);
    let path = url.trim_start_matches(&sandbox.url()).to_owned();
    let keys = format!(
        "dd-api-key: {}\r\ndd-application-key: {}\r\n",
        sandbox.api_key(),
        sandbox.application_key()
    );
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{keys}{headers}\r\n"
    );
    raw(sandbox, &[head.as_bytes(), body].concat(), cut).await
}

/// Sends bytes and, if they are cut, the end of the stream; returns all that the sandbox sends.
async fn raw(sandbox: &Sandbox, bytes: &[u8], cut: bool) -> String {
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The sandbox doesn't read all of a body that is too large.
    let _ = socket.write_all(bytes).await;
    if cut {
        socket.shutdown().await.unwrap();
    }
    let mut response = Vec::new();
    let _ = socket.read_to_end(&mut response).await;
    String::from_utf8(response).unwrap()
}

/// Before, a lock request whose body was cut acquired the lock.
#[tokio::test]
async fn a_request_that_is_not_whole_has_no_effect() {
    let whole = format!(
        "{{\"data\":{{\"attributes\":{{\"dataset_version\":1}},\"id\":\"{DATASET}\",\"type\":\"datasets\"}}}}"
    );
    let length = format!("content-length: {}\r\n", whole.len());
    let longer = format!("content-length: {}\r\n", whole.len() + 1);
    let large = " ".repeat((1 << 20) + 1);
    let large_length = format!("content-length: {}\r\n", large.len());
    let chunked = "transfer-encoding: chunked\r\n";
    let large_chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let rows: [(bool, &str, &[u8], u16); 5] = [
        (true, &longer, whole.as_bytes(), 400),
        (true, chunked, b"5\r\n{\"dat", 400),
        (false, chunked, b"zz\r\nwhat\r\n0\r\n\r\n", 400),
        (false, &large_length, large.as_bytes(), 413),
        (false, chunked, large_chunk.as_bytes(), 413),
    ];
    for operation in [Operation::Lock, Operation::Restore] {
        for (cut, headers, body, status) in &rows {
            let sandbox = Sandbox::start().await.unwrap();
            sandbox.script(operation, [Fault::status(503).after_effect()]);
            let response = send(&sandbox, operation, headers, body, *cut).await;
            assert_eq!(
                (holder(&sandbox), version(&sandbox)),
                (None, 2),
                "{headers}"
            );
            // There is no response if hyper sees first that the client hung up.
            let statuses: Vec<_> = sandbox.requests().iter().map(|it| it.status).collect();
            assert!(
                statuses.is_empty() || statuses == [Some(*status)],
                "{statuses:?}"
            );
            if *cut {
                continue;
            }
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{response}"
            );
            assert!(response.contains("application/json"), "{response}");
            // The scripted fault is for a call that arrives.
            assert_eq!(sandbox.world().unmet_faults().len(), 1);
            send(&sandbox, operation, &length, whole.as_bytes(), false).await;
            assert_eq!(sandbox.world().unmet_faults(), []);
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused_in_json() {
    let sandbox = Sandbox::start().await.unwrap();
    let (_, url) = url(&sandbox, Operation::Lock);
    let response = crate::setup::http()
        .patch(url.replace(DATASET, "%ff"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["detail"], "The path is not valid UTF-8");
    assert_eq!(sandbox.requests()[0].dataset, None);
}

#[tokio::test]
async fn every_request_is_logged() {
    let (log, entries) = sync_channel(16);
    let sandbox = Sandbox::builder().log(log).start().await.unwrap();
    let lines = || {
        entries
            .try_iter()
            .map(|it: LogEntry| it.to_string())
            .collect::<Vec<_>>()
    };
    call(&sandbox, 0, Operation::Lock).await;
    sandbox.script(Operation::Lock, [Fault::reset()]);
    raw(
        &sandbox,
        b"GET /nowhere?dd-api-key=hidden HTTP/1.1\r\nconnection: close\r\n\r\n",
        false,
    )
    .await;
    let path = format!("/api/v2/llm-obs/v1/{PROJECT}/datasets/{DATASET}/draft_state/lock");
    let (_, url) = url(&sandbox, Operation::Lock);
    let _ = crate::setup::http().patch(&url).send().await;
    let _ = crate::setup::http().delete(&url).send().await;
    assert_eq!(
        lines(),
        [
            format!("PATCH {path}: 200 (lock by 00000000-0000-0000-0000-000000000010)"),
            "GET /nowhere: 404".to_owned(),
            format!("PATCH {path}: closed (lock by nobody)"),
            format!("DELETE {path}: 405"),
        ]
    );
    raw(&sandbox, b"GET\r\n\r\n", false).await;
    while lines().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_full_log_delays_nothing() {
    let (log, entries) = sync_channel(1);
    let sandbox = Sandbox::builder().log(log).start().await.unwrap();
    for _ in 0..3 {
        assert_eq!(call(&sandbox, 0, Operation::Lock).await, 200);
    }
    assert_eq!(entries.try_iter().count(), 1);
}
