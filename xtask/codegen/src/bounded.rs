//! Runs the generator within bounds of time and stack.

use std::panic;
use std::sync::{Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use openapiv3::OpenAPI;
use serde_json::Value;
use xtask_spec::{BadInput, Document, Fault};

use crate::culprit;
use crate::refusal::Refusal;

const THREAD: &str = "progenitor";

/// Recursive schemas of any sensible size fit on this stack.
const STACK_BYTES: usize = 256 << 20;

/// The largest published specs take a few seconds.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long the part of a spec that the generator refuses is looked for.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);

type Generate = fn(&OpenAPI) -> Result<String, Refusal>;

/// Generates the code of a lowered document.
///
/// # Errors
///
/// What the generator refuses, at the schema or the operation that it refuses.
pub fn run(document: &Document, lowered: &Value, generate: Generate) -> Result<String, BadInput> {
    attempt(lowered.clone(), generate, TIME_LIMIT).map_err(|refusal| {
        let start = Instant::now();
        let is_refused = |part| {
            let left = SEARCH_LIMIT.saturating_sub(start.elapsed());
            let refusal = (!left.is_zero()).then(|| attempt(part, generate, left).err());
            refusal.flatten().is_some_and(|it| it.message != endless())
        };
        let culprit = match &refusal.item {
            Some(item) => culprit::of_item(document, item),
            None if refusal.message == endless() => None,
            None => culprit::refused_part(&document.root, lowered, is_refused),
        };
        let culprit = culprit.unwrap_or(document.root.id);
        document.refused(&Fault::new(culprit, refusal.message, refusal.remedy))
    })
}

fn endless() -> String {
    let seconds = TIME_LIMIT.as_secs();
    format!("the generator doesn't finish within {seconds} seconds")
}

fn attempt(lowered: Value, generate: Generate, limit: Duration) -> Result<String, Refusal> {
    silence_the_generator();
    let spec: OpenAPI = serde_json::from_value(lowered).map_err(|error| error.to_string())?;
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        let result = panic::catch_unwind(|| generate(&spec)).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(message
                .unwrap_or("it stopped without a message")
                .to_owned()
                .into())
        });
        // Nobody waits for a result that comes too late.
        let _ = sender.send(result);
    };
    let thread = thread::Builder::new()
        .name(THREAD.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work);
    thread.map_err(|error| format!("it can't be started: {error}"))?;
    receiver.recv_timeout(limit).unwrap_or_else(|_| {
        Err(Refusal {
            item: None,
            message: endless(),
            remedy: "simplify what combines schemas: `allOf`, `oneOf`, `anyOf`".to_owned(),
        })
    })
}

/// Keeps a panic of the generator off the user's terminal: it is reported as a fault of the spec.
fn silence_the_generator() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD) {
                report(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_generator_without_end_is_left_alone() {
        let spec =
            json!({ "openapi": "3.0.3", "info": { "title": "T", "version": "1" }, "paths": {} });
        let endless_generator = |_: &OpenAPI| {
            loop {
                thread::park();
            }
        };
        let refusal = attempt(spec, endless_generator, Duration::from_millis(1)).unwrap_err();
        assert_eq!(refusal.message, endless());
    }
}
