//! Other ways to write a document down that say the same.

use serde_json::{Map, Value, json};

use crate::cases;

pub(crate) type Rewrite = (&'static str, fn(&str) -> String);

pub(crate) const ALL: [Rewrite; 11] = [
    ("as JSON", |text| value(text).to_string()),
    ("as block YAML, all quoted", |text| {
        let mut out = String::new();
        block(&value(text), 0, &mut out);
        out
    }),
    ("with comments", |text| {
        let lines = text.lines().map(|line| format!("# {line}\n{line} # x\n"));
        lines.collect()
    }),
    ("keys reversed", reversed),
    ("keys shuffled", |text| {
        reordered(&value(text), &|keys| {
            keys.sort_by_key(|(key, _)| key.bytes().rev().collect::<Vec<_>>());
        })
    }),
    ("references inlined", |text| inlined(text, 1)),
    ("references inlined twice", |text| inlined(text, 2)),
    ("parameters hoisted", hoisted),
    ("schemas extracted", extracted),
    ("schemas wrapped in allOf", wrapped),
    ("extracted, and the references wrapped in allOf", |text| {
        wrapped(&extracted(text))
    }),
];

fn value(text: &str) -> Value {
    cases::parse("text", text).root.to_value()
}

pub(crate) fn reversed(text: &str) -> String {
    reordered(&value(text), &|keys| keys.reverse())
}

type Entries<'v> = Vec<(&'v String, &'v Value)>;

/// JSON with the keys of each mapping in another order.
fn reordered(value: &Value, order: &dyn Fn(&mut Entries<'_>)) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Entries<'_> = map.iter().collect();
            order(&mut entries);
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", json!(key), reordered(value, order)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| reordered(item, order));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let mut entry = |lead: String, value: &Value| match value {
        Value::Object(map) if !map.is_empty() => {
            *out += &[&indent, &lead, "\n"].concat();
            block(value, depth + 1, out);
        }
        Value::Array(items) if !items.is_empty() => {
            *out += &[&indent, &lead, "\n"].concat();
            block(value, depth + 1, out);
        }
        Value::String(text) => {
            let text = text.replace('\'', "''");
            *out += &[&indent, &lead, " '", &text, "'\n"].concat();
        }
        _ => *out += &[&indent, &lead, " ", &value.to_string(), "\n"].concat(),
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| entry(format!("'{}':", key.replace('\'', "''")), value)),
        Value::Array(items) => items.iter().for_each(|item| entry("-".to_owned(), item)),
        _ => {}
    }
}

/// Puts what references lead to in their place.
fn inlined(text: &str, times: usize) -> String {
    let mut document = value(text);
    for _ in 0..times {
        let before = document.clone();
        each(&mut document, &mut |node| {
            let target = node["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
            if let Some(target) = target.and_then(|pointer| before.pointer(pointer)) {
                *node = target.clone();
            }
        });
    }
    document.to_string()
}

/// Moves the parameters of the only operation of a path to the path.
fn hoisted(text: &str) -> String {
    let mut document = value(text);
    let paths = document["paths"].as_object_mut().unwrap();
    for (_, item) in paths.iter_mut() {
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        let mut operations = item.iter_mut().filter(|(name, _)| *name != "parameters");
        let (Some((_, only)), None) = (operations.next(), operations.next()) else {
            continue;
        };
        let parameters = only.as_object_mut().and_then(|it| it.remove("parameters"));
        if let Some(parameters) = parameters {
            item.insert("parameters".to_owned(), parameters);
        }
    }
    document.to_string()
}

/// Moves each schema, parameter and response that stands in another place to the components.
fn extracted(text: &str) -> String {
    let mut document = value(text);
    let mut components: Vec<(&str, Value)> = Vec::new();
    let mut extract = |section: &'static str, node: &mut Value| {
        if node.get("$ref").is_none() {
            let name = format!("Extracted{}", components.len());
            let reference = json!({ "$ref": format!("#/components/{section}/{name}") });
            components.push((section, std::mem::replace(node, reference)));
        }
    };
    each(&mut document, &mut |node| {
        let Some(map) = node.as_object_mut() else {
            return;
        };
        for (key, value) in map.iter_mut() {
            match (key.as_str(), value) {
                ("schema" | "items", schema @ Value::Object(_)) => extract("schemas", schema),
                ("properties", Value::Object(properties)) => {
                    for (_, schema) in properties {
                        extract("schemas", schema);
                    }
                }
                ("parameters", Value::Array(parameters)) => {
                    for parameter in parameters {
                        extract("parameters", parameter);
                    }
                }
                ("responses", Value::Object(responses)) if responses.contains_key("200") => {
                    for (_, response) in responses {
                        extract("responses", response);
                    }
                }
                _ => {}
            }
        }
    });
    for (number, (section, node)) in components.into_iter().enumerate() {
        let sections = document["components"].as_object_mut().unwrap();
        let section = sections.entry(section).or_insert(json!({}));
        section[format!("Extracted{number}")] = node;
    }
    document.to_string()
}

/// Puts each schema into an `allOf` of its own.
fn wrapped(text: &str) -> String {
    let mut document = value(text);
    let wrap = |schema: &mut Value| {
        let inner = schema.take();
        *schema = json!({ "allOf": [inner] });
    };
    each(&mut document, &mut |node| {
        let Some(map) = node.as_object_mut() else {
            return;
        };
        for (key, value) in map.iter_mut() {
            match (key.as_str(), value) {
                ("schema" | "items" | "not", schema @ Value::Object(_)) => wrap(schema),
                ("properties" | "schemas", Value::Object(schemas)) => {
                    schemas.iter_mut().for_each(|(_, schema)| wrap(schema));
                }
                _ => {}
            }
        }
    });
    document.to_string()
}

/// Visits each value, the inner ones first.
fn each(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(map) => values(map).for_each(|inner| each(inner, visit)),
        Value::Array(items) => items.iter_mut().for_each(|inner| each(inner, visit)),
        _ => {}
    }
    visit(value);
}

fn values(map: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    map.iter_mut().map(|(_, value)| value)
}
