//! The operations of a document, as every reader of one needs them.

use serde_json::Value;

use xtask_spec::document::escape;
use xtask_spec::openapi::METHODS;

use super::schema;

/// An operation with its place in the document.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    /// JSON pointer to the Operation Object.
    pub pointer: String,
    /// Path template, such as `/datasets/{dataset_id}`.
    pub path: &'a str,
    /// HTTP method, in lower case as in the document.
    pub method: &'a str,
    /// The Operation Object.
    pub value: &'a Value,
    item: &'a Value,
    item_pointer: String,
}

impl<'a> Operation<'a> {
    /// The operations in the order of the document.
    pub fn all(root: &'a Value) -> Vec<Self> {
        let mut operations = Vec::new();
        let paths = root.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten() {
            let item_pointer = format!("/paths/{}", escape(path));
            for method in METHODS {
                if let Some(value) = item.get(method) {
                    operations.push(Self {
                        pointer: format!("{item_pointer}/{method}"),
                        path,
                        method,
                        value,
                        item,
                        item_pointer: item_pointer.clone(),
                    });
                }
            }
        }
        operations
    }

    /// The operationId, if there is one.
    pub fn id(&self) -> Option<&'a str> {
        self.value.get("operationId")?.as_str()
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self.id() {
            Some(id) => id.to_owned(),
            None => format!("{} {}", self.method.to_uppercase(), self.path),
        }
    }

    /// Its parameters, resolved, with the pointers of their places: those of the path, then its own.
    pub fn parameters(&self, root: &'a Value) -> Vec<(String, &'a Value)> {
        [(&self.item_pointer, self.item), (&self.pointer, self.value)]
            .into_iter()
            .flat_map(|(pointer, holder)| {
                let listed = holder.get("parameters").and_then(Value::as_array);
                listed
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .map(move |(index, parameter)| {
                        (
                            format!("{pointer}/parameters/{index}"),
                            schema::resolve(root, parameter),
                        )
                    })
            })
            .collect()
    }

    /// The names in the braces of its path.
    pub fn placeholders(&self) -> Vec<&'a str> {
        self.path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
            .collect()
    }
}
