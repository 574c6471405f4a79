//! Which operation of the base is which one of the revision, and what has changed about it.

use std::collections::HashMap;

use super::found::{Found, from_to, show};
use super::rules;
use super::schemas::Schemas;
use super::spec::{Spec, reference, same};
use super::{parameters, request_body, responses, security, servers, words};
use xtask_spec::node::Node;
use xtask_spec::openapi::METHODS;

/// An operation of one document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'static str,
    pub(super) item: &'a Node,
    pub(super) node: &'a Node,
}

impl<'a> Operation<'a> {
    pub(super) fn all(root: &'a Node) -> Vec<Self> {
        let paths = root.get("paths").map(Node::entries).unwrap_or_default();
        let mut operations = Vec::new();
        for (path, item) in paths {
            let item = resolved(root, item);
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

    pub(super) fn id(&self) -> Option<&'a str> {
        self.node.field("operationId")
    }

    /// Method and path.
    pub(super) fn endpoint(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    pub(super) fn name(&self) -> String {
        self.id().map_or_else(|| self.endpoint(), str::to_owned)
    }

    /// The names in the braces of its path.
    pub(super) fn placeholders(&self) -> Vec<&'a str> {
        let parts = self.path.split('{').skip(1);
        parts
            .filter_map(|rest| Some(rest.split_once('}')?.0))
            .collect()
    }

    /// What the path is, whatever its placeholders are called.
    fn shape(&self) -> (String, &'static str) {
        let names = self.placeholders();
        let path = names.iter().fold(self.path.to_owned(), |path, name| {
            path.replace(&format!("{{{name}}}"), "{}")
        });
        (path, self.method)
    }
}

/// The Path Item Object that is meant, should it refer to another.
fn resolved<'a>(root: &'a Node, mut item: &'a Node) -> &'a Node {
    const LONGEST_WAY: usize = 16;
    for _ in 0..LONGEST_WAY {
        let target = reference(item).and_then(|target| target.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => item = target,
            None => break,
        }
    }
    item
}

/// Operations of both documents.
#[derive(Debug)]
pub(super) struct Pairing<'a> {
    pub(super) pairs: Vec<(Operation<'a>, Operation<'a>)>,
    removed: Vec<Operation<'a>>,
    added: Vec<Operation<'a>>,
}

impl<'a> Pairing<'a> {
    /// Pairs operations by method and path, then whatever placeholders are called, then by operationId.
    pub(super) fn of(base: &'a Node, revision: &'a Node) -> Self {
        let mut added = Operation::all(revision);
        let mut pairs = Vec::new();
        let mut removed = Vec::new();
        let mut take =
            |left: Vec<Operation<'a>>,
             key: &dyn Fn(&Operation<'a>) -> Option<(String, &'static str)>| {
                let by_key: HashMap<_, _> = added
                    .iter()
                    .enumerate()
                    .filter_map(|(index, operation)| Some((key(operation)?, index)))
                    .collect();
                let mut taken = Vec::new();
                let mut rest = Vec::new();
                for operation in left {
                    match key(&operation).and_then(|key| by_key.get(&key)) {
                        Some(index) if !taken.contains(index) => {
                            taken.push(*index);
                            pairs.extend(added.get(*index).map(|new| (operation, *new)));
                        }
                        _ => rest.push(operation),
                    }
                }
                taken.sort_unstable();
                for index in taken.iter().rev() {
                    added.remove(*index);
                }
                rest
            };
        let left = take(Operation::all(base), &|operation| {
            Some((operation.path.to_owned(), operation.method))
        });
        let left = take(left, &|operation| Some(operation.shape()));
        removed.extend(take(left, &|operation| {
            operation.id().map(|id| (id.to_owned(), ""))
        }));
        pairs.sort_by_key(|(operation, _)| operation.node.id);
        Self {
            pairs,
            removed,
            added,
        }
    }

    /// Operations that only one of the documents has.
    pub(super) fn unpaired(&self, base: &Node, revision: &Node) -> Vec<(String, Found)> {
        let paths = |root: &Node| root.get("paths").unwrap_or(root).id;
        let removed = self.removed.iter().map(|operation| {
            let what = format!("operation removed: {}", operation.endpoint());
            let rule = &rules::OPERATION_REMOVED;
            let found = Found::new(rule, operation.node.id, paths(revision), what);
            (operation.name(), found)
        });
        let added = self.added.iter().map(|operation| {
            let what = format!("operation added: {}", operation.endpoint());
            let rule = &rules::OPERATION_ADDED;
            let found = Found::new(rule, paths(base), operation.node.id, what);
            (operation.name(), found)
        });
        removed.chain(added).collect()
    }
}

/// The fields of an operation.
const FIELDS: [&str; 12] = [
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];

/// The fields of a path besides its operations.
const PATH_FIELDS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];

