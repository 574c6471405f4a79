//! The outcome of every operation that writes, for every fault, over real sockets. It is compared with the state
//! of the sandbox behind the server. `fault_matrix.md` shows the results.
//!
//! A fault hits every request of a call, or the first one only. It comes before the call takes effect, after it,
//! or both in turn, where a server that isn't malicious may do either. The policy is the default one without
//! jitter, on a stopped clock.

use std::fmt::Write as _;
use std::time::Duration;

use llmobs_datasets::{
    BaseUrl, Client, Credentials, Dataset, Error, Operation, Response, RetryPolicy,
};
use llmobs_sandbox::Sandbox;
use reqwest::StatusCode;

use crate::clock::TestClock;
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::faults::{Effect, Fault, FaultKind, Stage, faults};
use crate::server::{Server, Step};
use crate::setup::{Names, call, closed_port, dataset, reported_effect, took_effect, writes};

/// The default call timeout.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// More requests than a call may make.
const ALWAYS: usize = 6;
/// The result of a call: attempts and status, or the error.
struct Played {
    result: Result<(u32, StatusCode), Error>,
    requests: usize,
    time: Duration,
}

async fn attempts_and_status(
    dataset: &Dataset,
    operation: Operation,
) -> Result<(u32, StatusCode), Error> {
    fn facts<T>(response: &Response<T>) -> (u32, StatusCode) {
        (response.attempts(), response.status())
    }
    Ok(match operation {
        Operation::Lock => facts(&dataset.lock().await?),
        Operation::Unlock => facts(&dataset.unlock().await?),
        Operation::Restore => facts(&dataset.restore(1_i64.try_into()?).await?),
        other => panic!("add a call of {other} here"),
    })
}

/// Plays a fault for a number of requests, and compares the outcome with the sandbox's state.
async fn play(fault: &Fault, operation: Operation, effect: bool, requests: usize) -> Played {
    let sandbox = Sandbox::start().await.unwrap();
    let server = Server::in_front_of(&sandbox.url()).await;
    let elsewhere = Server::start([]).await;
    let clock = TestClock::default();
    let url = match fault.kind {
        FaultKind::ClosedPort => closed_port(),
        FaultKind::UnknownHost | FaultKind::SlowHost => "http://nowhere.invalid".to_owned(),
        FaultKind::SlowTls => server.url().replace("http:", "https:"),
        _ => server.url(),
    };
    let keys = Credentials::new(sandbox.api_key(), sandbox.application_key()).unwrap();
    let budget = match fault.kind {
        FaultKind::SmallBudget => 1,
        _ => 100,
    };
    let client = Client::builder(keys)
        .endpoint(BaseUrl::with_plain_http(&url).unwrap())
        // Loading root certificates would take longer than all the rest.
        .http(
            reqwest::Client::builder()
                .no_proxy()
                .dns_resolver(Names(matches!(fault.kind, FaultKind::UnknownHost)))
                .tls_certs_only([]),
        )
        .retry(RetryPolicy::default().jitter(false).budget(budget));
    let client = clock.watch(client).build().unwrap();
    let dataset = dataset(&client);
    let reached = url == server.url();
    if operation == Operation::Unlock && reached {
        dataset.lock().await.unwrap();
    }
    match fault.kind {
        FaultKind::ClosedPort
        | FaultKind::UnknownHost
        | FaultKind::SlowHost
        | FaultKind::SlowTls => {}
        FaultKind::ClosedConnection => {
            let kept = b"HTTP/1.1 200 S\r\ncontent-length: 0\r\n\r\n".to_vec();
            server.script([Step::CloseIdle(kept)]);
            dataset.restore(1_i64.try_into().unwrap()).await.unwrap();
            server.closed().await;
        }
        FaultKind::SmallBudget => server.script(vec![Step::status(429); requests]),
        FaultKind::Step(step) => {
            let stage = Stage {
                clock: clock.clone(),
                elsewhere: elsewhere.url(),
            };
            let step = step(&stage);
            let step = if effect { step.after_effect() } else { step };
            server.script(vec![step; requests]);
        }
    }

    let state = || sandbox.dataset(PROJECT_ID, DATASET_ID).unwrap();
    let (before, received, start) = (state(), server.received().len(), clock.now());
    let result = match fault.kind {
        FaultKind::SlowHost | FaultKind::SlowTls => tokio::select! {
            biased;
            result = attempts_and_status(&dataset, operation) => result,
            () = clock.time_out_all() => unreachable!("it has no end"),
        },
        _ => attempts_and_status(&dataset, operation).await,
    };
    let (after, time) = (state(), clock.now() - start);
    let requests = server.received().len() - received;

    let what = format!("{operation}, {}, effect: {effect}: {result:?}", fault.name);
    let took_effect = took_effect(operation, &before, &after);
    assert!(took_effect || !effect, "{what}");
    assert!(
        reported_effect(&result).is_none_or(|reported| reported == took_effect),
        "{what}, in truth: {took_effect}"
    );
    // At most once, with any fault.
    assert!(after.version() - before.version() <= 1, "{what}");
    assert!(time <= CALL_TIMEOUT, "{what}, after {time:?}");
    assert_eq!(elsewhere.received().len(), 0, "{what}");
    // The client still works.
    if reached {
        server.script([]);
        let next = call(&dataset, operation).await;
        assert!(next.is_ok(), "{what}, then {next:?}");
    }
    Played {
        result,
        requests,
        time,
    }
}

