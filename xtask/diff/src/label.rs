//! What messages call a schema: the component or the message that it is part of, and the way to it.

use xtask_spec::{Node, unescape};

/// The name of the schema, or of the keyword of one, that a JSON pointer leads to.
pub(crate) fn of(root: &Node, pointer: &str) -> String {
    let segments: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["components", "schemas", name, rest @ ..] => format!("`{name}{}`", way(rest)),
        ["paths", _, _, rest @ ..] => in_operation(root, pointer, rest),
        ["components", section, name, rest @ ..] => match *section {
            "parameters" => described(root, pointer, rest.len(), rest),
            "headers" => format!("header component `{name}`{}", inner(rest)),
            "requestBodies" => format!("request body component `{name}`{}", inner(rest)),
            _ => format!("response component `{name}`{}", inner(rest)),
        },
        _ => String::new(),
    }
}

fn in_operation(root: &Node, pointer: &str, rest: &[&str]) -> String {
    match rest {
        // Of the path item: `paths`, the path, `parameters`, the index.
        [_, rest @ ..] if pointer.split('/').nth(3) == Some("parameters") => {
            described(root, pointer, rest.len(), rest)
        }
        ["parameters", _, rest @ ..] => described(root, pointer, rest.len(), rest),
        ["requestBody", rest @ ..] => format!("request body{}", inner(rest)),
        ["responses", status, "headers", name, rest @ ..] => {
            format!("header `{name}` of response `{status}`{}", inner(rest))
        }
        ["responses", status, rest @ ..] => format!("response `{status}` body{}", inner(rest)),
        _ => String::new(),
    }
}

/// A parameter, which says itself what it is called, with the way into its schema.
fn described(root: &Node, pointer: &str, below: usize, rest: &[&str]) -> String {
    let mut own = pointer;
    for _ in 0..below {
        own = own.rsplit_once('/').map_or("", |(holder, _)| holder);
    }
    let parameter = root.pointer(own);
    let field = |name| parameter.and_then(|it| it.field(name)).unwrap_or_default();
    format!(
        "{} parameter `{}`{}",
        field("in"),
        field("name"),
        inner(rest)
    )
}

/// The way from a message into its schema.
fn inner(rest: &[&str]) -> String {
    let mut rest = rest.iter();
    for segment in rest.by_ref() {
        if *segment == "schema" {
            break;
        }
    }
    let rest: Vec<&str> = rest.copied().collect();
    match way(&rest) {
        way if way.is_empty() => way,
        way => format!(" `{}`", way.trim_start_matches('.')),
    }
}

fn way(segments: &[&str]) -> String {
    let mut way = String::new();
    let mut rest = segments;
    loop {
        rest = match rest {
            ["properties", name, rest @ ..] => {
                way.push('.');
                way.push_str(name);
                rest
            }
            ["items", rest @ ..] => {
                way.push_str("[]");
                rest
            }
            ["additionalProperties", rest @ ..] => {
                way.push_str(".*");
                rest
            }
            ["allOf", _, rest @ ..] => rest,
            [keyword @ ("oneOf" | "anyOf"), index, rest @ ..] => {
                way.extend(["(", keyword, " ", index, ")"]);
                rest
            }
            ["not", rest @ ..] => {
                way.push_str("(not)");
                rest
            }
            _ => return way,
        };
    }
}
