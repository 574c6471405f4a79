//! Servers: where an operation is to be found. A server with variables stands for one URL for each
//! combination of their values, so that sites may be listed either way.

use std::collections::{BTreeMap, BTreeSet};

use xtask_spec::{Node, NodeId};

use crate::context::{Context, Nodes, values};
use crate::excerpt::{excerpt, some};
use crate::paired::{Paired, matched, paired};
use crate::rules;

/// More URLs than a list of sites has; a server with more is compared by its template.
const MANY: usize = 1_000;

/// More URLs than these are no help in a message.
const SHOWN: usize = 6;

/// Compares the servers of two operations: their own, those of their paths, or those of the document.
pub(super) fn compare<'a>(context: &mut Context<'_, 'a>, items: Nodes<'a>, nodes: Nodes<'a>) {
    let roots = (context.specs.0.root(), context.specs.1.root());
    let (base, old) = of([nodes.0, items.0, roots.0]);
    let (revision, new) = of([nodes.1, items.1, roots.1]);
    let (old_urls, new_urls) = (urls(base, old), urls(revision, new));
    let (gone, come) = (without(&old_urls, &new_urls), without(&new_urls, &old_urls));
    let why = match (old, new) {
        ([old], [new]) => variables_changed(old, new),
        _ => String::new(),
    };
    if let Some(first) = gone.first() {
        let instead = match come.as_slice() {
            [] => String::new(),
            come => format!("; changed to {}", quoted(come, &old_urls)),
        };
        let what = format!("server {} removed{instead}{why}", quoted(&gone, &new_urls));
        let place = come.first().map_or(revision, |url| url.place);
        context.note(&rules::SERVER_REMOVED, (first.place, place), what);
    } else if let Some(first) = come.first() {
        let what = format!("server {} added{why}", quoted(&come, &old_urls));
        context.note(&rules::SERVER_ADDED, (base, first.place), what);
    }
    let has_moved = gone.is_empty() && has_moved(&old_urls, &new_urls);
    if has_moved {
        let lost = only(&old_urls, |url| !is_documented(&new_urls, &url.documented));
        let found = only(&new_urls, |url| !is_documented(&old_urls, &url.documented));
        let place = |urls: &[&Url], holder| urls.first().map_or(holder, |url| url.place);
        let what = format!(
            "server moved from {} to {}; its variables allow both, but only the new is documented",
            quoted(&lost, &[]),
            quoted(&found, &[])
        );
        let sites = (place(&lost, base), place(&found, revision));
        context.note(&rules::SERVER_MOVED, sites, what);
    }
    // Sites that another server of the list covers anyway.
    let is_told = |url: &Url| {
        let mut told = gone.iter().chain(&come);
        has_moved || told.any(|it| covers(&it.pattern, &url.pattern))
    };
    let is_in = |urls: &[Url], url: &Url| urls.iter().any(|it| it.pattern == url.pattern);
    let unlisted = only(&old_urls, |url| !is_in(&new_urls, url) && !is_told(url));
    let listed = only(&new_urls, |url| !is_in(&old_urls, url) && !is_told(url));
    if let Some(first) = unlisted.first() {
        let what = format!(
            "server {} no longer listed; another covers it",
            quoted(&unlisted, &[])
        );
        context.note(&rules::SERVER_UNLISTED, (first.place, revision), what);
    }
    if let Some(first) = listed.first() {
        let what = format!(
            "server {} listed, which another covered",
            quoted(&listed, &[])
        );
        context.note(&rules::SERVER_ADDED, (base, first.place), what);
    }
    let same_sites = |old: &Node, new: &Node| {
        let sites = |server| expand(server).into_iter().map(|it| it.pattern);
        sites(old).eq(sites(new))
    };
    let same_url = |old: &Node, new: &Node| old.get("url") == new.get("url");
    let pairs = matched(old, new, &[&|old, new| old == new, &same_sites, &same_url]);
    // The words and defaults of servers that are in both lists.
    for pair in pairs {
        if let Paired::Both(old, new) = pair {
            details(context, (old, new), !has_moved);
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

/// A URL that a server stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Url {
    /// With `{}` for each variable that takes any value.
    pattern: String,
    /// With the defaults of these.
    documented: String,
    /// The place of the last value in it.
    place: NodeId,
}

/// The URLs of servers, each once.
fn urls(site: NodeId, servers: &[Node]) -> Vec<Url> {
    let mut urls: Vec<Url> = servers.iter().flat_map(expand).collect();
    if urls.is_empty() {
        // What OpenAPI says of a document without servers.
        let root = || "/".to_owned();
        urls.push(Url {
            pattern: root(),
            documented: root(),
            place: site,
        });
    }
    urls.sort();
    urls.dedup_by(|second, first| {
        (&second.pattern, &second.documented) == (&first.pattern, &first.documented)
    });
    urls
}

fn only(urls: &[Url], of: impl Fn(&Url) -> bool) -> Vec<&Url> {
    urls.iter().filter(|url| of(url)).collect()
}

/// The URLs that no server of another document stands for.
fn without<'u>(urls: &'u [Url], others: &[Url]) -> Vec<&'u Url> {
    only(urls, |url| {
        !others
            .iter()
            .any(|other| covers(&other.pattern, &url.pattern))
    })
}

