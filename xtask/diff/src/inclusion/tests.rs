//! Verdicts on random pairs of schemas, against the validator `jsonschema`, which shares no code with these.
//!
//! 100 pairs by default; `INCLUSION_PAIRS=5000 cargo test -p xtask-diff --lib inclusion` for more.

use fastrand::Rng;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use xtask_spec::{Document, Spec};

use super::prover::{Prover, Reading, Shown};
use super::store::{Message, Side};

const VALUES: usize = 1_000;

fn pairs() -> u64 {
    let pairs = std::env::var("INCLUSION_PAIRS").ok();
    pairs.map_or(100, |it| it.parse().expect("INCLUSION_PAIRS is a number"))
}

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

/// A random schema of OpenAPI 3.0. `R` refers to the component that holds it.
fn schema(rng: &mut Rng, depth: u32) -> Value {
    let mut schema = Map::new();
    let mut set = |key: &str, value: Value| schema.insert(key.to_owned(), value);
    let kinds = if depth == 0 { 6 } else { 12 };
    match rng.u32(..kinds) {
        0 => drop(set("type", json!("boolean"))),
        1 | 2 => {
            set(
                "type",
                pick(rng, &[json!("integer"), json!("integer"), json!("number")]),
            );
            let bounds = [
                json!(-1),
                json!(0),
                json!(1),
                json!(2),
                json!(5),
                json!(0.5),
                json!(2.5),
            ];
            for (keyword, exclusive) in [
                ("minimum", "exclusiveMinimum"),
                ("maximum", "exclusiveMaximum"),
            ] {
                if rng.bool() {
                    set(keyword, pick(rng, &bounds));
                    if rng.u32(..3) == 0 {
                        set(exclusive, json!(rng.bool()));
                    }
                }
            }
            if rng.u32(..4) == 0 {
                set(
                    "multipleOf",
                    pick(
                        rng,
                        &[json!(2), json!(0.1), json!(0.5), json!(3), json!(0.3)],
                    ),
                );
            }
            if rng.u32(..4) == 0 {
                set(
                    "format",
                    pick(rng, &[json!("int32"), json!("uint8"), json!("int64")]),
                );
            }
        }
        3 => {
            set("type", json!("string"));
            for keyword in ["minLength", "maxLength"] {
                if rng.u32(..3) == 0 {
                    set(keyword, json!(rng.u32(..4)));
                }
            }
            if rng.u32(..4) == 0 {
                set(
                    "pattern",
                    pick(rng, &[json!("^a"), json!("^[a-z]+$"), json!("b")]),
                );
            }
            if rng.u32(..5) == 0 {
                set(
                    "format",
                    pick(rng, &[json!("uuid"), json!("date"), json!("date-time")]),
                );
            }
        }
        4 => {
            let values = [
                json!("a"),
                json!("b"),
                json!("ab"),
                json!(1),
                json!(2),
                json!(0.5),
                json!(null),
                json!(true),
                json!(false),
                json!([]),
            ];
            let listed: Vec<Value> = (0..rng.usize(1..4)).map(|_| pick(rng, &values)).collect();
            set("enum", json!(listed));
            if rng.bool() {
                set(
                    "type",
                    pick(rng, &[json!("string"), json!("integer"), json!("boolean")]),
                );
            }
        }
        5 => {
            if depth > 0 && rng.u32(..3) == 0 {
                set("not", self::schema(rng, depth - 1));
            }
        }
        6 => {
            set("type", json!("array"));
            if rng.u32(..4) > 0 {
                set("items", self::schema(rng, depth - 1));
            }
            for keyword in ["minItems", "maxItems"] {
                if rng.u32(..4) == 0 {
                    set(keyword, json!(rng.u32(..3)));
                }
            }
            if rng.u32(..4) == 0 {
                set("uniqueItems", json!(true));
            }
        }
        7..=9 => {
            if rng.u32(..5) > 0 {
                set("type", json!("object"));
            }
            let names: Vec<&str> = ["a", "b", "c"].into_iter().filter(|_| rng.bool()).collect();
            let properties = names.iter().map(|name| {
                let value = match rng.u32(..8) {
                    0 => json!({ "$ref": "#/components/schemas/R" }),
                    _ => self::schema(rng, depth - 1),
                };
                ((*name).to_owned(), value)
            });
            set("properties", Value::Object(properties.collect()));
            let required: Vec<&str> = ["a", "b", "c"]
                .into_iter()
                .filter(|_| rng.u32(..3) == 0)
                .collect();
            if !required.is_empty() {
                set("required", json!(required));
            }
            match rng.u32(..5) {
                0 => drop(set("additionalProperties", json!(false))),
                1 => drop(set("additionalProperties", self::schema(rng, depth - 1))),
                _ => {}
            }
            for keyword in ["minProperties", "maxProperties"] {
                if rng.u32(..6) == 0 {
                    set(keyword, json!(rng.u32(..3)));
                }
            }
        }
        _ => {
            let keyword = pick(rng, &["allOf", "anyOf", "oneOf", "oneOf"]);
            let members: Vec<Value> = (0..rng.usize(1..4))
                .map(|_| self::schema(rng, depth - 1))
                .collect();
            set(keyword, json!(members));
        }
    }
    if rng.u32(..8) == 0 {
        schema.insert("nullable".to_owned(), json!(true));
    }
    Value::Object(schema)
}

