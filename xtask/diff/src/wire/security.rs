//! Security: which credentials are enough for an operation.
//!
//! A client of the base may use any of the ways that the base offers. It is served as before if for
//! each of them the revision has one that asks for nothing more.

mod scheme;

use std::collections::{BTreeMap, BTreeSet};

use xtask_spec::{Node, Spec};

use crate::context::{Context, Nodes, Specs};
use crate::rules;

/// Schemes, each with some scopes.
type Schemes<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// One way to authorize: by all of some schemes.
struct Way<'a> {
    schemes: Schemes<'a>,
    /// Where it is listed.
    node: &'a Node,
}

/// Compares the security of two operations: their own, or that of the document.
pub(super) fn compare<'a>(context: &mut Context<'_, 'a>, (base, revision): Nodes<'a>) {
    let specs = context.specs;
    let ((base, old), (revision, new)) = (of(specs.0, base), of(specs.1, revision));
    let used: BTreeSet<&str> = new
        .iter()
        .flat_map(|way| way.schemes.keys())
        .copied()
        .collect();
    let named: Vec<Schemes<'a>> = old.iter().map(|way| renamed(specs, way, &used)).collect();
    let (mut lost, mut removed) = (Vec::new(), Vec::new());
    for (named, way) in named.iter().zip(&old) {
        if !new.iter().any(|now| asks_no_more(&now.schemes, named)) {
            lost.push(way);
        } else if !new.iter().any(|now| now.schemes == *named) {
            removed.push(way);
        }
    }
    let added: Vec<&Way<'a>> = new
        .iter()
        .filter(|way| !named.contains(&way.schemes))
        .collect();
    // What is only in one of the documents, or where it would be.
    let mut gone = old
        .iter()
        .zip(&named)
        .filter(|(_, named)| !new.iter().any(|it| it.schemes == **named));
    let sites = (
        gone.next().map_or(base.id, |(way, _)| way.node.id),
        added.first().map_or(revision.id, |way| way.node.id),
    );
    let (was, is) = (describe_all(&old), describe_all(&new));
    for way in &lost {
        let what = format!("security: {} is no longer enough; use {is}", describe(way));
        context.note(&rules::SECURITY_TIGHTENED, sites, what);
    }
    if lost.is_empty() {
        for way in &added {
            let what = match removed.as_slice() {
                [] => format!(
                    "security: {} added as an alternative to {was}",
                    describe(way)
                ),
                _ => format!(
                    "security: {} is enough now, instead of {}",
                    describe(way),
                    describe_all(removed.iter().copied())
                ),
            };
            context.note(&rules::SECURITY_LOOSENED, sites, what);
        }
        for way in removed.into_iter().filter(|_| added.is_empty()) {
            let what = format!(
                "security: {} removed; {is} is enough as before",
                describe(way)
            );
            context.note(&rules::SECURITY_LOOSENED, sites, what);
        }
    }
    let in_use: BTreeSet<&str> = old
        .iter()
        .flat_map(|way| way.schemes.keys())
        .copied()
        .collect();
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
    let holder = security.unwrap_or(spec.root());
    let scopes = |scopes: &'a Node| scopes.items().iter().filter_map(Node::text).collect();
    let schemes = |way: &'a Node| way.entries().iter().map(|(name, it)| (&**name, scopes(it)));
    let way = |node: &'a Node| Way {
        schemes: schemes(node).collect(),
        node,
    };
    let ways = security.map(Node::items).unwrap_or_default().iter();
    let mut ways: Vec<Way<'a>> = ways.map(way).collect();
    if ways.is_empty() {
        // Nothing is asked for.
        ways.push(Way {
            schemes: Schemes::new(),
            node: holder,
        });
    }
    (holder, ways)
}

fn asks_no_more(way: &Schemes<'_>, than: &Schemes<'_>) -> bool {
    way.iter().all(|(scheme, scopes)| {
        than.get(scheme)
            .is_some_and(|others| scopes.is_subset(others))
    })
}

/// A way with the names that its schemes have in the revision.
fn renamed<'a>(specs: Specs<'_, 'a>, way: &Way<'a>, used: &BTreeSet<&'a str>) -> Schemes<'a> {
    way.schemes
        .iter()
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
    if way.schemes.is_empty() {
        return "no credential (anonymous)".to_owned();
    }
    let schemes = way.schemes.iter().map(|(scheme, scopes)| {
        let scopes: Vec<&str> = scopes.iter().copied().collect();
        match scopes.as_slice() {
            [] => format!("`{scheme}`"),
            scopes => format!("`{scheme}` with {}", scopes.join(", ")),
        }
    });
    schemes.collect::<Vec<_>>().join(" and ")
}

fn describe_all<'w, 'a: 'w>(ways: impl IntoIterator<Item = &'w Way<'a>>) -> String {
    ways.into_iter()
        .map(describe)
        .collect::<Vec<_>>()
        .join(", or ")
}
