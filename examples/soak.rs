//! Calls a faulty service for a while, and reports the outcomes and the memory of the client.
//!
//! `cargo run --release --example soak -- --seconds 60`. The service is the sandbox in a separate process, so
//! that only the client's memory is measured. The exit code is 1 if more or fewer restores took effect than
//! the outcomes allow.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use llmobs_datasets::{
    BaseUrl, Client, Credentials, Dataset, DatasetVersion, LockedDataset, Outcome, RetryPolicy,
};
use llmobs_sandbox::{Fault, InitialState, Operation, Sandbox};

const TASKS: u64 = 64;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Parser)]
struct Args {
    /// Duration of the run in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Seed of the random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run the service, until standard input ends.
    #[arg(long, hide = true)]
    serve: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args = Args::parse();
    if args.serve {
        serve(args.seed).await?;
        return Ok(ExitCode::SUCCESS);
    }
    soak(&args).await
}

/// Serves with a fault for every fourth call. At the end, prints the number of requests, of requests that hit a
/// fault, and of restores that took effect.
async fn serve(seed: u64) -> Result<(), Box<dyn Error>> {
    const OPERATIONS: [Operation; 3] = [Operation::Lock, Operation::Unlock, Operation::Restore];
    let mut random = fastrand::Rng::with_seed(seed);
    let sandbox = Sandbox::start().await?;
    println!("{}", sandbox.url());
    println!("{}", sandbox.api_key());
    for user in sandbox.users() {
        println!("{}", user.application_key);
    }
    let mut end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let faults = faults();
    // Whether each of the next calls to an operation hits a fault.
    let mut queued = BTreeMap::from(OPERATIONS.map(|operation| (operation, VecDeque::new())));
    let (mut requests, mut hits) = (0, 0);
    loop {
        for (operation, queue) in &mut queued {
            let new = (queue.len()..20_000).map(|_| {
                let fault = faults.get(random.usize(..4 * faults.len()));
                queue.push_back(fault.is_some());
                fault.cloned().unwrap_or(Fault::delay(Duration::ZERO))
            });
            sandbox.script(*operation, new.collect::<Vec<_>>());
        }
        let ended = tokio::time::timeout(Duration::from_millis(50), &mut end).await;
        // Kept requests would be most of the memory.
        for request in sandbox.take_requests() {
            requests += 1;
            let queue = queued.get_mut(&request.operation);
            hits += u64::from(queue.and_then(VecDeque::pop_front).unwrap_or(false));
        }
        if ended.is_ok() {
            break;
        }
    }
    let dataset = sandbox.dataset(InitialState::PROJECT_ID, InitialState::DATASET_ID);
    let versions = dataset.map_or(0, |dataset| dataset.version());
    println!("{requests}\n{hits}\n{}", versions - 2);
    Ok(())
}

/// The faults of a service that isn't malicious.
fn faults() -> Vec<Fault> {
    let neither = [
        Fault::status(408),
        Fault::status(500),
        Fault::status(502).body("<html>"),
        Fault::status(503),
        Fault::reset(),
        Fault::html(),
        Fault::redirect("http://127.0.0.1:1/"),
    ];
    let after = neither.clone().map(Fault::after_effect);
    let others = [
        Fault::status(400).body("{\"errors\":[\"No\"]}"),
        Fault::status(409),
        Fault::rate_limited(Duration::ZERO),
        Fault::empty().after_effect(),
        Fault::truncated().after_effect(),
        Fault::endless().after_effect(),
        Fault::delay(2 * ATTEMPT_TIMEOUT),
    ];
    [&neither[..], &after, &others].concat()
}

/// The number of calls with each result.
type Tally = BTreeMap<String, u64>;

