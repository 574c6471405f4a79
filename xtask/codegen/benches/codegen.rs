//! How long codegen and the diff of a spec take, for a small spec and for synthetic ones of up to 1,000
//! operations, and how that grows. The diff is that of the wire, with a changed format in one place. A
//! synthetic spec is the small one many times over: each copy has its own paths, operations and models; the
//! errors are shared. The small spec is a fixture, so that a change to ours changes no figure.

use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Map, Value};
use xtask_codegen::{generate, lower};
use xtask_spec::Document;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SPEC: &str = include_str!("../tests/codegen/widgets.yaml");

const OPERATIONS_OF_THE_SPEC: usize = 2;

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
    let spec = Document::parse("spec.yaml".to_owned(), SPEC.to_owned())?;
    println!("milliseconds, fastest of {rounds} rounds");
    println!(
        "{:>10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8}",
        "operations", "read", "lower", "generate", "all", "an op.", "lines", "diff"
    );
    for operations in [2, 30, 100, 300, 1_000] {
        let copies = operations / OPERATIONS_OF_THE_SPEC;
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
    let part = |pointer: &str| {
        let part = root.pointer(pointer).and_then(Value::as_object);
        part.ok_or(format!("the spec has no {pointer}"))
    };
    let mut paths = Map::new();
    // The errors are a shared component, which refers to the original.
    let mut schemas = part("/components/schemas")?.clone();
    let originals = part("/components/schemas")?;
    for copy in 1..=copies {
        let own = |value: &Value| {
            let text = value
                .to_string()
                .replace("/schemas/", &format!("/schemas/C{copy}"));
            let id = "\"operationId\":\"";
            serde_json::from_str::<Value>(&text.replace(id, &format!("{id}C{copy}")))
        };
        for (path, item) in part("/paths")? {
            paths.insert(format!("/v{copy}{path}"), own(item)?);
        }
        for (name, schema) in originals {
            schemas.insert(format!("C{copy}{name}"), own(schema)?);
        }
    }
    let mut many = root.clone();
    for (pointer, value) in [("/paths", paths), ("/components/schemas", schemas)] {
        *many.pointer_mut(pointer).ok_or("the spec lost a part")? = value.into();
    }
    Ok(many)
}
