//! The responses of an operation by status.

use xtask_spec::{Node, fields};

use super::{content, headers};
use crate::context::{Context, Nodes};
use crate::finding::Finding;
use crate::rules;
use crate::schema::{Direction, Roots};

/// Responses as they are listed: a change of the list is there, not in what it refers to.
type Responses<'a> = [(String, &'a Node)];

pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    (base, revision): Nodes<'a>,
) {
    let (old, new) = (all(base), all(revision));
    let mut pairs = Vec::new();
    for (status, before) in &old {
        let Some((cover, after)) = covering(&new, status) else {
            context
                .findings
                .push(removed(status, before, &new, revision));
            continue;
        };
        if cover != status && !widened(status, cover, &old) {
            let what = format!("response `{status}` removed; `{cover}` covers it");
            context.note(&rules::RESPONSE_STATUS_MERGED, (before.id, after.id), what);
        }
        pairs.push((status, *before, after));
    }
    let is_new = |(status, _): &&(String, &Node)| !old.iter().any(|(other, _)| other == status);
    for (status, after) in new.iter().filter(is_new) {
        let Some((cover, before)) = covering(&old, status) else {
            context.findings.push(added(status, after, &old, base));
            continue;
        };
        if !widened(status, cover, &new) {
            let what = format!("response `{status}` added, which was `{cover}` before");
            context.note(&rules::RESPONSE_STATUS_SPLIT, (before.id, after.id), what);
        }
        pairs.push((status, before, after));
    }
    for (status, before, after) in pairs {
        let nodes = context.resolve((before, after));
        let name = format!("response `{status}`");
        context.within(&name, |context| {
            context.words(nodes);
            context.unknown_fields(&fields::RESPONSE, nodes);
            context.members("links", "link", &rules::LINKS_CHANGED, nodes);
            headers::compare(context, roots, status, nodes);
        });
        let is_error = kind(status) != Kind::Success;
        content::compare(context, roots, Direction::Response, &name, is_error, nodes);
    }
}

/// Whether a success status and its range stand for each other: the range isn't there besides, and
/// is reported as the change.
fn widened(status: &str, cover: &str, others: &Responses<'_>) -> bool {
    kind(status) == Kind::Success
        && is_within(status, cover)
        && !others.iter().any(|(other, _)| other == cover)
}

fn removed(status: &str, before: &Node, new: &Responses<'_>, revision: &Node) -> Finding {
    let narrower = new.iter().find(|(other, _)| is_within(other, status));
    if let (Kind::Success, Some((narrower, after))) = (kind(status), narrower) {
        let what = format!("response `{status}` narrowed to `{narrower}`");
        let sites = (before.id, after.id);
        return Finding::new(&rules::RESPONSE_STATUS_NARROWED, sites, what);
    }
    let rule = match kind(status) {
        Kind::Success if new.iter().any(|(other, _)| other.starts_with('2')) => {
            &rules::RESPONSE_STATUS_NARROWED
        }
        Kind::Success => &rules::RESPONSE_SUCCESS_REMOVED,
        Kind::Error => &rules::RESPONSE_ERROR_REMOVED,
        Kind::Default => &rules::RESPONSE_DEFAULT_REMOVED,
    };
    let sites = (before.id, revision.id);
    Finding::new(rule, sites, format!("response `{status}` removed"))
}

fn added(status: &str, after: &Node, old: &Responses<'_>, base: &Node) -> Finding {
    let (rule, place) = match kind(status) {
        Kind::Default => (&rules::RESPONSE_DEFAULT_ADDED, base),
        Kind::Error => (&rules::RESPONSE_ERROR_ADDED, base),
        Kind::Success => {
            // Of a range, what was there of it before.
            let narrower = old.iter().find(|(other, _)| is_within(other, status));
            let place = narrower.map_or(base, |it| it.1);
            (&rules::RESPONSE_SUCCESS_ADDED, place)
        }
    };
    let sites = (place.id, after.id);
    Finding::new(rule, sites, format!("response `{status}` added"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Success,
    Error,
    Default,
}

fn kind(status: &str) -> Kind {
    match status.as_bytes().first() {
        Some(b'4' | b'5') => Kind::Error,
        Some(b'1'..=b'3') => Kind::Success,
        _ => Kind::Default,
    }
}

/// Whether a status is one of a range such as `2XX`.
fn is_within(status: &str, range: &str) -> bool {
    range.len() == 3
        && range.ends_with("XX")
        && status != range
        && status.get(..1) == range.get(..1)
}

fn all(operation: &Node) -> Vec<(String, &Node)> {
    let responses = operation.map("responses").iter();
    let responses = responses.filter(|(status, _)| !fields::is_extension(status));
    let upper = |status: &str| status.to_uppercase().replace("DEFAULT", "default");
    responses
        .map(|(status, response)| (upper(status), response))
        .collect()
}

/// The response that describes a status: of its own, of its range, or the default. Beside a success that
/// is described by itself, the default is for errors.
fn covering<'r, 'a>(responses: &'r Responses<'a>, status: &str) -> Option<(&'r str, &'a Node)> {
    let range = status.get(..1).map(|first| format!("{first}XX"));
    let has_success = responses.iter().any(|(other, _)| other.starts_with('2'));
    let default = (kind(status) != Kind::Success || !has_success).then_some("default");
    let wanted = [Some(status), range.as_deref(), default];
    wanted.into_iter().flatten().find_map(|wanted| {
        let (status, response) = responses.iter().find(|(status, _)| status == wanted)?;
        Some((status.as_str(), *response))
    })
}
