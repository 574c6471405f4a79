//! Deviations from the documented requests, which a strict sandbox refuses.

use llmobs_sandbox::{Operation, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::setup::{body, holder, request, url, version};

#[tokio::test]
async fn a_strict_sandbox_refuses_what_a_lenient_one_takes() {
    for strict in [false, true] {
        let builder = Sandbox::builder().strict(strict);
        let sandbox = builder.start().await.unwrap();
        let expect = |status: u16| if strict { status } else { 200 };

        let restore = || request(&sandbox, 0, Operation::Restore).body(body(1).to_string());
        assert_eq!(restore().send().await.unwrap().status(), expect(415));
        let text = restore().header("content-type", "text/plain");
        assert_eq!(text.send().await.unwrap().status(), expect(415));
        assert_eq!(version(&sandbox), if strict { 2 } else { 4 });
        for media_type in ["application/json", "Application/JSON; charset=utf-8"] {
            let restore = restore().header("content-type", media_type);
            assert_eq!(restore.send().await.unwrap().status(), 200);
        }

        for operation in [Operation::Lock, Operation::Unlock] {
            let with_body = request(&sandbox, 0, operation).body("{}");
            assert_eq!(with_body.send().await.unwrap().status(), expect(400));
            let effective = if strict {
                Operation::Unlock
            } else {
                Operation::Lock
            };
            assert_eq!(holder(&sandbox).is_some(), operation == effective);
            let without = request(&sandbox, 0, operation);
            assert_eq!(without.send().await.unwrap().status(), 200);
        }

        for (version, status) in [("1.1", expect(400)), ("1.0", 200)] {
            let (_, url) = url(&sandbox, Operation::Lock);
            let path = url.trim_start_matches(&sandbox.url());
            let head = format!(
                "PATCH {path} HTTP/{version}\r\nconnection: close\r\ndd-api-key: {}\r\n\
                 dd-application-key: {}\r\n\r\n",
                sandbox.api_key(),
                sandbox.application_key()
            );
            let address = sandbox.url().trim_start_matches("http://").to_owned();
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(head.as_bytes()).await.unwrap();
            let mut response = String::new();
            socket.read_to_string(&mut response).await.unwrap();
            let line = response.lines().next().unwrap();
            assert!(line.contains(&format!(" {status} ")), "{version}: {line}");
        }
    }
}
