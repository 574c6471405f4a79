//! Allocations and bytes allocated a call, and by building a client: the wrapper compared with the baseline.

mod loopback;
mod sides;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

use loopback::Loopback;
use sides::{Caller, Side};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Beyond the first ones, which open the connection.
const CALLS: u32 = 3_000;

fn main() -> Result<()> {
    if loopback::served()? {
        return Ok(());
    }
    let server = Loopback::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let calls = usize::try_from(CALLS)?;
    let mut building = Vec::new();
    let mut calling = Vec::new();
    for side in Side::ALL {
        // The first client of a process also pays for what all share.
        drop(Caller::new(side, server.address)?);
        let region = Region::new(COUNTED);
        let caller = Caller::new(side, server.address)?;
        building.push((side, region.change(), 1));
        runtime.block_on(caller.run(calls, 1))?;
        let region = Region::new(COUNTED);
        runtime.block_on(caller.run(calls, 1))?;
        calling.push((side, region.change(), CALLS));
    }
    table("a call", &calling)?;
    table("building a client", &building)
}

/// Prints what sides allocated for so many units.
fn table(what: &str, rows: &[(Side, Stats, u32)]) -> Result<()> {
    println!(
        "\n{what:24} {:>12} {:>7} {:>12} {:>7}",
        "allocations", "ratio", "bytes", "ratio"
    );
    let mut baseline = None;
    for (side, stats, units) in rows {
        let of_one = |count: usize| {
            Ok::<_, std::num::TryFromIntError>(f64::from(u32::try_from(count)?) / f64::from(*units))
        };
        let allocations = of_one(stats.allocations + stats.reallocations)?;
        let bytes = of_one(stats.bytes_allocated)?;
        let (baseline_allocations, baseline_bytes) = *baseline.get_or_insert((allocations, bytes));
        println!(
            "{side:24} {allocations:>12.1} {:>7.3} {bytes:>12.0} {:>7.3}",
            allocations / baseline_allocations,
            bytes / baseline_bytes
        );
    }
    Ok(())
}