impl Played {
    /// Kind, status and outcome.
    fn seen(&self) -> String {
        match &self.result {
            Ok((_, status)) => format!("success | {} | applied", status.as_u16()),
            Err(error) => {
                let status = error.status().map(|status| status.as_u16().to_string());
                let outcome = match reported_effect(&self.result) {
                    Some(true) => "applied",
                    Some(false) => "not applied",
                    None => "unknown",
                };
                format!(
                    "`{:?}` | {} | {outcome}",
                    error.kind(),
                    status.as_deref().unwrap_or("–")
                )
            }
        }
    }

    /// The cells of a call all of whose requests hit the fault.
    fn cells(&self) -> String {
        let attempts = match &self.result {
            Ok((attempts, _)) => *attempts,
            Err(error) => error.attempts(),
        };
        format!(
            "{} | {attempts} | {} | {} s",
            self.seen(),
            self.requests,
            self.time.as_secs_f64()
        )
    }

    /// The cells of a call whose first request hit the fault.
    fn once(&self) -> String {
        let result = match &self.result {
            Ok(_) => "success".to_owned(),
            Err(error) => format!("`{:?}`", error.kind()),
        };
        format!("{result} | {}", self.requests)
    }
}

/// The row of an operation and a fault. It doesn't depend on the effect, which the client can't see.
async fn row(fault: &Fault, operation: Operation) -> String {
    let effects: &[bool] = match fault.effect {
        Effect::No => &[false],
        Effect::Yes => &[true],
        Effect::Either => &[false, true],
    };
    let mut rows = Vec::new();
    for effect in effects {
        let always = play(fault, operation, *effect, ALWAYS).await.cells();
        let once = play(fault, operation, *effect, 1).await.once();
        rows.push(format!("{always} | {once}"));
    }
    rows.dedup();
    assert_eq!(rows.len(), 1, "{operation}, {}: {rows:?}", fault.name);
    rows.remove(0)
}

#[tokio::test(start_paused = true)]
async fn each_operation_handles_each_fault_as_in_the_table() {
    let mut table = String::from(
        "| fault | operation | effect on the server | the caller gets | status | outcome | attempts | requests | time | if only the first request hits the fault | requests |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for fault in faults() {
        let effect = match fault.effect {
            Effect::No => "no",
            Effect::Yes => "yes",
            Effect::Either => "no, yes",
        };
        // Operations of the same row share it.
        let mut rows: Vec<(String, String)> = Vec::new();
        for operation in writes() {
            let row = row(&fault, operation).await;
            match rows.iter_mut().find(|(_, other)| *other == row) {
                Some((operations, _)) => write!(operations, ", {operation}").unwrap(),
                None => rows.push((operation.to_string(), row)),
            }
        }
        for (operations, row) in rows {
            writeln!(
                table,
                "| {} | {operations} | {effect} | {row} |",
                fault.name
            )
            .unwrap();
        }
    }
    let page = include_str!("fault_matrix.md");
    let (_, expected) = page.split_at(page.find("| fault").unwrap_or(page.len()));
    let seen = concat!(env!("CARGO_TARGET_TMPDIR"), "/fault_matrix.md");
    std::fs::write(seen, &table).unwrap();
    let stale =
        "the table in tests/contract/fault_matrix.md differs from the results, which are in";
    assert!(table == expected, "{stale} {seen}");
}
