//! What the methods of the generated client call, as the documents describe it.

use std::collections::HashMap;

use xtask_spec::{Operation, names};

use super::changes::{ApiChange, What};
use crate::context::Specs;
use crate::paired::Paired;
use crate::pairing;

/// The methods of the base, compared with those of the revision.
#[derive(Debug, Default)]
pub(super) struct Methods {
    /// By method: the arguments for placeholders that have another name, with that name. Placeholders
    /// are known by their position.
    renamed: HashMap<String, HashMap<String, String>>,
    /// Methods whose name another endpoint has taken over: code compiles, and calls that one.
    pub(super) taken_over: Vec<ApiChange>,
}

impl Methods {
    pub(super) fn of(specs: Specs<'_, '_>) -> Self {
        let mut methods = Self::default();
        let now = Operation::all(specs.1).into_iter();
        let now: HashMap<_, _> = now.filter_map(|it| Some((method(&it)?, it))).collect();
        for pair in pairing::operations(specs) {
            let (old, new) = match pair {
                Paired::Both(old, new) => (old, Some(new)),
                Paired::Removed(old) => (old, None),
                Paired::Added(_) => continue,
            };
            let Some(path) = method(&old) else { continue };
            if let Some(new) = new.filter(|new| method(new).as_ref() == Some(&path)) {
                if old.shape() == new.shape() {
                    let names = old.placeholders().into_iter().zip(new.placeholders());
                    let names = names.map(|(old, new)| (argument(old), argument(new)));
                    methods.renamed.insert(path, names.collect());
                }
            } else if let Some(other) = now.get(&path) {
                let (before, after) = (old.endpoint(), other.endpoint());
                methods.taken_over.push(ApiChange {
                    message: format!("`{path}` calls {after} instead of {before}"),
                    what: What::Changed,
                    path,
                });
            }
        }
        methods
    }

    /// The arguments of a method of the base by their names in the revision.
    pub(super) fn arguments(&self, path: &str, arguments: &[String]) -> Vec<String> {
        let renamed = self.renamed.get(path);
        let now = |name: &String| {
            let new = renamed.and_then(|names| names.get(name.trim_end_matches('_')));
            new.unwrap_or(name).trim_end_matches('_').to_owned()
        };
        arguments.iter().map(now).collect()
    }
}

fn method(operation: &Operation<'_>) -> Option<String> {
    Some(format!("Client::{}", names::of_method(operation.id()?)))
}

/// A parameter as an argument, but for the underscore after a keyword of Rust.
fn argument(name: &str) -> String {
    names::of_field(name)
}
