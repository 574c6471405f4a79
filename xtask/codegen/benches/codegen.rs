//! How long codegen and the diff of a spec take, for this spec and for synthetic ones of up to 1,000
//! operations, and how that grows. The diff is that of the wire, with a changed format in one place. A
//! synthetic spec is this one many times over: each copy has its own paths, operations and models; the
//! errors are shared.

use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Map, Value};
use xtask_codegen::{Paths, generate, lower};
use xtask_spec::Document;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const OPERATIONS_OF_THIS_SPEC: usize = 3;

/// Time of codegen and diff.
#[derive(Parser)]
struct Args {
    /// How often each spec has its turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// What cargo says to benches.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let Args { rounds, .. } = Args::parse();
    let spec = Document::read(&Paths::default().spec)?;
    println!("milliseconds, fastest of {rounds} rounds");
    println!(
        "{:>10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8}",
        "operations", "read", "lower", "generate", "all", "an op.", "lines", "diff"
    );
    for operations in [3, 30, 102, 300, 1_002] {
        let copies = operations / OPERATIONS_OF_THIS_SPEC;
        let text = if copies == 1 {
            spec.text.clone()
        } else {
            serde_json::to_string_pretty(&many(&spec.root.to_value(), copies)?)?
        };
        let changed = text.replacen("date-time", "date", 1);
        let mut diff = Duration::MAX;
        let mut best: Option<[Duration; 3]> = None;
        let mut lines = 0;
        for _ in 0..rounds {
            let start = Instant::now();
            let document = Document::parse(spec.name.clone(), text.clone())?;
            let read = start.elapsed();
            let start = Instant::now();
            let lowered = lower(&document)?;
            let lower = start.elapsed();
            let start = Instant::now();
            let code = generate::generate(&document, &lowered)?;
            let took = [read, lower, start.elapsed()];
            lines = code.lines().count();
            let start = Instant::now();
            let base = Document::parse(spec.name.clone(), text.clone())?;
            let revision = Document::parse(spec.name.clone(), changed.clone())?;
            let found = xtask_diff::compare(&base, &revision)?;
            diff = diff.min(start.elapsed());
            if found.len() != 1 {
                return Err(format!("{} changes where one was made", found.len()).into());
            }
            best = Some(best.map_or(took, |best| {
                if took.iter().sum::<Duration>() < best.iter().sum() {
                    took
                } else {
                    best
                }
            }));
        }
        let [read, lower, generate] = best.unwrap_or_default().map(|it| it.as_secs_f64() * 1e3);
        let all = read + lower + generate;
        println!(
            "{operations:>10} {read:>8.1} {lower:>8.1} {generate:>8.1} {all:>8.1} {:>10.3} {lines:>8} {:>8.1}",
            all / f64::from(u32::try_from(operations)?),
            diff.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

/// The spec so many times over.
fn many(root: &Value, copies: usize) -> Result<Value> {
    const OWN: &str = "LLMObs";
    let part = |pointer: &str| {
        root.pointer(pointer)
            .ok_or(format!("the spec has no {pointer}"))
    };
    let paths = part("/paths")?.to_string();
    let schemas = part("/components/schemas")?
        .as_object()
        .ok_or("the schemas are no object")?;
    let (own, shared): (Map<_, _>, Map<_, _>) = schemas
        .clone()
        .into_iter()
        .partition(|(name, _)| name.starts_with(OWN));
    let own = Value::from(own).to_string();
    let (mut all_paths, mut all_schemas) = (Map::new(), shared);
    for copy in 1..=copies {
        let name = format!("{OWN}{copy}");
        let paths = paths
            .replace(OWN, &name)
            .replace("/v1/", &format!("/v{copy}/"));
        all_paths.extend(serde_json::from_str::<Map<_, _>>(&paths)?);
        all_schemas.extend(serde_json::from_str::<Map<_, _>>(&own.replace(OWN, &name))?);
    }
    let mut many = root.clone();
    for (pointer, value) in [("/paths", all_paths), ("/components/schemas", all_schemas)] {
        *many.pointer_mut(pointer).ok_or("the spec lost a part")? = value.into();
    }
    Ok(many)
}
