//! Time and CPU a call, at 1 and at 64 in flight, and what it costs to build a client: the wrapper
//! compared with the baseline, in interleaved rounds of one run.
//!
//! With `--calls` and `--side` it makes so many calls of one side and measures nothing itself:
//! `benches/instructions.sh` counts those.

mod loopback;
mod sides;

use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::Parser;
use cpu_time::ProcessTime;
use tokio::runtime::Runtime;

use loopback::Loopback;
use sides::{Caller, Side};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Time and CPU a call.
#[derive(Parser)]
struct Args {
    /// How often each side has its turn.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
    /// Calls of a side in a round.
    #[arg(long, default_value_t = 3_000)]
    calls_per_round: usize,
    /// Only make so many calls, one after the other; measure nothing.
    #[arg(long, requires = "side")]
    calls: Option<usize>,
    /// Who makes them.
    #[arg(long, requires = "calls")]
    side: Option<Side>,
    /// What cargo says to benches.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a round took, by one unit of what it measures.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn main() -> Result<()> {
    if loopback::served()? {
        return Ok(());
    }
    let args = Args::parse();
    let server = Loopback::start()?;
    // One thread, so that the CPU time of the process is that of the calls.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let (Some(calls), Some(side)) = (args.calls, args.side) {
        let caller = Caller::new(side, server.address)?;
        return runtime.block_on(caller.run(calls, 1));
    }
    println!(
        "{} rounds; medians, and the medians of the rounds' ratios to the baseline",
        args.rounds
    );
    for in_flight in [1, 64] {
        measure_calls(&args, &server, &runtime, in_flight)?;
    }
    measure_construction(&args, &server)
}

fn measure_calls(
    args: &Args,
    server: &Loopback,
    runtime: &Runtime,
    in_flight: usize,
) -> Result<()> {
    let callers = Side::ALL
        .iter()
        .map(|side| Caller::new(*side, server.address))
        .collect::<Result<Vec<_>>>()?;
    for caller in &callers {
        runtime.block_on(caller.run(args.calls_per_round, in_flight))?;
    }
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        let mut round = Vec::new();
        for caller in &callers {
            round.push(cost(args.calls_per_round, || {
                runtime.block_on(caller.run(args.calls_per_round, in_flight))
            })?);
        }
        rounds.push(round);
    }
    table(&format!("a call, {in_flight} in flight"), &rounds)
}

fn measure_construction(args: &Args, server: &Loopback) -> Result<()> {
    const CLIENTS: usize = 5;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        let mut round = Vec::new();
        for side in Side::ALL {
            round.push(cost(CLIENTS, || {
                for _ in 0..CLIENTS {
                    black_box(Caller::new(side, server.address)?);
                }
                Ok(())
            })?);
        }
        rounds.push(round);
    }
    table("building a client", &rounds)
}

fn cost(units: usize, work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let units = u32::try_from(units)?;
    let (start, cpu) = (Instant::now(), ProcessTime::try_now()?);
    work()?;
    Ok(Cost {
        cpu: cpu.try_elapsed()? / units,
        wall: start.elapsed() / units,
    })
}

/// Prints the costs of rounds, each of which has one cost a side.
fn table(what: &str, rounds: &[Vec<Cost>]) -> Result<()> {
    println!(
        "\n{what:24} {:>10} {:>7} {:>10} {:>7}",
        "time", "ratio", "CPU", "ratio"
    );
    for (index, side) in Side::ALL.into_iter().enumerate() {
        let [wall, wall_ratio] = medians(rounds, index, |cost| cost.wall)?;
        let [cpu, cpu_ratio] = medians(rounds, index, |cost| cost.cpu)?;
        println!("{side:24} {wall:>7.2} µs {wall_ratio:>7.3} {cpu:>7.2} µs {cpu_ratio:>7.3}");
    }
    Ok(())
}

/// The median of a side's costs in microseconds, and that of their ratios to the baseline's.
fn medians(rounds: &[Vec<Cost>], side: usize, part: impl Fn(Cost) -> Duration) -> Result<[f64; 2]> {
    let micros =
        |round: &Vec<Cost>, index: usize| Some(part(*round.get(index)?).as_secs_f64() * 1e6);
    let cost = rounds.iter().filter_map(|round| micros(round, side));
    let ratio = rounds
        .iter()
        .filter_map(|round| Some(micros(round, side)? / micros(round, 0)?));
    Ok([median(cost.collect())?, median(ratio.collect())?])
}

fn median(mut values: Vec<f64>) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).ok_or("there was no round")?;
    Ok(*median)
}
