//! Security: which credentials are enough for an operation.
//!
//! A client of the base may use any of the ways that the base offers. It is served as before if for
//! each of them the revision has one that asks for nothing more.

mod scheme;

use std::collections::{BTreeMap, BTreeSet};

use xtask_spec::{Node, Spec};

use crate::context::{Context, Nodes, Specs};
use crate::rules;

/// One way to authorize: all of some schemes, each with some scopes.
type Way<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Compares the security of two operations: their own, or that of the document.
pub(super) fn compare<'a>(context: &mut Context<'_, 'a>, (base, revision): Nodes<'a>) {
    let specs = context.specs;
    let ((base, old), (revision, new)) = (of(specs.0, base), of(specs.1, revision));
    let sites = (base.id, revision.id);
    let used: BTreeSet<&str> = new.iter().flat_map(BTreeMap::keys).copied().collect();
    let old_named: Vec<Way<'a>> = old.iter().map(|way| renamed(specs, way, &used)).collect();
    let lost: Vec<&Way<'a>> = old_named
        .iter()
        .zip(&old)
        .filter(|(way, _)| !new.iter().any(|now| asks_no_more(now, way)))
        .map(|(_, way)| way)
        .collect();
    let (was, is) = (describe_all(&old), describe_all(&new));
    for way in &lost {
        let way = describe(way);
        let what = format!("security: {way} is no longer enough; it takes {is} now");
        context.note(&rules::SECURITY_TIGHTENED, sites, what);
    }
    if lost.is_empty() {
        let added: Vec<&Way<'a>> = new.iter().filter(|way| !old_named.contains(way)).collect();
        for way in &added {
            let way = describe(way);
            let what = format!("security: {way} is enough now; it took {was} before");
            context.note(&rules::SECURITY_LOOSENED, sites, what);
        }
        let removed = old_named
            .iter()
            .zip(&old)
            .filter(|(named, _)| !new.contains(named));
        for (_, way) in removed.filter(|_| added.is_empty()) {
            let way = describe(way);
            let what = format!("security: {way} removed; {is} is enough as before");
            context.note(&rules::SECURITY_LOOSENED, sites, what);
        }
    }
    let in_use: BTreeSet<&str> = old.iter().flat_map(BTreeMap::keys).copied().collect();
    for scheme in in_use {
        let name = counterpart(specs, scheme, &used);
        // A scheme that is no longer of use is reported above.
        if used.contains(name) {
            scheme::compare(context, (scheme, name));
        }
    }
}

/// The ways of an operation, with the value that lists them or would list them.
fn of<'a>(spec: &Spec<'a>, operation: &'a Node) -> (&'a Node, Vec<Way<'a>>) {
    let holders = [operation, spec.root()];
    let security = holders.iter().find_map(|holder| holder.get("security"));
    let scopes = |scopes: &'a Node| scopes.items().iter().filter_map(Node::text).collect();
    let way = |way: &'a Node| way.entries().iter().map(|(name, it)| (&**name, scopes(it)));
    let ways = security.map(Node::items).unwrap_or_default().iter();
    let mut ways: Vec<Way<'a>> = ways.map(|it| way(it).collect()).collect();
    if ways.is_empty() {
        // Nothing is asked for.
        ways.push(Way::new());
    }
    (security.unwrap_or(spec.root()), ways)
}

fn asks_no_more(way: &Way<'_>, than: &Way<'_>) -> bool {
    way.iter().all(|(scheme, scopes)| {
        than.get(scheme)
            .is_some_and(|others| scopes.is_subset(others))
    })
}

/// A way with the names that its schemes have in the revision.
fn renamed<'a>(specs: Specs<'_, 'a>, way: &Way<'a>, used: &BTreeSet<&'a str>) -> Way<'a> {
    way.iter()
        .map(|(scheme, scopes)| (counterpart(specs, scheme, used), scopes.clone()))
        .collect()
}

/// The name of a scheme among those that the revision uses: the same, or that of one which is
/// defined alike.
fn counterpart<'a>(
    (base, revision): Specs<'_, 'a>,
    name: &'a str,
    used: &BTreeSet<&'a str>,
) -> &'a str {
    if used.contains(name) {
        return name;
    }
    let defined = |spec: &Spec<'a>, name: &str| {
        let scheme = spec.component("securitySchemes", name)?;
        Some(scheme::essence(spec.resolve(scheme)))
    };
    let old = defined(base, name);
    let alike = |name: &&&'a str| old.is_some() && defined(revision, name) == old;
    used.iter().find(alike).map_or(name, |name| name)
}

fn describe(way: &Way<'_>) -> String {
    if way.is_empty() {
        return "no credential (anonymous)".to_owned();
    }
    let schemes = way.iter().map(|(scheme, scopes)| {
        let scopes: Vec<&str> = scopes.iter().copied().collect();
        match scopes.as_slice() {
            [] => format!("`{scheme}`"),
            scopes => format!("`{scheme}` with {}", scopes.join(", ")),
        }
    });
    schemes.collect::<Vec<_>>().join(" and ")
}

fn describe_all(ways: &[Way<'_>]) -> String {
    ways.iter().map(describe).collect::<Vec<_>>().join(", or ")
}
