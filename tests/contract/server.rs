//! A server that follows a script: one step per request, on a socket of its own, byte for byte.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::clock::{TestClock, pass};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Writes a response, and keeps the connection.
    Response(Vec<u8>),
    /// Writes these bytes, then closes the connection.
    Cut(Vec<u8>),
    /// Writes these bytes, then nothing, for ever.
    Stall(Vec<u8>),
    /// Writes a response once it is released.
    Held(Vec<u8>, Arc<Notify>),
    /// Writes these bytes, then others again and again, until the client hangs up.
    Endless(Vec<u8>, Vec<u8>),
    /// Writes these bytes, then resets the connection.
    Reset(Vec<u8>),
    /// Resets the connection with the request unread.
    ResetUnread,
    /// Writes the first bytes, then one of the others per second, until the client gives up.
    Slow(Vec<u8>, Vec<u8>, TestClock),
    /// Writes a response, closes the idle connection, and waits until the client has noticed.
    CloseIdle(Vec<u8>),
    /// Forwards the request to the service behind, and applies another step instead of its response.
    AfterEffect(Box<Step>),
}

impl Step {
    /// A response with a status, headers (`name: value`) and a body.
    pub(crate) fn response(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} S\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            bytes.push_str(header);
            bytes.push_str("\r\n");
        }
        bytes.push_str("\r\n");
        Self::Response([bytes.as_bytes(), body].concat())
    }

    /// A status with an empty body.
    pub(crate) fn status(status: u16) -> Self {
        Self::response(status, &[], "")
    }

    /// The connection is closed without a response.
    pub(crate) fn reset() -> Self {
        Self::Cut(Vec::new())
    }

    /// This, once it is released.
    pub(crate) fn held(self) -> (Self, Arc<Notify>) {
        let Self::Response(bytes) = self else {
            panic!("only responses are held")
        };
        let release = Arc::new(Notify::new());
        (Self::Held(bytes, Arc::clone(&release)), release)
    }

    /// This, after the call has taken effect.
    pub(crate) fn after_effect(self) -> Self {
        Self::AfterEffect(Box::new(self))
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
    script: Mutex<VecDeque<Step>>,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    arrived: Notify,
    /// How many steps have stalled.
    stalled: watch::Sender<usize>,
    /// That an idle connection is closed.
    closed: Notify,
    /// The service that takes the calls which no step keeps from it.
    service: Option<SocketAddr>,
}

impl Server {
    /// Starts with a script. A request after its end gets a 599, which no test expects.
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let script = Mutex::new(script.into_iter().collect());
        Self::serve(State {
            script,
            ..State::default()
        })
        .await
    }

    /// Starts in front of a service, which handles the requests that have no step.
    pub(crate) async fn in_front_of(service: &str) -> Self {
        let address = service.trim_start_matches("http://").parse().unwrap();
        Self::serve(State {
            service: Some(address),
            ..State::default()
        })
        .await
    }

    async fn serve(state: State) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(state);
        let served = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                served.connections.fetch_add(1, Ordering::SeqCst);
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

    /// Puts a script in the place of what is left of the last one.
    pub(crate) fn script(&self, script: impl IntoIterator<Item = Step>) {
        *self.state.script.lock().unwrap() = script.into_iter().collect();
    }

    /// How many steps have stalled.
    pub(crate) fn stalled(&self) -> watch::Receiver<usize> {
        self.state.stalled.subscribe()
    }

    /// Completes once another step has stalled.
    pub(crate) fn stalls(&self) -> impl Future<Output = ()> + use<> {
        let mut stalled = self.stalled();
        async move { stalled.changed().await.unwrap() }
    }

    /// Waits until the client has seen that an idle connection was closed.
    pub(crate) async fn closed(&self) {
        self.state.closed.notified().await;
    }

    /// The connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
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

impl State {
    fn next(&self) -> Option<Step> {
        self.script.lock().unwrap().pop_front()
    }

    /// Whether the next step comes before its request is read. If so, it is taken.
    fn takes_unread(&self) -> bool {
        let mut script = self.script.lock().unwrap();
        let unread = matches!(script.front(), Some(Step::ResetUnread));
        if unread {
            script.pop_front();
        }
        unread
    }

    /// The response of the service behind, unchanged.
    async fn forward(&self, request: &Received) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.service.unwrap()).await.unwrap();
        let head = request
            .head
            .replacen("\r\n", "\r\nconnection: close\r\n", 1);
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&request.body).await.unwrap();
        let mut response = Vec::new();
        socket.read_to_end(&mut response).await.unwrap();
        response
    }
}

async fn serve(mut socket: TcpStream, state: Arc<State>) {
    let mut buffer = Vec::new();
    loop {
        // Not `readable`, which may be ready too early.
        if buffer.is_empty() && socket.peek(&mut [0]).await.is_ok() && state.takes_unread() {
            socket.set_zero_linger().unwrap();
            return;
        }
        let Some(request) = read_request(&mut socket, &mut buffer).await else {
            return;
        };
        state.received.lock().unwrap().push(request.clone());
        state.arrived.notify_waiters();
        let step = match state.next() {
            Some(Step::AfterEffect(step)) => {
                state.forward(&request).await;
                *step
            }
            Some(step) => step,
            None if state.service.is_some() => Step::Response(state.forward(&request).await),
            None => Step::status(599),
        };
        if !follow(step, &mut socket, &state).await {
            return;
        }
    }
}

/// Follows a step, and returns whether the connection is kept.
async fn follow(step: Step, socket: &mut TcpStream, state: &State) -> bool {
    match step {
        Step::Response(bytes) => return socket.write_all(&bytes).await.is_ok(),
        Step::Cut(bytes) => {
            let _ = socket.write_all(&bytes).await;
        }
        Step::Stall(bytes) => {
            let _ = socket.write_all(&bytes).await;
            state.stalled.send_modify(|stalled| *stalled += 1);
            until_hangup(socket).await;
        }
        Step::Held(bytes, release) => {
            release.notified().await;
            return socket.write_all(&bytes).await.is_ok();
        }
        Step::Endless(bytes, more) => {
            if socket.write_all(&bytes).await.is_ok() {
                while socket.write_all(&more).await.is_ok() {}
            }
        }
        Step::Reset(bytes) => {
            let _ = socket.write_all(&bytes).await;
            socket.set_zero_linger().unwrap();
        }
        Step::Slow(head, drip, clock) => {
            let ended = clock.ended();
            let _ = socket.write_all(&head).await;
            let mut drip = drip.into_iter();
            while clock.ended() == ended {
                if let Some(byte) = drip.next() {
                    let _ = socket.write_all(&[byte]).await;
                }
                for _ in 0..4 {
                    if clock.ended() == ended {
                        pass(Duration::from_millis(250)).await;
                    }
                }
            }
            until_hangup(socket).await;
        }
        Step::CloseIdle(bytes) => {
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
            until_hangup(socket).await;
            state.closed.notify_one();
        }
        Step::ResetUnread | Step::AfterEffect(_) => panic!("a step that comes before another"),
    }
    false
}

async fn until_hangup(socket: &mut TcpStream) {
    let _ = socket.read(&mut [0]).await;
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
