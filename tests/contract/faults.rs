//! The faults of the matrix, and the server's part in each.

use Effect::{Either, No, Yes};

use crate::clock::TestClock;
use crate::server::Step;
use crate::setup::LOCKED;

const JSON: &str = "content-type: application/json";
const NOW: &str = "date: Tue, 20 Jan 2026 09:20:00 GMT";
const CHUNKED: &[u8] = b"HTTP/1.1 200 S\r\ntransfer-encoding: chunked\r\n\r\n";
/// Gzip of `{}`.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) kind: FaultKind,
}

/// Whether a call that hits a fault may have taken effect on a server that isn't malicious.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    No,
    Yes,
    Either,
}

/// The kind of a fault.
#[derive(Clone, Copy)]
pub(crate) enum FaultKind {
    ClosedPort,
    UnknownHost,
    /// A resolver that doesn't respond.
    SlowHost,
    /// A server that accepts connections, and nothing else.
    SlowTls,
    /// A connection that was closed since the call before.
    ClosedConnection,
    /// A rate limit, with a budget of one retry.
    SmallBudget,
    Step(fn(&Stage) -> Step),
}

/// The addresses that steps refer to.
pub(crate) struct Stage {
    pub(crate) clock: TestClock,
    /// The target of redirects.
    pub(crate) elsewhere: String,
}

impl Fault {
    fn new(name: &'static str, effect: Effect, kind: FaultKind) -> Self {
        Self { name, effect, kind }
    }
}

fn step(name: &'static str, effect: Effect, step: fn(&Stage) -> Step) -> Fault {
    Fault::new(name, effect, FaultKind::Step(step))
}

/// All faults, in the order of the table.
pub(crate) fn faults() -> impl Iterator<Item = Fault> {
    connections().into_iter().chain(bodies()).chain(statuses())
}

/// Faults of connections and of time.
fn connections() -> Vec<Fault> {
    vec![
        Fault::new("connection refused", No, FaultKind::ClosedPort),
        Fault::new("host name not found", No, FaultKind::UnknownHost),
        Fault::new("host name never found", No, FaultKind::SlowHost),
        Fault::new("no response to the TLS handshake", No, FaultKind::SlowTls),
        step("reset before the request is read", No, |_| {
            Step::ResetUnread
        }),
        step("reset after the request is read", Either, |_| {
            Step::Reset(Vec::new())
        }),
        step("closed after the request is read", Either, |_| {
            Step::reset()
        }),
        step("reset in mid-body", Yes, |_| {
            Step::Reset(cut(LOCKED.len(), half()))
        }),
        step("cut before the body", Yes, |_| {
            Step::Cut(cut(LOCKED.len(), ""))
        }),
        step("cut in a chunk", Yes, |_| {
            let chunk = format!("{:x}\r\n{}", LOCKED.len(), half());
            Step::Cut([CHUNKED, chunk.as_bytes()].concat())
        }),
        step("cut errors", No, |_| {
            Step::Cut(cut(99, "{\"errors\":[\"No"))
        }),
        step("cut login page", No, |_| Step::Cut(cut(99, "<html>"))),
        step("truncated JSON", Yes, |_| {
            Step::response(200, &[JSON], half())
        }),
        step("no response, ever", Either, |stage| {
            Step::Slow(Vec::new(), Vec::new(), stage.clock.clone())
        }),
        step("one byte a second", Either, |stage| {
            Step::Slow(Vec::new(), cut(LOCKED.len(), LOCKED), stage.clock.clone())
        }),
        step("a body of one byte a second", Yes, |stage| {
            let head = cut(LOCKED.len(), "");
            Step::Slow(head, LOCKED.into(), stage.clock.clone())
        }),
        step("HTTP/1.0", Yes, |_| {
            Step::Cut([b"HTTP/1.0 200 S\r\n\r\n", LOCKED.as_bytes()].concat())
        }),
        Fault::new(
            "connection closed between calls",
            Yes,
            FaultKind::ClosedConnection,
        ),
    ]
}