async fn soak(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let mut service = Command::new(std::env::current_exe()?)
        .args(["--serve", "--seed", &args.seed.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = service.stdout.take().ok_or("the service has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let mut line = || match lines.next() {
        Some(line) => line,
        None => Err(std::io::ErrorKind::UnexpectedEof.into()),
    };
    let (url, api_key, jane, john) = (line()?, line()?, line()?, line()?);
    let datasets = [
        dataset(&url, &api_key, &jane)?,
        dataset(&url, &api_key, &john)?,
    ];

    let tally = Arc::new(Mutex::new(Tally::new()));
    let time = Duration::from_secs(args.seconds.into());
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (task, dataset) in (0..TASKS).zip(datasets.iter().cycle()) {
        let (dataset, tally) = (dataset.clone(), Arc::clone(&tally));
        let mut random = fastrand::Rng::with_seed(args.seed ^ (task << 32));
        tasks.spawn(async move {
            while start.elapsed() < time {
                let (call, result) = any_call(&dataset, &mut random).await;
                if let Ok(mut tally) = tally.lock() {
                    *tally.entry(format!("{call}: {result}")).or_default() += 1;
                }
            }
        });
    }
    // After a tenth of the time, all connections and buffers exist.
    tokio::time::sleep(time / 10).await;
    let memory_at_start = memory();
    while tasks.join_next().await.is_some() {}
    let memory_at_end = memory();

    drop(service.stdin.take());
    let counts @ [_, _, effects] = [line()?.parse()?, line()?.parse()?, line()?.parse()?];
    service.wait()?;
    let tally = tally.lock().map_err(|_| "a task panicked")?.clone();
    report(&tally, counts);
    let shown = |memory: Option<u64>| match memory {
        Some(kilobytes) => format!("{kilobytes} kB"),
        None => "not known on this system".to_owned(),
    };
    println!(
        "memory of the client: {} after a tenth of the time, {} at the end",
        shown(memory_at_start),
        shown(memory_at_end)
    );
    let of = |result: &str| -> u64 {
        let restores = ["restore", "restore under the lock"];
        let keys = restores.map(|restore| format!("{restore}: {result}"));
        keys.iter().filter_map(|key| tally.get(key)).sum()
    };
    let applied = of("applied");
    let most = applied + of("unknown") + of("dropped");
    if (applied..=most).contains(&effects) {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: {effects} restores took effect; the outcomes allow {applied} to {most}");
    Ok(ExitCode::FAILURE)
}

fn dataset(url: &str, api_key: &str, application_key: &str) -> Result<Dataset, Box<dyn Error>> {
    let millis = Duration::from_millis;
    let client = Client::builder(Credentials::new(api_key, application_key)?)
        .endpoint(url.parse::<BaseUrl>()?)
        .attempt_timeout(ATTEMPT_TIMEOUT)
        .retry(RetryPolicy::default().backoff(millis(1), millis(10)))
        .max_response_bytes(1 << 16)
        // Tasks of one user would wait for each other, and make no calls.
        .lock_wait(Duration::ZERO)
        .build()?;
    Ok(client.dataset(
        InitialState::PROJECT_ID.parse()?,
        InitialState::DATASET_ID.parse()?,
    ))
}

/// Makes a call, which may be dropped while in progress. Returns the names of the call and of its outcome.
async fn any_call(dataset: &Dataset, random: &mut fastrand::Rng) -> (&'static str, &'static str) {
    // Version 0 has no records, so that restoring it needs no memory in the service.
    let restore = async |dataset: Dataset| dataset.restore(DatasetVersion::new(0)?).await;
    let under_lock = async |locked: LockedDataset| locked.restore(DatasetVersion::new(0)?).await;
    let (name, call): (_, BoxFuture<'_, _>) = match random.u8(..4) {
        0 => ("lock", Box::pin(dataset.lock().map(outcome))),
        1 => ("unlock", Box::pin(dataset.unlock().map(outcome))),
        2 => ("restore", Box::pin(restore(dataset.clone()).map(outcome))),
        _ => (
            "restore under the lock",
            Box::pin(dataset.with_draft_lock(under_lock).map(|result| {
                result.map_or_else(
                    |failed| name_of(failed.outcome()),
                    |_| name_of(Outcome::Applied),
                )
            })),
        ),
    };
    let time = match random.u8(..20) {
        0 => Duration::from_micros(random.u64(..5000)),
        _ => Duration::MAX,
    };
    (
        name,
        tokio::time::timeout(time, call).await.unwrap_or("dropped"),
    )
}

fn outcome<T>(result: llmobs_datasets::Result<T>) -> &'static str {
    name_of(result.map_or_else(|error| error.outcome(), |_| Outcome::Applied))
}

fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::NotApplied => "not applied",
        _ => "unknown",
    }
}

fn report(tally: &Tally, [requests, faults, effects]: [u64; 3]) {
    let calls: u64 = tally.values().sum();
    println!(
        "{calls} calls, {requests} requests, {faults} of them hit a fault; {effects} restores took effect"
    );
    for (what, count) in tally {
        println!("{count:>9} {what}");
    }
}

/// The resident memory of this process in kB, where the system reports it.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
