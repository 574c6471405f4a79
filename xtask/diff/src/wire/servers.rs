//! Servers: where an operation is to be found. A server with variables stands for one URL for each
//! combination of their values, so that sites may be listed either way.

use std::collections::BTreeMap;

use xtask_spec::{Node, NodeId};

use crate::context::{Context, Nodes, values};
use crate::excerpt::{excerpt, some};
use crate::paired::{Paired, paired};
use crate::rules;

/// More URLs than a list of sites has; a server with more is compared by its template.
const MANY: usize = 1_000;

/// Compares the servers of two operations: their own, those of their paths, or those of the document.
pub(super) fn compare<'a>(context: &mut Context<'_, 'a>, items: Nodes<'a>, nodes: Nodes<'a>) {
    let roots = (context.specs.0.root(), context.specs.1.root());
    let (base, old) = of([nodes.0, items.0, roots.0]);
    let (revision, new) = of([nodes.1, items.1, roots.1]);
    let (old_urls, new_urls) = (urls(base, old), urls(revision, new));
    let (gone, come) = (without(&old_urls, &new_urls), without(&new_urls, &old_urls));
    let why = variables_changed(old, new);
    match (gone.first(), come.first()) {
        (Some((_, id)), first) => {
            let instead = match first {
                None => String::new(),
                Some(_) => format!("; changed to {}", quoted(&come)),
            };
            let what = format!("server {} removed{instead}{why}", quoted(&gone));
            let place = first.map_or(revision, |(_, id)| *id);
            context.note(&rules::SERVER_REMOVED, (*id, place), what);
        }
        (None, Some((_, id))) => {
            let what = format!("server {} added{why}", quoted(&come));
            context.note(&rules::SERVER_ADDED, (base, *id), what);
        }
        (None, None) => {}
    }
    // The words and defaults of servers that are in both lists.
    for old in old {
        if let Some(new) = new.iter().find(|it| it.get("url") == old.get("url")) {
            details(context, (old, new));
        }
    }
}

/// The servers that count of some holders, with the value that lists them or would list them.
fn of(holders: [&Node; 3]) -> (NodeId, &[Node]) {
    let [.., root] = holders;
    let mut listed = holders.iter().filter_map(|holder| holder.get("servers"));
    let servers = listed.find(|servers| !servers.items().is_empty());
    servers.map_or((root.id, &[]), |servers| (servers.id, servers.items()))
}

/// URLs with the places of their servers.
type Urls = BTreeMap<String, NodeId>;

fn urls(site: NodeId, servers: &[Node]) -> Urls {
    let mut urls = Urls::new();
    for (url, place) in servers.iter().flat_map(expand) {
        urls.entry(url).or_insert(place);
    }
    if urls.is_empty() {
        // What OpenAPI says of a document without servers.
        urls.insert("/".to_owned(), site);
    }
    urls
}

fn without<'u>(these: &'u Urls, others: &Urls) -> Vec<(&'u str, NodeId)> {
    let is_covered = |url: &str| others.keys().any(|other| covers(other, url));
    let these = these.iter().map(|(url, id)| (url.as_str(), *id));
    these.filter(|(url, _)| !is_covered(url)).collect()
}

/// The URLs of a server, each with the place of the last value in it.
fn expand(server: &Node) -> Vec<(String, NodeId)> {
    let url = server.field("url").unwrap_or_default().to_owned();
    let mut urls = vec![(url, server.id)];
    for (name, variable) in server.map("variables") {
        let values = variable.list("enum").iter();
        let values = values.filter_map(|value| Some((value.text()?, value.id)));
        let values: Vec<(&str, NodeId)> = values.collect();
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
        let fill = |(url, _): &(String, NodeId)| {
            let values = values.iter();
            let filled = values.map(|(value, place)| (url.replace(&placeholder, value), *place));
            filled.collect::<Vec<_>>()
        };
        urls = urls.iter().flat_map(fill).collect();
    }
    urls
}

/// What has happened to the variables of the servers.
fn variables_changed(old: &[Node], new: &[Node]) -> String {
    // By name, each with the values that it is restricted to.
    let variables = |servers: &'_ [Node]| -> BTreeMap<String, Option<Node>> {
        let entries = servers.iter().flat_map(|server| server.map("variables"));
        let values = entries.map(|(name, it)| (name.to_string(), it.get("enum").cloned()));
        values.collect()
    };
    let pairs = paired(variables(old), variables(new), |(name, _)| name.clone());
    let mut changes = Vec::new();
    for pair in pairs {
        changes.push(match pair {
            Paired::Removed((name, _)) => format!("variable `{name}` removed"),
            Paired::Added((name, _)) => format!("variable `{name}` added"),
            Paired::Both((_, old), (_, new)) if old == new => continue,
            Paired::Both((name, None), _) => format!("an enum restricts the variable `{name}`"),
            Paired::Both((name, _), (_, None)) => {
                format!("enum of the variable `{name}` removed: it may be any value")
            }
            Paired::Both((name, _), _) => format!("enum of the variable `{name}` changed"),
        });
    }
    match changes.as_slice() {
        [] => String::new(),
        changes => format!(" ({})", changes.join("; ")),
    }
}

/// Whether a URL, in which variables of any value are `{}`, stands for another one as well.
fn covers(outer: &str, url: &str) -> bool {
    let parts: Vec<&str> = outer.split("{}").collect();
    let [first, between @ .., last] = parts.as_slice() else {
        return outer == url;
    };
    let Some(mut rest) = url.strip_prefix(first) else {
        return false;
    };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

fn details(context: &mut Context<'_, '_>, (old, new): Nodes<'_>) {
    context.words((old, new));
    for pair in paired(old.map("variables"), new.map("variables"), |(name, _)| name) {
        if let Paired::Both((name, before), (_, after)) = pair {
            context.words((before, after));
            let name = format!("default of the server variable `{name}`");
            let values = values((before, after), "default");
            let sites = (before.id, after.id);
            context.changed(&name, &rules::SERVER_DEFAULT_CHANGED, values, sites);
        }
    }
}

fn quoted(urls: &[(&str, NodeId)]) -> String {
    const SHOWN: usize = 6;
    some(urls.iter().map(|(url, _)| excerpt(url)), SHOWN)
}
