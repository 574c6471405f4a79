//! Which change of the spec each change of the generated API comes from.

use std::collections::{BTreeSet, HashMap};

use xtask_spec::{Node, NodeId, Operation, Spec, names, unescape};

use super::changes::{ApiChange, What};
use crate::change::{Change, Rust};
use crate::compare::location;
use crate::context::Specs;
use crate::finding::Sites;
use crate::rules::{self, Wire};

/// Puts each change of the API to the changes of the spec that it comes from. What comes from
/// none of them, because nothing on the wire has changed, becomes a change of its own.
pub(super) fn apply(
    specs: Specs<'_, '_>,
    renamed: &[Sites],
    changes: &mut Vec<Change>,
    api: Vec<ApiChange>,
) {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, change) in changes.iter().enumerate() {
        if change.rule.wire > Wire::Docs {
            let pointers = change.own_pointers().into_iter();
            for name in pointers.flat_map(|it| items(it, &change.operations)) {
                by_name.entry(name).or_default().push(index);
            }
        }
    }
    let mut own = Vec::new();
    for item in api {
        let causes = owners(&item.path).filter_map(|name| by_name.get(name));
        let causes: BTreeSet<usize> = causes.flatten().copied().collect();
        for index in &causes {
            if let Some(change) = changes.get_mut(*index) {
                change.rust = Rust::Breaking;
                change.rust_items.push(item.message.clone());
            }
        }
        if causes.is_empty() {
            add(&mut own, of_its_own(specs, renamed, item));
        }
    }
    changes.append(&mut own);
}

/// Adds a change. The types that are renamed with one component are one change.
fn add(all: &mut Vec<Change>, change: Change) {
    let is_same = |other: &&mut Change| {
        other.rule.id == rules::COMPONENT_RENAMED.id
            && change.rule.id == other.rule.id
            && (&change.base, &change.revision) == (&other.base, &other.revision)
    };
    match all.iter_mut().find(is_same) {
        Some(other) => {
            for item in change.rust_items {
                other.message.push_str("; ");
                other.message.push_str(&item);
                other.rust_items.push(item);
            }
        }
        None => all.push(change),
    }
}

/// The item that a path names, and those that it is a part of; of a trait that a type implements,
/// also the type with the colon.
fn owners(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.char_indices().filter_map(|(at, c)| match c {
        '.' | ':' => Some(at),
        ' ' => Some(at + 1),
        _ => None,
    });
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}

/// The paths of the generated items that a place of the spec decides about.
fn items(pointer: &str, operations: &[String]) -> Vec<String> {
    let segments: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["components", "schemas", name, rest @ ..] => of_schema(name, rest),
        ["paths" | "components", ..] => operations
            .iter()
            .flat_map(|operation| {
                let at = parts.iter().position(|it| *it == "schema");
                let way = at.and_then(|at| parts.get(at + 1..));
                let body = way.map(|way| of_schema(&format!("{operation}Body"), way));
                let method = format!("Client::{}", names::of_method(operation));
                body.unwrap_or_default().into_iter().chain([method])
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn of_schema(name: &str, way: &[&str]) -> Vec<String> {
    let name = |way: &[&str]| names::of_inner_type(name, way.iter().copied());
    let mut items = Vec::new();
    let last = way
        .windows(2)
        .rposition(|it| matches!(it, ["properties", _]));
    if let (Some(at), Some([_, property])) = (last, last.and_then(|at| way.get(at..at + 2))) {
        let owner = name(way.get(..at).unwrap_or_default());
        items.push(format!("types::{owner}.{}", names::of_field(property)));
        // What the type as a whole can do may hang on this one property.
        items.push(format!("types::{owner}: "));
    }
    let name = name(way);
    items.push(format!("types::{name}"));
    items.push(format!("types::{name}{}", names::KNOWN));
    items
}

fn of_its_own(specs: Specs<'_, '_>, renamed: &[Sites], item: ApiChange) -> Change {
    let component = |spec: &Spec<'_>, id| component(&spec.document().pointer(id));
    let is_it = |(old, _): &&Sites| {
        let name = component(specs.0, *old).map(|name| type_path(&name));
        let path = item.path.as_str();
        name.is_some_and(|name| path == name || path.strip_suffix(names::KNOWN) == Some(&name))
    };
    let (rule, message, sites) = match (item.what, renamed.iter().find(is_it)) {
        (What::Renamed, Some((old, new))) => {
            let name = |spec, id| component(spec, id).unwrap_or_default();
            let message = format!(
                "component `{}` renamed to `{}`, with the same shape; {}",
                name(specs.0, *old),
                name(specs.1, *new),
                item.message
            );
            (&rules::COMPONENT_RENAMED, message, (*old, *new))
        }
        (what, _) => {
            let rule = match what {
                What::Removed | What::Renamed => &rules::RUST_ITEM_REMOVED,
                What::Changed => &rules::RUST_ITEM_CHANGED,
                What::Added => &rules::RUST_ITEM_ADDED,
            };
            let sites = (place(specs.0, &item.path), place(specs.1, &item.path));
            (rule, format!("in Rust, {}", item.message), sites)
        }
    };
    Change {
        rule,
        rust: Rust::Breaking,
        operations: Vec::new(),
        uses: Vec::new(),
        base: location(specs.0, sites.0),
        revision: location(specs.1, sites.1),
        message,
        witness: None,
        rust_items: vec![item.message],
        accepted: None,
    }
}

/// The name of the component that a JSON pointer leads into.
fn component(pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix("/components/schemas/")?;
    rest.split('/').next().map(unescape)
}

fn type_path(component: &str) -> String {
    format!("types::{}", names::of_type(component))
}

/// The component or the operation that an item is generated from, as far as its name tells.
fn place(spec: &Spec<'_>, path: &str) -> NodeId {
    let schemas = spec.root().pointer("/components/schemas");
    let schemas = schemas.into_iter().flat_map(Node::entries);
    // A type within another has the other's name before its own.
    let is_within = |name: &str| {
        let rest = path.strip_prefix(&type_path(name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let holders = schemas.filter(|(name, _)| is_within(name));
    if let Some((_, schema)) = holders.max_by_key(|(name, _)| name.len()) {
        return schema.id;
    }
    let method = path.strip_prefix("Client::").unwrap_or_default();
    let is_made = |id: &str| names::of_method(id) == method || path.starts_with(&type_path(id));
    let operations = Operation::all(spec).into_iter();
    let mut makers = operations.filter(|it| it.id().is_some_and(is_made));
    makers.next().map_or(spec.root().id, |it| it.node.id)
}