/// Compares a pair of operations, but for the schemas, which are noted.
pub(super) fn compare<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    number: usize,
    (base, revision): &(Operation<'a>, Operation<'a>),
    schemas: &mut Schemas<'a>,
    found: &mut Vec<Found>,
) {
    identity(base, revision, found);
    lifecycle(base.node, revision.node, found);
    words::of_object(base.item, revision.item, found);
    let path_fields = [&PATH_FIELDS[..], &METHODS].concat();
    words::unknown_fields(base.item, revision.item, &path_fields, found);
    words::of_operation(base.node, revision.node, found);
    words::unknown_fields(base.node, revision.node, &FIELDS, found);
    callbacks(specs, base.node, revision.node, found);
    parameters::compare(specs, number, (base, revision), schemas, found);
    request_body::compare(specs, number, base.node, revision.node, schemas, found);
    responses::compare(specs, number, base.node, revision.node, schemas, found);
    security::compare(
        specs,
        security::of(specs.0, base.node),
        security::of(specs.1, revision.node),
        found,
    );
    servers::compare(
        servers::of(specs.0, base.item, base.node),
        servers::of(specs.1, revision.item, revision.node),
        found,
    );
}

fn identity(base: &Operation<'_>, revision: &Operation<'_>, found: &mut Vec<Found>) {
    let ids = (base.node.id, revision.node.id);
    // What placeholders are called is not sent, and names an argument that is told by its place.
    if base.shape().0 != revision.shape().0 {
        let what = format!("path changed from `{}` to `{}`", base.path, revision.path);
        let rule = &rules::OPERATION_PATH_CHANGED;
        found.push(Found::new(rule, base.item.id, revision.item.id, what));
    }
    if base.method != revision.method {
        let what = format!(
            "method changed from {} to {}",
            base.method.to_uppercase(),
            revision.method.to_uppercase()
        );
        found.push(Found::new(
            &rules::OPERATION_METHOD_CHANGED,
            ids.0,
            ids.1,
            what,
        ));
    }
    words::changed(
        "operationId",
        &rules::OPERATION_ID_CHANGED,
        (
            base.node.get("operationId"),
            revision.node.get("operationId"),
        ),
        ids,
        found,
    );
}

fn lifecycle(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    let ids = (base.id, revision.id);
    match (base.flag("deprecated"), revision.flag("deprecated")) {
        (false, true) => {
            let what = "operation deprecated";
            found.push(Found::new(&rules::OPERATION_DEPRECATED, ids.0, ids.1, what));
        }
        (true, false) => {
            let what = "operation no longer deprecated (reactivated)";
            found.push(Found::new(
                &rules::OPERATION_UNDEPRECATED,
                ids.0,
                ids.1,
                what,
            ));
        }
        _ => {}
    }
    let stability = (base.get(words::STABILITY), revision.get(words::STABILITY));
    words::changed(
        words::STABILITY,
        &rules::STABILITY_CHANGED,
        stability,
        ids,
        found,
    );
    let sunset = (base.get(words::SUNSET), revision.get(words::SUNSET));
    let rule = match (sunset.0.map(date), sunset.1.map(date)) {
        (Some(Some(old)), Some(Some(new))) if new >= old => &rules::SUNSET_CHANGED,
        (None, Some(Some(_))) | (Some(_), None) => &rules::SUNSET_CHANGED,
        _ => &rules::SUNSET_EARLIER,
    };
    words::changed(words::SUNSET, rule, sunset, ids, found);
}

/// The day of a date or a date with time, which compares as text.
fn date(node: &Node) -> Option<&str> {
    let day = node.text()?.get(..10)?;
    let is_date = day.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date.then_some(day)
}

fn callbacks<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    base: &'a Node,
    revision: &'a Node,
    found: &mut Vec<Found>,
) {
    let all = |node: &'a Node| node.get("callbacks").map(Node::entries).unwrap_or_default();
    for (name, old) in all(base) {
        let new = all(revision).iter().find(|(other, _)| other == name);
        let (rule, what) = match new.map(|(_, new)| (specs.0.resolve(old), specs.1.resolve(new))) {
            None => (
                &rules::CALLBACK_CHANGED,
                format!("callback `{name}` removed: {}", show(old)),
            ),
            Some((before, after)) if !same(specs, before, after, false) => {
                let change = if before == after {
                    "in what it refers to".to_owned()
                } else {
                    from_to(before, after)
                };
                let what = format!(
                    "callback `{name}` changed {change}; this cannot be shown to be compatible"
                );
                (&rules::CALLBACK_CHANGED, what)
            }
            Some((before, after)) if !same(specs, before, after, true) => (
                &rules::DESCRIPTION_CHANGED,
                format!("words of the callback `{name}` changed"),
            ),
            Some(_) => continue,
        };
        let place = new.map_or(revision.id, |(_, new)| new.id);
        found.push(Found::new(rule, old.id, place, what));
    }
    for (name, new) in all(revision) {
        if !all(base).iter().any(|(other, _)| other == name) {
            let what = format!("callback `{name}` added");
            found.push(Found::new(&rules::CALLBACK_ADDED, base.id, new.id, what));
        }
    }
}
