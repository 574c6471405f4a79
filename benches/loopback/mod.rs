//! A server on loopback in a process of its own, so that nothing it costs is counted as the client's.
//! It does as little as keeps an HTTP/1.1 client content; `llmobs-sandbox` is the faithful one.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Result;

/// The argument with which a bench runs itself as the server.
const SERVE: &str = "serve";

/// With the headers of a live answer.
const HEAD: &str = "HTTP/1.1 200 OK\r\n\
    date: Tue, 20 Jan 2026 09:20:00 GMT\r\n\
    content-type: application/vnd.api+json\r\n\
    x-ratelimit-limit: 100\r\n\
    x-ratelimit-period: 60\r\n\
    x-ratelimit-remaining: 99\r\n\
    x-ratelimit-reset: 42\r\n\
    x-dd-version: 35.3\r\n";
const LOCKED: &str = r#"{"data":{"id":"9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d","type":"draft_state_data","attributes":{"drafting_since":"2026-01-20T09:20:00.140121332Z","user":{"id":"00000000-0000-0000-0000-000000000001","handle":"jane@example.com","name":"Jane","email":"jane@example.com","icon":"https://example.com/jane.png"}}}}"#;

/// The server; it ends when this is dropped.
pub(crate) struct Loopback {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Loopback {
    pub(crate) fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { process, address })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        // The end of its input ends it; this only waits for that.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Serves until the input ends, if this process was started for that.
pub(crate) fn served() -> Result<bool> {
    if std::env::args().nth(1).as_deref() != Some(SERVE) {
        return Ok(false);
    }
    // The bench may have been killed: its end closes the pipe.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?
        .block_on(serve())?;
    Ok(true)
}

async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer_all(stream));
    }
}

/// Answers one request after the other, until the client hangs up or sends what it never should.
async fn answer_all(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let locked = format!("{HEAD}content-length: {}\r\n\r\n{LOCKED}", LOCKED.len());
    let done = format!("{HEAD}content-length: 0\r\n\r\n");
    let mut received = Vec::with_capacity(4096);
    loop {
        let length = loop {
            if let Some(length) = request_length(&received) {
                break length;
            }
            if stream.read_buf(&mut received).await.ok()? == 0 {
                return None;
            }
        };
        let request = received.get(..length)?;
        let line = request.split(|byte| *byte == b'\r').next()?;
        let answer = if line.ends_with(b"/draft_state/lock HTTP/1.1") {
            &locked
        } else {
            &done
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        received.drain(..length);
    }
}

/// The length of the first request with its body, if all of it is there.
fn request_length(received: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let head = received.windows(END.len()).position(|four| four == END)?;
    let headers = str::from_utf8(received.get(..head)?).ok()?;
    let body = headers
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Some(0), |(_, length)| length.trim().parse().ok())?;
    let length = head + END.len() + body;
    (received.len() >= length).then_some(length)
}