fn is_documented(urls: &[Url], url: &str) -> bool {
    urls.iter().any(|it| it.documented == url)
}

/// Whether only servers that document none of the old URLs cover one of these.
fn has_moved(old: &[Url], new: &[Url]) -> bool {
    let stays = |url: &Url| {
        let mut covering = new.iter().filter(|it| covers(&it.pattern, &url.documented));
        is_documented(new, &url.documented) || covering.any(|it| is_documented(old, &it.documented))
    };
    !old.iter().all(stays)
}

/// The URLs of a server.
fn expand(server: &Node) -> Vec<Url> {
    let url = server.field("url").unwrap_or_default().to_owned();
    let mut urls = vec![Url {
        pattern: url.clone(),
        documented: url,
        place: server.id,
    }];
    for (name, variable) in server.map("variables") {
        let values = variable.list("enum").iter();
        let values = values.filter_map(|value| Some((value.text()?, value.text()?, value.id)));
        let mut values: Vec<(&str, &str, NodeId)> = values.collect();
        let placeholder = format!("{{{name}}}");
        let is_used = urls.iter().any(|url| url.pattern.contains(&placeholder));
        if !is_used || urls.len() * values.len() > MANY {
            continue;
        }
        if values.is_empty() {
            // A variable that takes any value stays in the URL, whatever it is called.
            values.push(("{}", variable.field("default").unwrap_or("{}"), variable.id));
        }
        let fill = |url: &Url| {
            let filled = values.iter().map(|(any, documented, place)| Url {
                pattern: url.pattern.replace(&placeholder, any),
                documented: url.documented.replace(&placeholder, documented),
                // A listed value says more than a variable of any value.
                place: if *any == "{}" && url.place != server.id {
                    url.place
                } else {
                    *place
                },
            });
            filled.collect::<Vec<_>>()
        };
        urls = urls.iter().flat_map(fill).collect();
    }
    urls
}

/// What has happened to the variables of a server.
fn variables_changed(old: &Node, new: &Node) -> String {
    // By name, each with the values that it is restricted to.
    let variables = |server: &Node| -> BTreeMap<String, Option<Node>> {
        let entries = server.map("variables").iter();
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

fn details(context: &mut Context<'_, '_>, (old, new): Nodes<'_>, defaults: bool) {
    context.words((old, new));
    for pair in paired(old.map("variables"), new.map("variables"), |(name, _)| name) {
        if let Paired::Both((name, before), (_, after)) = pair {
            context.words((before, after));
            if !defaults {
                continue;
            }
            let name = format!("default of the server variable `{name}`");
            let values = values((before, after), "default");
            let sites = (before.id, after.id);
            context.changed(&name, &rules::SERVER_DEFAULT_CHANGED, values, sites);
        }
    }
}

/// URLs in a message: those that the other document doesn't have first.
fn quoted(urls: &[&Url], others: &[Url]) -> String {
    let (known, new): (Vec<&Url>, Vec<&Url>) = urls
        .iter()
        .partition(|url| is_documented(others, &url.documented));
    let new: BTreeSet<&str> = new.iter().map(|url| url.documented.as_str()).collect();
    let known: BTreeSet<&str> = known.iter().map(|url| url.pattern.as_str()).collect();
    some(new.into_iter().chain(known).map(excerpt), SHOWN)
}
