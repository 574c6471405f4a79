//! The definition of a security scheme.

use std::collections::BTreeMap;

use xtask_spec::{Node, fields};

use crate::context::{Context, Nodes, ids, values};
use crate::excerpt::from_to;
use crate::paired::{Paired, paired};
use crate::rules;

/// The fields that decide how a credential is sent.
const ESSENCE: [&str; 5] = ["type", "in", "name", "scheme", "openIdConnectUrl"];

/// The parts of a scheme that decide how a credential is obtained and sent.
pub(super) fn essence(scheme: &Node) -> BTreeMap<String, String> {
    let own = ESSENCE.iter();
    let own = own.filter_map(|field| Some(((*field).to_owned(), scheme.get(field)?.to_string())));
    let mut essence: BTreeMap<String, String> = own.collect();
    for (kind, flow) in scheme.map("flows") {
        for (field, value) in flow
            .entries()
            .iter()
            .filter(|(field, _)| **field != *"scopes")
        {
            essence.insert(format!("{kind}.{field}"), value.to_string());
        }
        // Their descriptions are words.
        for (scope, _) in flow.map("scopes") {
            essence.insert(format!("{kind}.scopes.{scope}"), String::new());
        }
    }
    essence
}

/// Compares the definitions of a scheme that the base uses by one name and the revision by another.
pub(super) fn compare(context: &mut Context<'_, '_>, (name, new_name): (&str, &str)) {
    const SECTION: &str = "securitySchemes";
    let (base, revision) = context.specs;
    let Some(before) = base.component(SECTION, name) else {
        return;
    };
    let label = format!("security scheme `{name}`");
    let Some(after) = revision.component(SECTION, new_name) else {
        let place = revision.root().get("components").unwrap_or(revision.root());
        let sites = (before.id, place.id);
        let what = format!("definition of the {label} removed");
        return context.note(&rules::SECURITY_SCHEME_CHANGED, sites, what);
    };
    let nodes = context.resolve((before, after));
    for field in ESSENCE {
        let (old, new) = values(nodes, field);
        let ignores_case =
            field == "scheme" || (field == "name" && nodes.0.field("in") == Some("header"));
        let lower = |node: Option<&Node>| node.and_then(Node::text).map(str::to_ascii_lowercase);
        if !ignores_case || lower(old) != lower(new) {
            let what = format!("{field} of the {label}");
            let rule = &rules::SECURITY_SCHEME_CHANGED;
            context.changed(&what, rule, (old, new), ids(nodes));
        }
    }
    let (what, values) = (
        format!("bearerFormat of the {label}"),
        values(nodes, "bearerFormat"),
    );
    context.changed(&what, &rules::DESCRIPTION_CHANGED, values, ids(nodes));
    context.words(nodes);
    context.unknown_fields(&fields::SECURITY_SCHEME, nodes);
    let (old, new) = (nodes.0.map("flows"), nodes.1.map("flows"));
    for pair in paired(old, new, |(kind, _)| kind) {
        match pair {
            Paired::Removed((kind, old)) => {
                let what = format!("flow `{kind}` of the {label} removed");
                context.note(&rules::OAUTH_FLOW_CHANGED, (old.id, nodes.1.id), what);
            }
            Paired::Added((kind, new)) => {
                let what = format!("flow `{kind}` of the {label} added");
                context.note(&rules::OAUTH_FLOW_ADDED, (nodes.0.id, new.id), what);
            }
            Paired::Both((kind, old), (_, new)) => flow(context, kind, &label, (old, new)),
        }
    }
}

fn flow(context: &mut Context<'_, '_>, kind: &str, label: &str, (old, new): Nodes<'_>) {
    for field in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
        let values = values((old, new), field);
        let rule = match values {
            (None, Some(_)) => &rules::OAUTH_FLOW_ADDED,
            _ => &rules::OAUTH_FLOW_CHANGED,
        };
        let what = format!("{field} of the flow `{kind}` of the {label}");
        context.changed(&what, rule, values, (old.id, new.id));
    }
    for pair in paired(old.map("scopes"), new.map("scopes"), |(scope, _)| scope) {
        match pair {
            Paired::Removed((scope, words)) => {
                let what = format!("scope `{scope}` of the {label} removed");
                context.note(&rules::OAUTH_FLOW_CHANGED, (words.id, new.id), what);
            }
            Paired::Added((scope, words)) => {
                let what = format!("scope `{scope}` of the {label} added");
                context.note(&rules::OAUTH_FLOW_ADDED, (old.id, words.id), what);
            }
            Paired::Both((scope, was), (_, is)) if was != is => {
                let change = from_to(was, is);
                let what =
                    format!("description of the scope `{scope}` of the {label} changed {change}");
                context.note(&rules::DESCRIPTION_CHANGED, (was.id, is.id), what);
            }
            Paired::Both(..) => {}
        }
    }
}