/// Replaces one schema in another.
fn mutated(rng: &mut Rng, schema: &Value, depth: u32) -> Value {
    let mut changed = schema.clone();
    let mut inner: Vec<String> = Vec::new();
    if depth > 0 {
        for pointer in [
            "/items",
            "/not",
            "/additionalProperties",
            "/properties/a",
            "/properties/b",
            "/oneOf/0",
            "/oneOf/1",
            "/anyOf/0",
            "/anyOf/1",
            "/allOf/0",
            "/allOf/1",
        ] {
            inner.extend(
                changed
                    .pointer(pointer)
                    .filter(|it| it.is_object())
                    .map(|_| pointer.to_owned()),
            );
        }
    }
    if !inner.is_empty() && rng.u32(..4) > 0 {
        let pointer = pick(rng, &inner);
        let old = changed.pointer_mut(&pointer).unwrap();
        *old = mutated(rng, &old.clone(), depth - 1);
        return changed;
    }
    let keywords: Vec<String> = changed.as_object().unwrap().keys().cloned().collect();
    match rng.u32(..4) {
        0 if !keywords.is_empty() => {
            changed
                .as_object_mut()
                .unwrap()
                .remove(&pick(rng, &keywords));
        }
        1 => {
            changed["nullable"] = json!(rng.bool());
        }
        2 => {
            return json!({ pick(rng, &["oneOf", "anyOf", "allOf"]): [changed, self::schema(rng, 0)] });
        }
        _ => {
            for (keyword, value) in self::schema(rng, depth).as_object().unwrap() {
                changed[keyword] = value.clone();
            }
        }
    }
    changed
}

/// A value of a small world, so that values meet schemas.
fn value(rng: &mut Rng, depth: u32) -> Value {
    let plain = [
        json!(null),
        json!(true),
        json!(false),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(5),
        json!(6),
        json!(0.5),
        json!(0.3),
        json!(2.5),
        json!(300),
        json!(-0.1),
        json!(""),
        json!("a"),
        json!("b"),
        json!("ab"),
        json!("abc"),
        json!("A"),
        json!("2024-01-31"),
        json!("9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d"),
        json!("2024-01-31T00:00:00Z"),
    ];
    match rng.u32(..6) {
        0 if depth > 0 => (0..rng.usize(..3)).map(|_| value(rng, depth - 1)).collect(),
        1 | 2 if depth > 0 => {
            let names = ["a", "b", "c", "d"].into_iter().filter(|_| rng.bool());
            let names: Vec<&str> = names.collect();
            names
                .into_iter()
                .map(|name| (name.to_owned(), value(rng, depth - 1)))
                .collect()
        }
        _ => pick(rng, &plain),
    }
}

