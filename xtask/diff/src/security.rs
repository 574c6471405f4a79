//! Security: which credentials are enough for an operation.
//!
//! A client of the base may use any of the ways that the base offers. It is served as before if for
//! each of them the revision has one that asks for nothing more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::found::{Found, from_to};
use super::rules;
use super::spec::Spec;
use super::words;
use xtask_spec::node::Node;

/// One way to authorize: all of some schemes, each with some scopes.
type Way<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The security of an operation: its own, or that of the document.
pub(super) fn of<'a>(spec: &Spec<'a>, operation: &'a Node) -> (u32, Option<&'a Node>) {
    let own = operation.get("security");
    let holder = if own.is_some() {
        operation
    } else {
        spec.root()
    };
    let security = holder.get("security");
    (security.map_or(holder.id, |node| node.id), security)
}

/// Compares two lists of ways, each with its place.
pub(super) fn compare<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    base: (u32, Option<&'a Node>),
    revision: (u32, Option<&'a Node>),
    found: &mut Vec<Found>,
) {
    let (old, new) = (ways(base.1), ways(revision.1));
    let used: BTreeSet<&str> = new.iter().flat_map(BTreeMap::keys).copied().collect();
    let old_named: Vec<Way<'a>> = old.iter().map(|way| renamed(specs, way, &used)).collect();
    let asks_no_more = |way: &Way<'a>, than: &Way<'a>| {
        way.iter().all(|(scheme, scopes)| {
            than.iter()
                .any(|(other, others)| scheme == other && scopes.is_subset(others))
        })
    };
    let lost: Vec<_> = old_named
        .iter()
        .zip(&old)
        .filter(|(way, _)| !new.iter().any(|now| asks_no_more(now, way)))
        .collect();
    for (_, way) in &lost {
        let what = format!(
            "security: {} is no longer enough; it takes {} now",
            describe(way),
            describe_all(&new)
        );
        found.push(Found::new(
            &rules::SECURITY_TIGHTENED,
            base.0,
            revision.0,
            what,
        ));
    }
    for way in &new {
        if !old_named.iter().any(|before| before == way) && lost.is_empty() {
            let what = format!(
                "security: {} is enough now; it took {} before",
                describe(way),
                describe_all(&old)
            );
            found.push(Found::new(
                &rules::SECURITY_LOOSENED,
                base.0,
                revision.0,
                what,
            ));
        }
    }
    for (named, way) in old_named.iter().zip(&old) {
        let added = new.iter().any(|now| !old_named.contains(now));
        if lost.is_empty() && !added && !new.contains(named) {
            let what = format!(
                "security: {} removed; {} is enough as before",
                describe(way),
                describe_all(&new)
            );
            found.push(Found::new(
                &rules::SECURITY_LOOSENED,
                base.0,
                revision.0,
                what,
            ));
        }
    }
    schemes(specs, &old, &used, found);
}

fn ways(security: Option<&Node>) -> Vec<Way<'_>> {
    let listed: Vec<Way<'_>> = security
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .map(|way| {
            way.entries()
                .iter()
                .map(|(scheme, scopes)| {
                    (
                        &**scheme,
                        scopes.items().iter().filter_map(Node::text).collect(),
                    )
                })
                .collect()
        })
        .collect();
    // No way listed: nothing is asked for.
    if listed.is_empty() {
        vec![Way::new()]
    } else {
        listed
    }
}

/// A way with the names that its schemes have in the revision.
fn renamed<'a>(specs: (&Spec<'a>, &Spec<'a>), way: &Way<'a>, used: &BTreeSet<&'a str>) -> Way<'a> {
    way.iter()
        .map(|(scheme, scopes)| (counterpart(specs, scheme, used), scopes.clone()))
        .collect()
}

/// The name of a scheme among those that the revision uses: the same, or that of one which is
/// defined alike.
fn counterpart<'a>(
    (base, revision): (&Spec<'a>, &Spec<'a>),
    scheme: &'a str,
    used: &BTreeSet<&'a str>,
) -> &'a str {
    let defined = |spec: &Spec<'a>, name: &str| {
        let scheme = spec.component("securitySchemes", name)?;
        Some(essence(spec.resolve(scheme)))
    };
    if used.contains(scheme) {
        return scheme;
    }
    let old = defined(base, scheme);
    let alike = |name: &&&'a str| old.is_some() && defined(revision, name) == old;
    used.iter().find(alike).map_or(scheme, |name| name)
}

/// What of a scheme decides how a credential is sent.
fn essence(scheme: &Node) -> Value {
    const FIELDS: [&str; 5] = ["type", "in", "name", "scheme", "openIdConnectUrl"];
    let mut essence: Map<String, Value> = FIELDS
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), scheme.get(field)?.to_value())))
        .collect();
    for (kind, flow) in scheme.get("flows").map(Node::entries).unwrap_or_default() {
        for (field, value) in flow.entries() {
            let value = match &**field {
                // Their descriptions are words.
                "scopes" => value
                    .entries()
                    .iter()
                    .map(|(scope, _)| scope.to_string())
                    .collect(),
                _ => value.to_value(),
            };
            essence.insert(format!("{kind}.{field}"), value);
        }
    }
    essence.into()
}

