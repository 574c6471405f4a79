//! Servers: where an operation is to be found. A server with variables stands for one URL for each
//! combination of their values, so that sites may be listed either way.

use std::collections::BTreeMap;

use super::found::{Found, excerpt};
use super::rules;
use super::spec::Spec;
use super::words;
use xtask_spec::node::Node;

/// More URLs than a list of sites has; a server with more is compared by its template.
const MANY: usize = 1_000;

/// Where the servers of an operation are listed: by itself, by its path, or by the document.
pub(super) fn of<'a>(
    spec: &Spec<'a>,
    item: &'a Node,
    operation: &'a Node,
) -> (u32, Option<&'a Node>) {
    let holders = [operation, item, spec.root()];
    let listed = holders
        .iter()
        .filter_map(|holder| holder.get("servers"))
        .find(|servers| !servers.items().is_empty());
    (listed.map_or(spec.root().id, |node| node.id), listed)
}

/// Compares two lists of servers, each with its place.
pub(super) fn compare(
    base: (u32, Option<&Node>),
    revision: (u32, Option<&Node>),
    found: &mut Vec<Found>,
) {
    let (old, new) = (urls(base), urls(revision));
    let without = |these: &BTreeMap<String, u32>, others: &BTreeMap<String, u32>| {
        let mut these: Vec<(String, u32)> = these.clone().into_iter().collect();
        these.retain(|(url, _)| !others.keys().any(|other| covers(other, url)));
        these
    };
    let (gone, come) = (without(&old, &new), without(&new, &old));
    let gone_names: Vec<&str> = gone.iter().map(|(url, _)| url.as_str()).collect();
    let come_names: Vec<&str> = come.iter().map(|(url, _)| url.as_str()).collect();
    let why = variables_changed(base.1, revision.1);
    if let Some((_, id)) = gone.first() {
        let instead = match come_names.as_slice() {
            [] => String::new(),
            names => format!("; changed to {}", quoted(names)),
        };
        let what = format!("server {} removed{instead}{why}", quoted(&gone_names));
        let place = come.first().map_or(revision.0, |(_, id)| *id);
        found.push(Found::new(&rules::SERVER_REMOVED, *id, place, what));
    }
    if let (Some((_, id)), true) = (come.first(), gone.is_empty()) {
        let what = format!("server {} added{why}", quoted(&come_names));
        found.push(Found::new(&rules::SERVER_ADDED, base.0, *id, what));
    }
    details(base.1, revision.1, found);
}

/// The URLs that a list of servers stands for, with the places of the servers.
fn urls((site, servers): (u32, Option<&Node>)) -> BTreeMap<String, u32> {
    let mut urls = BTreeMap::new();
    for server in servers.map(Node::items).unwrap_or_default() {
        for (url, place) in expand(server) {
            urls.entry(url).or_insert(place);
        }
    }
    if urls.is_empty() {
        // What OpenAPI says of a document without servers.
        urls.insert("/".to_owned(), site);
    }
    urls
}

/// The URLs of a server, each with the place of the last value in it.
fn expand(server: &Node) -> Vec<(String, u32)> {
    let url = server.field("url").unwrap_or_default().to_owned();
    let mut urls = vec![(url, server.id)];
    let variables = server
        .get("variables")
        .map(Node::entries)
        .unwrap_or_default();
    for (name, variable) in variables {
        let values = variable.get("enum").map(Node::items).unwrap_or_default();
        let values = values
            .iter()
            .filter_map(|value| Some((value.text()?, value.id)));
        let values: Vec<(&str, u32)> = values.collect();
        let placeholder = format!("{{{name}}}");
        let is_used = urls.iter().any(|(url, _)| url.contains(&placeholder));
        if !is_used || urls.len() * values.len() > MANY {
            continue;
        }
        if values.is_empty() {
            // A variable that takes any value stays in the URL, whatever it is called.
            for (url, place) in &mut urls {
                *url = url.replace(&placeholder, "{}");
                if *place == server.id {
                    *place = variable.id;
                }
            }
            continue;
        }
        urls = urls
            .iter()
            .flat_map(|(url, _)| {
                let filled = |value: &str| url.replace(&placeholder, value);
                let values = values.iter();
                values.map(move |(value, place)| (filled(value), *place))
            })
            .collect();
    }
    urls
}

/// The variables of servers by name, each with the values that it is restricted to.
fn variables(servers: Option<&Node>) -> BTreeMap<&str, Option<&Node>> {
    let servers = servers.map(Node::items).unwrap_or_default().iter();
    let entries = servers.filter_map(|server| server.get("variables"));
    entries
        .flat_map(Node::entries)
        .map(|(name, variable)| (&**name, variable.get("enum")))
        .collect()
}

/// What has happened to the variables of the servers.
fn variables_changed(base: Option<&Node>, revision: Option<&Node>) -> String {
    let (old, new) = (variables(base), variables(revision));
    let mut changes = Vec::new();
    for (name, values) in &old {
        changes.extend(match (values, new.get(name)) {
            (_, None) => Some(format!("variable `{name}` removed")),
            (None, Some(Some(_))) => Some(format!("an enum restricts the variable `{name}`")),
            (Some(_), Some(None)) => Some(format!(
                "enum of the variable `{name}` removed: it may be any value"
            )),
            (old, Some(new)) => {
                (old != new).then(|| format!("enum of the variable `{name}` changed"))
            }
        });
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        changes.push(format!("variable `{name}` added"));
    }
    match changes.as_slice() {
        [] => String::new(),
        changes => format!(" ({})", changes.join("; ")),
    }
}

/// Whether a URL, in which variables of any value are `{}`, stands for another one as well.
fn covers(outer: &str, url: &str) -> bool {
    let mut rest = url;
    let mut parts = outer.split("{}").peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        let at = match (first, parts.peek().is_none()) {
            (true, true) => return rest == part,
            (true, false) => rest.starts_with(part).then_some(0),
            (false, true) => return rest.ends_with(part),
            (false, false) => rest.find(part),
        };
        let Some(after) = at.and_then(|at| rest.get(at + part.len()..)) else {
            return false;
        };
        rest = after;
        first = false;
    }
    true
}

/// The words and defaults of servers that are in both lists.
fn details(base: Option<&Node>, revision: Option<&Node>, found: &mut Vec<Found>) {
    let servers = |node: Option<&Node>| node.map(Node::items).unwrap_or_default().to_vec();
    for old in servers(base) {
        let revised = servers(revision);
        let Some(new) = revised.iter().find(|it| it.get("url") == old.get("url")) else {
            continue;
        };
        words::of_object(&old, new, found);
        for (name, before) in old.get("variables").map(Node::entries).unwrap_or_default() {
            let Some(after) = new.get("variables").and_then(|all| all.get(name)) else {
                continue;
            };
            words::of_object(before, after, found);
            let label = format!("default of the server variable `{name}`");
            words::changed(
                &label,
                &rules::SERVER_DEFAULT_CHANGED,
                (before.get("default"), after.get("default")),
                (before.id, after.id),
                found,
            );
        }
    }
}

fn quoted(urls: &[&str]) -> String {
    const SHOWN: usize = 6;
    let first: Vec<String> = urls.iter().take(SHOWN).map(|url| excerpt(url)).collect();
    match urls.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", first.join(", ")),
        _ => first.join(", "),
    }
}
