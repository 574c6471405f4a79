//! The rule `docs-text`.

use serde_json::Value;
use xtask_spec::escape;

/// Data, which may hold the same names.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Adapts descriptions to their place in the generated docs. progenitor and typify drop `deprecated`
/// (no issue yet), so the docs say it. A line that a CI system would run as a command when it appears in a
/// log gets a backslash, which Markdown doesn't show.
pub(super) fn rewrite(root: &mut Value) -> Vec<String> {
    let mut changed = Vec::new();
    within(root, "", &mut changed);
    changed
}

fn within(value: &mut Value, pointer: &str, changed: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if object.get("deprecated") == Some(&Value::Bool(true)) {
                object.remove("deprecated");
                let text = object.get("description").and_then(Value::as_str);
                let text = format!("Deprecated. {}", text.unwrap_or_default());
                object.insert("description".to_owned(), text.trim_end().into());
                changed.push(pointer.to_owned());
            }
            for (field, value) in object {
                let pointer = format!("{pointer}/{}", escape(field));
                match value {
                    Value::String(text) if matches!(&**field, "description" | "summary") => {
                        let harmless = harmless(text);
                        if harmless != *text {
                            *text = harmless;
                            changed.push(pointer);
                        }
                    }
                    _ if DATA.contains(&&**field) => {}
                    _ => within(value, &pointer, changed),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                within(item, &format!("{pointer}/{index}"), changed);
            }
        }
        _ => {}
    }
}

fn harmless(text: &str) -> String {
    let line = |line: &str| {
        let start = line.len() - line.trim_start().len();
        let (indent, rest) = line.split_at(start);
        let escape = if rest.starts_with("::") { "\\" } else { "" };
        let rest = rest.replace("##[", "##\\[").replace("##vso[", "##vso\\[");
        format!("{indent}{escape}{rest}")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}
