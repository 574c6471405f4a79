//! Which change of the spec each change of the generated API comes from.

use std::collections::{BTreeSet, HashMap};

use heck::{ToPascalCase as _, ToSnakeCase as _};

use super::rules::{self, Wire};
use super::rust_changes::{ApiChange, What};
use super::{Change, Location, Rust};
use xtask_spec::document::Document;
use xtask_spec::node::{escape, unescape};

/// Puts what has changed in Rust to the changes of the spec that it comes from. What comes from
/// none of them, because nothing on the wire has changed, becomes a change of its own.
pub(super) fn apply(
    changes: &mut Vec<Change>,
    api: Vec<ApiChange>,
    (base, revision): (&Document, &Document),
    renamed: &[(u32, u32)],
) {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, change) in changes.iter().enumerate() {
        if change.rule.wire > Wire::Docs {
            for name in names_of(change) {
                by_name.entry(name).or_default().push(index);
            }
        }
    }
    let mut own = Vec::new();
    for item in api {
        let causes: BTreeSet<usize> = owners(&item.path)
            .filter_map(|name| by_name.get(name))
            .flatten()
            .copied()
            .collect();
        for index in &causes {
            if let Some(change) = changes.get_mut(*index) {
                change.rust = Rust::Breaking;
                change.rust_items.push(item.message.clone());
            }
        }
        if causes.is_empty() {
            add(&mut own, of_its_own(item, (base, revision), renamed));
        }
    }
    changes.append(&mut own);
}

/// Adds a change. The types that are renamed with one component are one change.
fn add(all: &mut Vec<Change>, change: Change) {
    let is_same = |other: &&mut Change| {
        let pointers = |it: &Change| (it.base.pointer.clone(), it.revision.pointer.clone());
        other.rule.id == rules::COMPONENT_RENAMED.id
            && change.rule.id == other.rule.id
            && pointers(other) == pointers(&change)
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

/// The names of the generated items that a change may show in.
fn names_of(change: &Change) -> Vec<String> {
    let places = change.own_pointers();
    places
        .into_iter()
        .flat_map(|pointer| names(pointer, &change.operations))
        .collect()
}

/// The paths of the generated items that a place of the spec decides about.
fn names(pointer: &str, operations: &[String]) -> Vec<String> {
    let segments: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["components", "schemas", name, rest @ ..] => of_schema(name, rest),
        ["paths" | "components", ..] => operations
            .iter()
            .flat_map(|operation| {
                let method = format!("Client::{}", operation.to_snake_case());
                let mut names = match parts.iter().position(|it| *it == "schema") {
                    Some(at) => {
                        let rest = parts.get(at + 1..).unwrap_or_default();
                        of_schema(&format!("{operation}Body"), rest)
                    }
                    None => Vec::new(),
                };
                names.push(method);
                names
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn of_schema(name: &str, rest: &[&str]) -> Vec<String> {
    let mut type_name = name.to_pascal_case();
    let mut names = Vec::new();
    let mut rest = rest;
    loop {
        rest = match rest {
            ["properties", property, rest @ ..] => {
                names = vec![
                    format!("types::{type_name}.{}", property.to_snake_case()),
                    // What the type as a whole can do may hang on this one property.
                    format!("types::{type_name}: "),
                ];
                type_name.push_str(&property.to_pascal_case());
                rest
            }
            ["items", rest @ ..] => {
                type_name.push_str("Item");
                rest
            }
            [] => break,
            [_, rest @ ..] => rest,
        };
    }
    names.push(format!("types::{type_name}"));
    names.push(format!("types::{type_name}Known"));
    names
}

fn of_its_own(
    item: ApiChange,
    (base, revision): (&Document, &Document),
    renamed: &[(u32, u32)],
) -> Change {
    let pointers = renamed.iter().find_map(|(old, new)| {
        let old = base.root.pointer_to(*old);
        let is_it = component(&old).is_some_and(|name| {
            item.path.strip_suffix("Known").unwrap_or(&item.path) == type_path(name)
                || item.path == type_path(name)
        });
        is_it.then(|| (old, revision.root.pointer_to(*new)))
    });
    let is_rename = item.what == What::Removed && item.message.contains("is renamed to");
    let (rule, message, pointers) = if let (Some((old, new)), true) = (pointers, is_rename) {
        let name = |pointer: &str| component(pointer).map(unescape).unwrap_or_default();
        let message = format!(
            "component `{}` renamed to `{}`, with the same shape; {}",
            name(&old),
            name(&new),
            item.message
        );
        (&rules::COMPONENT_RENAMED, message, (old, new))
    } else {
        let rule = match item.what {
            What::Removed => &rules::RUST_ITEM_REMOVED,
            What::Changed => &rules::RUST_ITEM_CHANGED,
            What::Added => &rules::RUST_ITEM_ADDED,
        };
        let message = format!("in Rust, {}", item.message);
        (
            rule,
            message,
            (place(base, &item.path), place(revision, &item.path)),
        )
    };
    let location = |document: &Document, pointer: String| Location {
        place: document.place(&pointer),
        pointer,
    };
    Change {
        rule,
        rust: Rust::Breaking,
        operations: Vec::new(),
        uses: Vec::new(),
        base: location(base, pointers.0),
        revision: location(revision, pointers.1),
        message,
        rust_items: vec![item.message],
        accepted: None,
    }
}

fn component(pointer: &str) -> Option<&str> {
    pointer
        .strip_prefix("/components/schemas/")?
        .split('/')
        .next()
}

fn type_path(component: &str) -> String {
    format!("types::{}", unescape(component).to_pascal_case())
}

/// The component or the operation that an item is generated from, as far as its name tells.
fn place(document: &Document, path: &str) -> String {
    let schemas = document.root.pointer("/components/schemas");
    let names = schemas
        .map(xtask_spec::node::Node::entries)
        .unwrap_or_default();
    let longest = names
        .iter()
        .filter(|(name, _)| {
            // A type within another has the other's name before its own.
            let rest = path.strip_prefix(&type_path(name));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
        })
        .max_by_key(|(name, _)| name.len());
    if let Some((name, _)) = longest {
        return format!("/components/schemas/{}", escape(name));
    }
    let method = path.strip_prefix("Client::").unwrap_or_default();
    super::operations::Operation::all(&document.root)
        .iter()
        .find(|operation| {
            operation
                .id()
                .is_some_and(|id| id.to_snake_case() == method || path.starts_with(&type_path(id)))
        })
        .map(|operation| document.root.pointer_to(operation.node.id))
        .unwrap_or_default()
}
