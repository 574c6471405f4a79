//! Runs the generator within bounds of time and stack, and finds the part of a spec that it refuses.

use std::collections::BTreeSet;
use std::panic;
use std::sync::{Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use openapiv3::OpenAPI;
use serde_json::{Map, Value, json};
use xtask_spec::fields::METHODS;
use xtask_spec::{BadInput, Document, Fault, Node, escape, names, plain};

const THREAD: &str = "progenitor";

/// Recursive schemas of any sensible size fit on this stack.
const STACK_BYTES: usize = 256 << 20;

/// The largest published specs take a few seconds.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long the part of a spec that the generator refuses is looked for.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);

const REMEDY: &str =
    "describe what the message means in another way, or add a rule to xtask/codegen/src/lower.rs";

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The generated type or method at fault, if one is known.
    pub item: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub remedy: String,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self {
            item: None,
            message: format!("the generator can't take the spec: {}", brief(&message)),
            remedy: REMEDY.to_owned(),
        }
    }
}

type Generate = fn(&OpenAPI) -> Result<String, Refusal>;

/// Generates the code of a lowered document.
///
/// # Errors
///
/// What the generator refuses, at the schema or the operation that it refuses.
pub fn run(document: &Document, lowered: &Value, generate: Generate) -> Result<String, BadInput> {
    attempt(lowered.clone(), generate, TIME_LIMIT).map_err(|refusal| {
        let node = match &refusal.item {
            Some(item) => of_item(&document.root, item),
            None if refusal.message == endless() => None,
            None => refused_part(&document.root, lowered, generate),
        };
        let node = node.unwrap_or(&document.root);
        document.refused(&Fault::new(node.id, refusal.message, refusal.remedy))
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

/// The first words of a message of the generator, without the values that it dumps.
fn brief(message: &str) -> String {
    const LONG: usize = 160;
    let end = message.find(['{', '\n']).unwrap_or(message.len());
    let (words, rest) = message.split_at(end);
    let words = words.trim_end();
    // `Name { field: … }` and `Name(\n …)` are dumps from their name on.
    let words = match words.rsplit_once(' ') {
        Some((words, name)) if !rest.is_empty() && name.starts_with(char::is_uppercase) => words,
        _ => words,
    };
    plain(words).trim_end().chars().take(LONG).collect()
}

/// Where the document describes a generated type or method.
fn of_item<'d>(root: &'d Node, item: &str) -> Option<&'d Node> {
    let operations = root
        .map("paths")
        .iter()
        .flat_map(|(_, path)| path.entries());
    let operation = |(_, node): &'d (Box<str>, Node)| Some((node.field("operationId")?, node));
    let operations: Vec<_> = operations.filter_map(operation).collect();
    if let Some((_, node)) = operations
        .iter()
        .find(|(id, _)| names::of_method(id) == item)
    {
        return Some(node);
    }
    let schemas = root.get("components").map(|it| it.map("schemas"));
    let schemas = schemas
        .unwrap_or_default()
        .iter()
        .map(|(name, node)| (&**name, node));
    let holders = schemas.chain(operations);
    // An inner type is named after its holder: the longest name is the nearest.
    let named = holders.map(|(name, node)| (names::of_type(name), node));
    let named = named.filter(|(name, _)| item.starts_with(name.as_str()));
    named
        .max_by_key(|(name, _)| name.len())
        .map(|(_, node)| node)
}

/// The smallest part of a spec that the generator refuses: a schema with those that it needs, or an
/// operation.
fn refused_part<'d>(root: &'d Node, lowered: &Value, generate: Generate) -> Option<&'d Node> {
    let start = Instant::now();
    let none = Map::new();
    let components = lowered.get("components").and_then(Value::as_object);
    let components = components.unwrap_or(&none);
    let schemas = components.get("schemas").and_then(Value::as_object);
    let schemas = schemas.unwrap_or(&none);
    let is_refused = |paths: Value, schemas: Map<String, Value>| {
        let mut components = components.clone();
        components.insert("schemas".to_owned(), schemas.into());
        let part = json!({
            "openapi": lowered.get("openapi"),
            "info": lowered.get("info"),
            "paths": paths,
            "components": components,
        });
        let left = SEARCH_LIMIT.saturating_sub(start.elapsed());
        !left.is_zero() && attempt(part, generate, left).is_err_and(|it| it.message != endless())
    };
    let parts = schemas.keys().map(|name| (name, needed(schemas, name)));
    let mut parts: Vec<_> = parts.collect();
    parts.sort_by_key(|(_, needed)| needed.len());
    for (name, needed) in parts {
        let needed = schemas
            .iter()
            .filter(|(name, _)| needed.contains(name.as_str()));
        let needed = needed.map(|(name, schema)| (name.clone(), schema.clone()));
        if is_refused(json!({}), needed.collect()) {
            return root.pointer(&format!("/components/schemas/{}", escape(name)));
        }
    }
    for (path, item) in lowered.get("paths")?.as_object()? {
        let shared = item.get("parameters").cloned().unwrap_or(json!([]));
        for (method, operation) in item.as_object()? {
            let alone = json!({ path: { method: operation, "parameters": shared } });
            if METHODS.contains(&method.as_str()) && is_refused(alone, schemas.clone()) {
                return root.pointer(&format!("/paths/{}/{method}", escape(path)));
            }
        }
    }
    None
}

/// The names of the schemas that one needs, its own included.
fn needed<'s>(schemas: &'s Map<String, Value>, name: &'s str) -> BTreeSet<&'s str> {
    let mut names = BTreeSet::from([name]);
    let mut open: Vec<&Value> = schemas.get(name).into_iter().collect();
    while let Some(value) = open.pop() {
        let target = value.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|it| it.strip_prefix("#/components/schemas/"));
        if let Some((name, schema)) = target.and_then(|it| schemas.get_key_value(it))
            && names.insert(name)
        {
            open.push(schema);
        }
        open.extend(value.as_object().into_iter().flat_map(|it| it.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    names
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

    #[test]
    fn dumps_are_cut_from_messages() {
        for (message, words) in [
            ("no schema: MediaType {\n    a: 1", "no schema:"),
            ("an un-typed enum {Number, String} [1]", "an un-typed enum"),
            (
                "unhandled not schema Object(\n    Schema",
                "unhandled not schema",
            ),
            ("the response has no type", "the response has no type"),
        ] {
            assert_eq!(brief(message), words);
        }
    }
}