/// A schema as JSON Schema 2020-12 has it, and what refers to `R` to the root.
fn translated(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else {
        return schema.clone();
    };
    if keywords.contains_key("$ref") {
        return json!({ "$ref": "#" });
    }
    let mut out = Map::new();
    for (keyword, value) in keywords {
        let value = match keyword.as_str() {
            "nullable" | "exclusiveMinimum" | "exclusiveMaximum" => continue,
            "properties" => {
                let entries = value.as_object().unwrap().iter();
                Value::Object(
                    entries
                        .map(|(name, it)| (name.clone(), translated(it)))
                        .collect(),
                )
            }
            "allOf" | "anyOf" | "oneOf" => {
                value.as_array().unwrap().iter().map(translated).collect()
            }
            "items" | "not" | "additionalProperties" => translated(value),
            _ => value.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    for (flag, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if keywords.get(flag) == Some(&json!(true))
            && let Some(bound) = out.remove(bound)
        {
            out.insert(flag.to_owned(), bound);
        }
    }
    let range = match keywords.get("format").and_then(Value::as_str) {
        Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
        Some("int64") => Some((json!(i64::MIN), json!(i64::MAX))),
        Some("uint8") => Some((json!(0), json!(255))),
        _ => None,
    };
    if let Some((low, high)) = range.filter(|_| keywords.get("type") == Some(&json!("integer"))) {
        out.remove("format");
        out = Map::from_iter([(
            "allOf".to_owned(),
            json!([Value::Object(out), { "minimum": low, "maximum": high }]),
        )]);
    }
    let out = Value::Object(out);
    match keywords.get("nullable") {
        Some(Value::Bool(true)) => json!({ "anyOf": [{ "type": "null" }, out] }),
        _ => out,
    }
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&translated(schema)).expect("a schema")
}

fn document(schema: &Value) -> Document {
    let text = json!({
        "openapi": "3.0.3", "info": { "title": "T", "version": "1" }, "paths": {},
        "components": { "schemas": { "R": schema } },
    });
    Document::parse("spec.json".to_owned(), text.to_string()).unwrap()
}

#[test]
fn no_verdict_contradicts_a_validator() {
    let (mut shown, mut refuted, mut unknown) = (0, 0, 0);
    // The last one has an object that requires itself, which overflowed the stack.
    for seed in (0..pairs()).chain([2114]) {
        let mut rng = Rng::with_seed(seed);
        let base = schema(&mut rng, 3);
        let revision = match rng.u32(..4) {
            0 => schema(&mut rng, 3),
            _ => mutated(&mut rng, &base, 3),
        };
        let case = format!("seed {seed}\n{base}\n{revision}");
        let documents = [document(&base), document(&revision)];
        let [Ok(old), Ok(new)] = documents.each_ref().map(Spec::new) else {
            continue;
        };
        let validators = [validator(&base), validator(&revision)];
        let message = Message {
            request: true,
            text: false,
        };
        let mut prover = Prover::new(message, &old, &new);
        let nodes = [&old, &new].map(|spec| spec.component("schemas", "R").unwrap());
        let [sent, read] = nodes;
        let verdict = prover.shown(&[sent], &[read]);
        let ids = (
            prover.store.all_of_nodes(Side::Sent, &[sent]),
            prover.store.all_of_nodes(Side::Read, &[read]),
        );
        let open = prover.within(ids.0, ids.1, Reading::Open);
        match verdict {
            Shown::Equal | Shown::Within => shown += 1,
            Shown::Nothing => match prover.witness(&[sent], &[read]) {
                None => unknown += 1,
                Some(value) => {
                    let message = format!("{value} proves nothing: {case}");
                    assert!(validators[0].is_valid(&value), "{message}");
                    assert!(!validators[1].is_valid(&value), "{message}");
                    refuted += 1;
                }
            },
        }
        for _ in 0..VALUES {
            let value = value(&mut rng, 3);
            let valid = validators.each_ref().map(|it| it.is_valid(&value));
            if open {
                assert!(!valid[0] || valid[1], "{value} breaks: {case}");
            }
            if verdict == Shown::Equal {
                assert_eq!(valid[0], valid[1], "{value} tells them apart: {case}");
            }
            let sends = prover.store.accepts(ids.0, &value, true) == Some(true);
            if sends && verdict == Shown::Within {
                assert!(valid[1], "{value} is sent and refused: {case}");
            }
            for (id, valid) in [(ids.0, valid[0]), (ids.1, valid[1])] {
                let accepted = prover.store.accepts(id, &value, false);
                assert!(
                    accepted.is_none_or(|it| it == valid),
                    "{value} {valid}: {case}"
                );
            }
        }
    }
    let all = shown + refuted + unknown;
    println!("{shown} shown, {refuted} with a counterexample, {unknown} unknown");
    assert!(
        shown > all / 8 && refuted > all / 8,
        "{shown} {refuted} {unknown}"
    );
    assert!(unknown < all / 10, "{unknown} of {all} are unknown");
}
