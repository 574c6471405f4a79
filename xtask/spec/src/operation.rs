//! The operations of a document.

use crate::fields::METHODS;
use crate::node::Node;
use crate::spec::Spec;

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Path template, such as `/datasets/{dataset_id}`.
    pub path: &'a str,
    /// HTTP method, in lower case as in the document.
    pub method: &'static str,
    /// The Path Item Object.
    pub item: &'a Node,
    /// The Operation Object.
    pub node: &'a Node,
}

impl<'a> Operation<'a> {
    /// The operations in the order of the document.
    pub fn all(spec: &Spec<'a>) -> Vec<Self> {
        let mut operations = Vec::new();
        for (path, item) in spec.root().map("paths") {
            let item = spec.resolve(item);
            for method in METHODS {
                operations.extend(item.get(method).map(|node| Self {
                    path,
                    method,
                    item,
                    node,
                }));
            }
        }
        operations
    }

    /// The operationId, if there is one.
    pub fn id(&self) -> Option<&'a str> {
        self.node.field("operationId")
    }

    /// Method and path.
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        self.id().map_or_else(|| self.endpoint(), str::to_owned)
    }

    /// The names in the braces of its path.
    pub fn placeholders(&self) -> Vec<&'a str> {
        placeholders(self.path).collect()
    }

    /// Its path without the names of its placeholders.
    pub fn shape(&self) -> String {
        self.placeholders()
            .iter()
            .fold(self.path.to_owned(), |path, name| {
                path.replace(&format!("{{{name}}}"), "{}")
            })
    }

    /// Its parameters as they are listed, and resolved: those of the path, then its own.
    pub fn parameters(&self, spec: &Spec<'a>) -> Vec<(&'a Node, &'a Node)> {
        let [of_path, own] = [self.item, self.node].map(|holder| holder.list("parameters").iter());
        of_path
            .chain(own)
            .map(|it| (it, spec.resolve(it)))
            .collect()
    }
}

/// The names in the braces of a template.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let parts = template.split('{').skip(1);
    parts.filter_map(|rest| Some(rest.split_once('}')?.0))
}
