//! A server that follows a script: one step a request, on a socket of its own, byte for byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Answers, and keeps the connection.
    Answer(Vec<u8>),
    /// Writes these bytes, then closes the connection.
    Cut(Vec<u8>),
    /// Writes these bytes, then nothing, for ever.
    Stall(Vec<u8>),
    /// Writes these bytes, then others again and again, until the client hangs up.
    Endless(Vec<u8>, Vec<u8>),
}

impl Step {
    /// An answer with a status, headers (`name: value`) and a body.
    pub(crate) fn answer(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} S\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            bytes.push_str(header);
            bytes.push_str("\r\n");
        }
        bytes.push_str("\r\n");
        Self::Answer([bytes.as_bytes(), body].concat())
    }

    /// A status with an empty body.
    pub(crate) fn status(status: u16) -> Self {
        Self::answer(status, &[], "")
    }

    /// The connection is closed without an answer.
    pub(crate) fn reset() -> Self {
        Self::Cut(Vec::new())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Method and path.
    pub(crate) fn line(&self) -> &str {
        self.head
            .lines()
            .next()
            .unwrap()
            .trim_end_matches(" HTTP/1.1")
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    script: Mutex<std::collections::VecDeque<Step>>,
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

impl Server {
    /// Starts with a script. A request after its end gets a 599, which no test expects.
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Mutex::new(script.into_iter().collect()),
            ..State::default()
        });
        let served = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&served)));
            }
        });
        Self {
            address,
            state,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Method and path of the requests so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.received()
            .iter()
            .map(|it| it.line().to_owned())
            .collect()
    }

    /// Waits until this many requests have come.
    pub(crate) async fn arrived(&self, count: usize) {
        loop {
            let arrival = self.state.arrived.notified();
            if self.received().len() >= count {
                return;
            }
            arrival.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut socket: TcpStream, state: Arc<State>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut socket, &mut buffer).await {
        state.received.lock().unwrap().push(request);
        state.arrived.notify_waiters();
        let step = state.script.lock().unwrap().pop_front();
        match step.unwrap_or_else(|| Step::status(599)) {
            Step::Answer(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Cut(bytes) => {
                let _ = socket.write_all(&bytes).await;
                return;
            }
            Step::Stall(bytes) => {
                let _ = socket.write_all(&bytes).await;
                // Until the client hangs up.
                let _ = socket.read(&mut [0]).await;
                return;
            }
            Step::Endless(bytes, more) => {
                if socket.write_all(&bytes).await.is_ok() {
                    while socket.write_all(&more).await.is_ok() {}
                }
                return;
            }
        }
    }
}

async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while buffer.len() < length {
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received {
        head,
        body: buffer.drain(..length).collect(),
    })
}