/// Faults of the body of a 200.
fn bodies() -> Vec<Fault> {
    vec![
        step("endless body", Either, |_| {
            Step::Endless(b"HTTP/1.1 200 S\r\n\r\n".to_vec(), vec![b' '; 1 << 16])
        }),
        step("body of 10 MB", Either, |_| {
            Step::response(200, &[JSON], vec![b' '; 10_000_000])
        }),
        step("empty body", Yes, |_| Step::status(200)),
        step("prose", Either, |_| Step::response(200, &[JSON], "OK")),
        step("HTML body", Either, |_| {
            Step::response(200, &["content-type: text/html"], "<!DOCTYPE html><html>")
        }),
        step("wrong media type", Yes, |_| {
            Step::response(200, &["content-type: text/plain"], LOCKED)
        }),
        step("content length too large", Yes, |_| {
            Step::Cut(cut(LOCKED.len() + 9, LOCKED))
        }),
        step("content length too small", Yes, |_| {
            Step::Response(cut(LOCKED.len() / 2, LOCKED))
        }),
        step("content length no number", Either, |_| {
            Step::Cut(b"HTTP/1.1 200 S\r\ncontent-length: x\r\n\r\n".to_vec())
        }),
        step("invalid UTF-8", Yes, |_| {
            let (start, rest) = LOCKED.split_once("Jane").unwrap();
            Step::response(
                200,
                &[JSON],
                [start.as_bytes(), b"\xff", rest.as_bytes()].concat(),
            )
        }),
        step("unknown enum value", Yes, |_| {
            locked_with("\"draft_state_data\"", "\"of_tomorrow\"")
        }),
        step("missing required field", Yes, |_| {
            locked_with("\"drafting_since\"", "\"since\"")
        }),
        step("null for an optional field", Yes, |_| {
            locked_with("\"Jane Doe\"", "null")
        }),
        step("unknown fields", Yes, |_| {
            locked_with("\"drafting_since\"", "\"new\": [{}], \"drafting_since\"")
        }),
        step("gzip that was not asked for", Yes, |_| {
            Step::response(200, &[JSON, "content-encoding: gzip"], GZIP)
        }),
    ]
}

/// Faults with other statuses.
fn statuses() -> Vec<Fault> {
    vec![
        step("429, seconds", No, |_| limited(&["retry-after: 7"])),
        step("429, date", No, |_| {
            limited(&[NOW, "retry-after: Tue, 20 Jan 2026 09:20:04 GMT"])
        }),
        step("429, past date", No, |_| {
            limited(&[NOW, "retry-after: Tue, 20 Jan 2015 09:20:00 GMT"])
        }),
        step("429, negative", No, |_| limited(&["retry-after: -7"])),
        step("429, huge", No, |_| limited(&["retry-after: 99999999999"])),
        step("429, an hour", No, |_| limited(&["retry-after: 3600"])),
        step("429, with unit", No, |_| limited(&["retry-after: 7s"])),
        step("429, list", No, |_| limited(&["retry-after: 7, 7"])),
        step("429, twice", No, |_| {
            limited(&["retry-after: 7", "retry-after: 8"])
        }),
        step("429, date in UTC", No, |_| {
            limited(&[NOW, "retry-after: Tue, 20 Jan 2026 09:20:04 UTC"])
        }),
        step("429, Unix time", No, |_| {
            limited(&[NOW, "x-ratelimit-reset: 1768900804"])
        }),
        step("429, garbage", No, |_| limited(&["retry-after: at noon"])),
        Fault::new("429, with a budget of 1 retry", No, FaultKind::SmallBudget),
        step("429, no hint", No, |_| limited(&[])),
        step("429, reset of the limit", No, |_| {
            limited(&["x-ratelimit-reset: 9"])
        }),
        step("408", Either, |_| Step::status(408)),
        step("500", Either, |_| Step::status(500)),
        step("502", Either, |_| Step::response(502, &[], "<html>")),
        step("503", Either, |_| Step::status(503)),
        step("504", Either, |_| Step::status(504)),
        step("409", No, |_| {
            Step::response(409, &[JSON], "{\"errors\":[\"No\"]}")
        }),
        step("423", No, |_| Step::status(423)),
        step("418", No, |_| Step::status(418)),
        step("204", Yes, |_| {
            Step::Response(b"HTTP/1.1 204 S\r\n\r\n".to_vec())
        }),
        step("206", Yes, |_| Step::response(206, &[JSON], LOCKED)),
        step("301 to another host", Either, |stage| redirect(301, stage)),
        step("302 to another host", Either, |stage| redirect(302, stage)),
        step("307 to another host", Either, |stage| redirect(307, stage)),
        step("308 to another host", Either, |stage| redirect(308, stage)),
    ]
}

fn half() -> &'static str {
    LOCKED.split_at(LOCKED.len() / 2).0
}

/// A 200 with a wrong length of its body.
fn cut(length: usize, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 S\r\n{JSON}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn locked_with(from: &str, to: &str) -> Step {
    assert!(LOCKED.contains(from), "{from}");
    Step::response(200, &[JSON], LOCKED.replace(from, to))
}

fn limited(headers: &[&str]) -> Step {
    Step::response(429, headers, "{\"errors\":[\"Too many requests\"]}")
}

fn redirect(status: u16, stage: &Stage) -> Step {
    Step::response(status, &[&format!("location: {}/x", stage.elsewhere)], "")
}
