//! Responses that are cut or delayed at any byte, against the truth in the sandbox: the outcome is never
//! wrong. The server isn't malicious, but the bytes that arrive may be the start of anything.
//!
//! By default 2,000 calls; `LLMOBS_CUTS=50000 cargo test -p llmobs-datasets --test contract cuts -- --nocapture`
//! makes more of them, and prints the number of each outcome.

use std::collections::BTreeMap;

use llmobs_datasets::{BaseUrl, Client, Credentials, Operation, RetryPolicy};
use llmobs_sandbox::Sandbox;

use crate::clock::TestClock;
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{LOCKED, call, dataset, reported_effect, took_effect};

const PAGE: &str = "<!DOCTYPE html><html><body>Sign in</body></html>";
const ERRORS: &str = r#"{"errors":[{"title":"Forbidden","detail":"No"}]}"#;
const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// The responses of a server that isn't malicious to a call that took effect: status, media type and body.
const AFTER_EFFECT: [(u16, &str, &str); 7] = [
    (200, JSON, LOCKED),
    (200, JSON, ""),
    (200, JSON, "{}"),
    (204, JSON, ""),
    (200, JSON, "{\"data\":{\"id\":\"x\"}}"),
    (500, JSON, ERRORS),
    (502, HTML, PAGE),
];

/// The same for a call that had no effect.
const WITHOUT_EFFECT: [(u16, &str, &str); 11] = [
    (200, JSON, ERRORS),
    (200, JSON, "{\"data\":null,\"errors\":[\"No\"]}"),
    (200, JSON, "{\"error\":\"No\"}"),
    (200, HTML, PAGE),
    (200, HTML, "Sign in"),
    (200, JSON, "Please sign in"),
    (400, JSON, ERRORS),
    (
        403,
        JSON,
        "{\"status\":\"error\",\"errors\":[\"Forbidden\"]}",
    ),
    (409, JSON, ERRORS),
    (429, JSON, "{\"errors\":[\"Too many requests\"]}"),
    (503, HTML, PAGE),
];

/// A response in one of the three framings of HTTP/1.
fn response(random: &mut fastrand::Rng, (status, media, body): (u16, &str, &str)) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} S\r\ncontent-type: {media}\r\n");
    let response = match random.u8(..3) {
        _ if status == 204 => format!("{head}\r\n"),
        0 => format!("{head}content-length: {}\r\n\r\n{body}", body.len()),
        1 => {
            let (one, other) = body.split_at(body.len() / 2);
            let chunks = [one, other].into_iter().filter(|chunk| !chunk.is_empty());
            let chunks = chunks.map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()));
            let chunks: String = chunks.collect();
            format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
        }
        // Until the connection closes.
        _ => format!("{head}\r\n{body}"),
    };
    response.into_bytes()
}

/// Makes calls whose responses end anywhere, and returns the number of each outcome.
async fn calls(random: &mut fastrand::Rng, calls: usize) -> BTreeMap<&'static str, usize> {
    let clock = TestClock::default();
    let sandbox = Sandbox::start().await.unwrap();
    let server = Server::in_front_of(&sandbox.url()).await;
    let keys = Credentials::new(sandbox.api_key(), sandbox.application_key()).unwrap();
    let url: BaseUrl = server.url().parse().unwrap();
    let builder = Client::builder(keys).endpoint(url);
    let builder = clock.watch(builder.retry(RetryPolicy::none()));
    let dataset = dataset(&builder.build().unwrap());
    let state = || sandbox.dataset(PROJECT_ID, DATASET_ID).unwrap();
    let mut outcomes = BTreeMap::new();
    for _ in 0..calls {
        let before = state();
        let lock = match before.holder() {
            Some(_) => Operation::Unlock,
            None => Operation::Lock,
        };
        let operation = [lock, Operation::Restore][random.usize(..2)];
        let effect = random.bool();
        let from = if effect {
            &AFTER_EFFECT[..]
        } else {
            &WITHOUT_EFFECT
        };
        let whole = from[random.usize(..from.len())];
        let mut bytes = response(random, whole);
        // Every other response is whole.
        if random.bool() {
            bytes.truncate(random.usize(..=bytes.len()));
        }
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let step = match random.u8(..3) {
            0 => Step::Cut(bytes),
            1 => Step::Reset(bytes),
            _ => Step::Stall(bytes),
        };
        let step = if effect { step.after_effect() } else { step };
        server.script([step]);
        let stalls = server.stalls();
        let result = tokio::select! {
            biased;
            result = call(&dataset, operation) => result,
            () = async {
                // Time passes once the server has sent what it sends.
                stalls.await;
                clock.time_out_all().await;
            } => unreachable!("it has no end"),
        };
        let truth = took_effect(operation, &before, &state());
        // A request on a connection that the last step closed has no effect.
        assert!(effect || !truth);
        let reported = reported_effect(&result);
        assert!(
            reported.is_none_or(|reported| reported == truth),
            "{operation}, effect: {truth}, {result:?}, response: {shown:?}"
        );
        let outcome = match reported {
            Some(true) => "applied",
            Some(false) => "not applied",
            None => "unknown",
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn the_outcome_is_right_wherever_a_response_ends() {
    let number = std::env::var("LLMOBS_CUTS").map_or(2_000, |number| number.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(20_261_125);
    let mut outcomes = BTreeMap::new();
    // A new sandbox from time to time: its history grows.
    for _ in 0..number / 250 {
        for (outcome, count) in calls(&mut random, 250).await {
            *outcomes.entry(outcome).or_insert(0) += count;
        }
    }
    println!("{outcomes:?}, 0 wrong");
    assert!(
        outcomes.values().all(|count| *count > number / 100),
        "{outcomes:?}"
    );
    assert_eq!(outcomes.len(), 3);
}
