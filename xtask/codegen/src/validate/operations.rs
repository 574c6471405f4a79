//! Do operations, parameters, servers and security schemes hold together?

use std::collections::{BTreeMap, BTreeSet};

use xtask_spec::{Fault, Node, Operation, Spec, placeholders};

use super::failed;

pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    let operations = Operation::all(spec);
    let mut faults = ids(spec, &operations);
    faults.extend(paths(&operations));
    for operation in &operations {
        faults.extend(parameters(spec, operation));
        faults.extend(security(spec, operation.node));
        faults.extend(servers(operation.node));
    }
    faults.extend(security(spec, spec.root()));
    faults.extend(servers(spec.root()));
    faults
}

fn ids(spec: &Spec<'_>, operations: &[Operation<'_>]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut first: BTreeMap<&str, &Node> = BTreeMap::new();
    for Operation { node, .. } in operations {
        let (Some(site), Some(id)) = (node.get("operationId"), node.field("operationId")) else {
            faults.push(Fault::new(
                node.id,
                "the operation has no operationId",
                "add an `operationId`; it becomes the name of the generated method",
            ));
            continue;
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        if !id.starts_with(|c: char| c.is_ascii_alphabetic()) || !id.chars().all(is_name) {
            faults.push(Fault::new(
                site.id,
                format!("the operationId {id:?} can't become the name of a method"),
                "begin it with a letter, and use letters, digits, `_` and `-`",
            ));
        }
        if let Some(other) = first.insert(id, node) {
            let other = spec.document().pointer(other.id);
            faults.push(Fault::new(
                site.id,
                format!("the operationId `{id}` is also that of #{other}"),
                "give each operation an id of its own",
            ));
        }
    }
    faults
}

/// Paths that differ only in the names of their placeholders are one path. A path is no more than that: URLs
/// end it at `?` and `#`, and resolve `.`, `..` and their encoded forms. Segments are encoded when they are sent.
fn paths(operations: &[Operation<'_>]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for operation in operations {
        let is_dots = |segment| matches!(segment, "." | "..");
        if operation.path.contains(['?', '#', '%'])
            || operation.path.contains("//")
            || operation.path.split('/').any(is_dots)
        {
            faults.push(Fault::new(
                operation.item.id,
                "the path contains `?`, `#`, `%`, an empty segment or a segment of dots, which URLs don't take \
                 unchanged as a path",
                "describe a query by parameters with `in: query`, and write the path without dots and decoded",
            ));
        }
        let other = *first.entry(operation.shape()).or_insert(operation.path);
        if other != operation.path {
            faults.push(Fault::new(
                operation.item.id,
                format!("the path is the same as `{other}`, but for names"),
                "join the two",
            ));
        }
    }
    faults
}

fn parameters(spec: &Spec<'_>, operation: &Operation<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let placeholders = operation.placeholders();
    let own = operation.node.list("parameters").first();
    let mut seen = BTreeSet::new();
    let mut in_path = Vec::new();
    for (site, parameter) in operation.parameters(spec) {
        if own.is_some_and(|own| own.id == site.id) {
            // A parameter of the operation may override one of the path.
            seen.clear();
        }
        let text = |field| parameter.field(field).unwrap_or_default();
        let (name, location) = (text("name"), text("in"));
        let is_in_path = location == "path";
        in_path.extend(is_in_path.then_some(name));
        faults.extend(failed(
            site,
            [
                (
                    !seen.insert((location, name)),
                    format!("the {location} parameter `{name}` stands twice in one list"),
                    "remove one",
                ),
                (
                    parameter.get("schema").is_some() == parameter.get("content").is_some(),
                    format!("the parameter `{name}` must have either `schema` or `content`"),
                    "keep one of the two",
                ),
                (
                    is_in_path && !parameter.flag("required"),
                    format!("the path parameter `{name}` is not marked as required"),
                    "add `required: true`",
                ),
                (
                    is_in_path && !placeholders.contains(&name),
                    format!(
                        "the path parameter `{name}` has no placeholder in the path of {}",
                        operation.name()
                    ),
                    &format!("add `{{{name}}}` to the path, or remove the parameter"),
                ),
            ],
        ));
    }
    for name in placeholders.iter().filter(|name| !in_path.contains(name)) {
        faults.push(Fault::new(
            operation.node.id,
            format!("the placeholder `{{{name}}}` of the path has no path parameter"),
            format!("add a parameter with `name: {name}` and `in: path`, or correct the path"),
        ));
    }
    faults
}

fn security(spec: &Spec<'_>, holder: &Node) -> Vec<Fault> {
    let schemes = holder.list("security").iter().flat_map(Node::entries);
    schemes
        .filter(|(name, _)| spec.component("securitySchemes", name).is_none())
        .map(|(name, scopes)| {
            let message = format!("the security scheme `{name}` doesn't exist");
            Fault::new(scopes.id, message, "add it to `components/securitySchemes`")
        })
        .collect()
}

fn servers(holder: &Node) -> Vec<Fault> {
    let listed = holder.list("servers");
    let mut faults = doubled(listed, |it| it.get("url"));
    for server in listed {
        let variables = server.map("variables");
        for (_, variable) in variables {
            faults.extend(doubled(variable.list("enum"), Some));
            if let (Some(allowed), Some(default)) = (variable.get("enum"), variable.get("default"))
                && !allowed.items().contains(default)
            {
                faults.push(Fault::new(
                    default.id,
                    format!("the default {default} is not one of the variable's values"),
                    "add it to `enum`, or choose another",
                ));
            }
        }
        let Some(url) = server.get("url") else {
            continue;
        };
        for name in placeholders(url.text().unwrap_or_default()) {
            if !variables.iter().any(|(other, _)| **other == *name) {
                faults.push(Fault::new(
                    url.id,
                    format!("the variable `{{{name}}}` of the URL is not described"),
                    "add it to `variables`",
                ));
            }
        }
    }
    faults
}

/// Items of a list that are there twice.
pub(super) fn doubled<'n>(
    items: &'n [Node],
    key: impl Fn(&'n Node) -> Option<&'n Node>,
) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let keys = items.iter().filter_map(key);
    let again = keys.filter(|key| !seen.insert(key.to_string()));
    again
        .map(|key| Fault::new(key.id, format!("{key} is there twice"), "remove one"))
        .collect()
}
