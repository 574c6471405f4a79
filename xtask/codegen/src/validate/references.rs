//! Do the references lead somewhere, and to an end?

use std::collections::BTreeSet;

use serde_json::Value;

use super::structure::Reference;
use crate::schema::{self, Part};
use xtask_spec::finding::Finding;

pub(super) fn check(root: &Value, references: &[Reference]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = references
        .iter()
        .filter_map(|reference| lost(root, reference))
        .collect();
    if findings.is_empty() {
        findings = endless(root);
    }
    findings
}

fn lost(root: &Value, reference: &Reference) -> Option<Finding> {
    let Reference {
        pointer,
        target,
        section,
    } = reference;
    let finding = |message, remedy| Some(Finding::new(format!("{pointer}/$ref"), message, remedy));
    let Some(local) = target.strip_prefix("#/") else {
        return finding(
            format!("`{target}` leads out of this document"),
            format!("copy what it leads to into `components/{section}` and refer to it there"),
        );
    };
    let segments: Vec<&str> = local.split('/').collect();
    let ["components", found, name] = segments.as_slice() else {
        return finding(
            format!("`{target}` doesn't lead to a component"),
            format!("move what it leads to into `components/{section}` and refer to it there"),
        );
    };
    if found != section {
        return finding(
            format!(
                "`{target}` leads to one of `components/{found}`, where one of `components/{section}` is needed"
            ),
            format!("refer to '#/components/{section}/…'"),
        );
    }
    let known = root
        .get("components")
        .and_then(|components| components.get(section))
        .and_then(Value::as_object);
    if known.is_some_and(|known| known.contains_key(*name)) {
        return None;
    }
    let names: Vec<&str> = known
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    finding(
        format!("`{target}` doesn't exist"),
        match similar::get_close_matches(*name, &names, 1, 0.6).first() {
            Some(close) => format!("did you mean '#/components/{section}/{close}'?"),
            None => format!("add `{name}` to `components/{section}`"),
        },
    )
}

/// References that lead back to themselves without a value between, so that no reader comes to an
/// end. A property or item that refers back is fine: each step is a value of its own.
fn endless(root: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sections = root.get("components").and_then(Value::as_object);
    for (section, components) in sections.into_iter().flatten() {
        for name in components
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            let start = format!("/components/{section}/{name}");
            if returns(root, &start, &start, &mut BTreeSet::new()) {
                findings.push(Finding::new(
                    start,
                    format!("`{name}` is defined by itself"),
                    "break the circle: one of its members must not refer back",
                ));
            }
        }
    }
    findings
}

fn returns(root: &Value, start: &str, at: &str, seen: &mut BTreeSet<String>) -> bool {
    let Some(value) = root.pointer(at) else {
        return false;
    };
    let mut members = vec![value];
    while let Some(member) = members.pop() {
        if let Some(target) = schema::reference(member) {
            if target == start
                || (seen.insert(target.to_owned()) && returns(root, start, target, seen))
            {
                return true;
            }
        } else if at.starts_with("/components/schemas/") {
            members.extend(
                schema::parts(member)
                    .into_iter()
                    .filter(|(part, ..)| *part == Part::Same)
                    .map(|(.., member)| member),
            );
        }
    }
    false
}