fn describe(way: &Way<'_>) -> String {
    if way.is_empty() {
        return "no credential (anonymous)".to_owned();
    }
    let schemes: Vec<String> = way
        .iter()
        .map(|(scheme, scopes)| {
            let scopes: Vec<&str> = scopes.iter().copied().collect();
            match scopes.as_slice() {
                [] => format!("`{scheme}`"),
                scopes => format!("`{scheme}` with {}", scopes.join(", ")),
            }
        })
        .collect();
    schemes.join(" and ")
}

fn describe_all(ways: &[Way<'_>]) -> String {
    ways.iter().map(describe).collect::<Vec<_>>().join(", or ")
}

/// The definitions of the schemes that the base uses.
fn schemes<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    old: &[Way<'a>],
    used: &BTreeSet<&'a str>,
    found: &mut Vec<Found>,
) {
    let mut seen = BTreeSet::new();
    for (scheme, _) in old.iter().flatten() {
        if !seen.insert(*scheme) {
            continue;
        }
        let name = counterpart(specs, scheme, used);
        if !used.contains(name) {
            // That it is of no use any more is told above.
            continue;
        }
        let Some(before) = specs.0.component("securitySchemes", scheme) else {
            continue;
        };
        let Some(after) = specs.1.component("securitySchemes", name) else {
            let what = format!("definition of the security scheme `{scheme}` removed");
            let place = specs.1.root().get("components").unwrap_or(specs.1.root());
            let rule = &rules::SECURITY_SCHEME_CHANGED;
            found.push(Found::new(rule, before.id, place.id, what));
            continue;
        };
        let (before, after) = (specs.0.resolve(before), specs.1.resolve(after));
        scheme_changed(scheme, before, after, found);
    }
}

/// The fields of a security scheme.
const FIELDS: [&str; 8] = [
    "type",
    "description",
    "name",
    "in",
    "scheme",
    "bearerFormat",
    "flows",
    "openIdConnectUrl",
];

fn scheme_changed(scheme: &str, before: &Node, after: &Node, found: &mut Vec<Found>) {
    let sites = (before.id, after.id);
    for field in ["type", "in", "name", "scheme", "openIdConnectUrl"] {
        let (old, new) = (before.get(field), after.get(field));
        let ignores_case =
            field == "scheme" || (field == "name" && before.field("in") == Some("header"));
        let lower = |node: Option<&Node>| node.and_then(Node::text).map(str::to_ascii_lowercase);
        if ignores_case && lower(old) == lower(new) {
            continue;
        }
        let name = format!("{field} of the security scheme `{scheme}`");
        let rule = &rules::SECURITY_SCHEME_CHANGED;
        words::changed(&name, rule, (old, new), sites, found);
    }
    let name = format!("bearerFormat of the security scheme `{scheme}`");
    let formats = (before.get("bearerFormat"), after.get("bearerFormat"));
    words::changed(&name, &rules::DESCRIPTION_CHANGED, formats, sites, found);
    words::of_object(before, after, found);
    words::unknown_fields(before, after, &FIELDS, found);
    flows(scheme, before, after, found);
}

fn flows(scheme: &str, before: &Node, after: &Node, found: &mut Vec<Found>) {
    let all = |node: &Node, field: &str| -> Vec<(Box<str>, Node)> {
        node.get(field)
            .map(Node::entries)
            .unwrap_or_default()
            .to_vec()
    };
    for (kind, old) in all(before, "flows") {
        let Some(new) = after.get("flows").and_then(|flows| flows.get(&kind)) else {
            let what = format!("flow `{kind}` of the security scheme `{scheme}` removed");
            found.push(Found::new(
                &rules::OAUTH_FLOW_CHANGED,
                old.id,
                after.id,
                what,
            ));
            continue;
        };
        for field in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
            let name = format!("{field} of the flow `{kind}` of the security scheme `{scheme}`");
            let values = (old.get(field), new.get(field));
            let rule = match values {
                (None, Some(_)) => &rules::OAUTH_FLOW_ADDED,
                _ => &rules::OAUTH_FLOW_CHANGED,
            };
            words::changed(&name, rule, values, (old.id, new.id), found);
        }
        for (scope, description) in all(&old, "scopes") {
            match new.get("scopes").and_then(|scopes| scopes.get(&scope)) {
                None => {
                    let what = format!("scope `{scope}` of the security scheme `{scheme}` removed");
                    let rule = &rules::OAUTH_FLOW_CHANGED;
                    found.push(Found::new(rule, description.id, new.id, what));
                }
                Some(now) if *now != description => {
                    let what = format!(
                        "description of the scope `{scope}` of the security scheme `{scheme}` changed {}",
                        from_to(&description, now)
                    );
                    let rule = &rules::DESCRIPTION_CHANGED;
                    found.push(Found::new(rule, description.id, now.id, what));
                }
                Some(_) => {}
            }
        }
        for (scope, description) in all(new, "scopes") {
            if old
                .get("scopes")
                .and_then(|scopes| scopes.get(&scope))
                .is_none()
            {
                let what = format!("scope `{scope}` of the security scheme `{scheme}` added");
                let rule = &rules::OAUTH_FLOW_ADDED;
                found.push(Found::new(rule, old.id, description.id, what));
            }
        }
    }
    for (kind, new) in all(after, "flows") {
        if before
            .get("flows")
            .and_then(|flows| flows.get(&kind))
            .is_none()
        {
            let what = format!("flow `{kind}` of the security scheme `{scheme}` added");
            found.push(Found::new(
                &rules::OAUTH_FLOW_ADDED,
                before.id,
                new.id,
                what,
            ));
        }
    }
}
