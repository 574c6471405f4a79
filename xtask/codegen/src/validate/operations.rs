//! Do operations, parameters, servers and security schemes hold together?

use std::collections::BTreeMap;

use serde_json::Value;

use crate::operations::Operation;
use xtask_spec::document::escape;
use xtask_spec::finding::Finding;

pub(super) fn check(root: &Value) -> Vec<Finding> {
    let operations = Operation::all(root);
    let mut findings = ids(&operations);
    findings.extend(paths(&operations));
    for operation in &operations {
        findings.extend(parameters(root, operation));
        findings.extend(security(root, operation.value, &operation.pointer));
        findings.extend(servers(operation.value, &operation.pointer));
    }
    findings.extend(security(root, root, ""));
    findings.extend(servers(root, ""));
    findings
}

fn ids(operations: &[Operation<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: BTreeMap<&str, &Operation<'_>> = BTreeMap::new();
    for operation in operations {
        let Some(id) = operation.id() else {
            findings.push(Finding::new(
                &operation.pointer,
                "the operation has no operationId",
                "add an `operationId`; it becomes the name of the generated method",
            ));
            continue;
        };
        if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
            findings.push(Finding::new(
                format!("{}/operationId", operation.pointer),
                format!("the operationId {id:?} can't become the name of a method"),
                "begin it with a letter",
            ));
        }
        if let Some(other) = first.insert(id, operation) {
            findings.push(Finding::new(
                format!("{}/operationId", operation.pointer),
                format!("the operationId `{id}` is also that of #{}", other.pointer),
                "give each operation an id of its own",
            ));
        }
    }
    findings
}

/// Paths that differ only in the names of their placeholders are one path.
fn paths(operations: &[Operation<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for operation in operations {
        let shape = operation
            .placeholders()
            .iter()
            .fold(operation.path.to_owned(), |path, name| {
                path.replace(&format!("{{{name}}}"), "{}")
            });
        let other = *first.entry(shape).or_insert(operation.path);
        if other != operation.path {
            findings.push(Finding::new(
                format!("/paths/{}", escape(operation.path)),
                format!("the path is the same as `{other}`, but for names"),
                "join the two",
            ));
        }
    }
    findings
}

fn parameters(root: &Value, operation: &Operation<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let placeholders = operation.placeholders();
    let parameters = operation.parameters(root);
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut in_path = Vec::new();
    for (pointer, parameter) in &parameters {
        let text = |field| {
            parameter
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (name, location) = (text("name"), text("in"));
        let holder = pointer.rsplit_once('/').map_or("", |(holder, _)| holder);
        if seen.insert((location, name), holder) == Some(holder) {
            findings.push(Finding::new(
                pointer,
                format!("the {location} parameter `{name}` stands twice in one list"),
                "remove one",
            ));
        }
        if parameter.get("schema").is_some() == parameter.get("content").is_some() {
            findings.push(Finding::new(
                pointer,
                format!("the parameter `{name}` must have either `schema` or `content`"),
                "keep one of the two",
            ));
        }
        if location != "path" {
            continue;
        }
        in_path.push(name);
        if parameter.get("required") != Some(&Value::Bool(true)) {
            findings.push(Finding::new(
                pointer,
                format!("the path parameter `{name}` is not marked as required"),
                "add `required: true`",
            ));
        }
        if !placeholders.contains(&name) {
            findings.push(Finding::new(
                pointer,
                format!(
                    "the path parameter `{name}` has no placeholder in the path of {}",
                    operation.name()
                ),
                format!("add `{{{name}}}` to the path, or remove the parameter"),
            ));
        }
    }
    for name in placeholders {
        if !in_path.contains(&name) {
            findings.push(Finding::new(
                &operation.pointer,
                format!("the placeholder `{{{name}}}` of the path has no path parameter"),
                format!("add a parameter with `name: {name}` and `in: path`, or correct the path"),
            ));
        }
    }
    findings
}

fn security(root: &Value, holder: &Value, pointer: &str) -> Vec<Finding> {
    let schemes = root
        .pointer("/components/securitySchemes")
        .and_then(Value::as_object);
    let alternatives = holder.get("security").and_then(Value::as_array);
    alternatives
        .into_iter()
        .flatten()
        .enumerate()
        .flat_map(|(index, all)| {
            let names = all.as_object().into_iter().flatten().map(|(name, _)| name);
            names.map(move |name| (index, name))
        })
        .filter(|(_, name)| !schemes.is_some_and(|schemes| schemes.contains_key(*name)))
        .map(|(index, name)| {
            Finding::new(
                format!("{pointer}/security/{index}/{}", escape(name)),
                format!("the security scheme `{name}` doesn't exist"),
                "add it to `components/securitySchemes`",
            )
        })
        .collect()
}

fn servers(holder: &Value, pointer: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let servers = holder.get("servers").and_then(Value::as_array);
    for (index, server) in servers.into_iter().flatten().enumerate() {
        let pointer = format!("{pointer}/servers/{index}");
        let url = server
            .get("url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let variables = server.get("variables").and_then(Value::as_object);
        for (name, variable) in variables.into_iter().flatten() {
            let allowed = variable.get("enum").and_then(Value::as_array);
            if let (Some(allowed), Some(default)) = (allowed, variable.get("default"))
                && !allowed.contains(default)
            {
                findings.push(Finding::new(
                    format!("{pointer}/variables/{}/default", escape(name)),
                    format!("the default {default} is not one of the variable's values"),
                    "add it to `enum`, or choose another",
                ));
            }
        }
        for name in url
            .split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0))
        {
            if !variables.is_some_and(|variables| variables.contains_key(name)) {
                findings.push(Finding::new(
                    format!("{pointer}/url"),
                    format!("the variable `{{{name}}}` of the URL is not described"),
                    "add it to `variables`",
                ));
            }
        }
    }
    findings
}
