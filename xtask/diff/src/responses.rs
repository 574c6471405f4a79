//! The responses of an operation by status, and their headers.

use super::content::Content;
use super::found::{Direction, Found};
use super::parameters::{VALUE_FIELDS, is_single, label, schema};
use super::rules::{self, Rule};
use super::schemas::{Schemas, Site};
use super::spec::Spec;
use super::words;
use xtask_spec::node::Node;

type Responses<'a> = [(String, &'a Node)];

pub(super) fn compare<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    number: usize,
    base: &'a Node,
    revision: &'a Node,
    schemas: &mut Schemas<'a>,
    found: &mut Vec<Found>,
) {
    let (old, new) = (all(base), all(revision));
    let mut pairs = Vec::new();
    for (status, before) in &old {
        if let Some((cover, after)) = covering(&new, status) {
            if cover != status && !widened(status, cover, &old) {
                let what = format!("response `{status}` removed; `{cover}` covers it");
                let rule = &rules::RESPONSE_STATUS_MERGED;
                found.push(Found::new(rule, before.id, after.id, what));
            }
            pairs.push((status, *before, after));
        } else {
            found.push(removed(status, before, &new, revision));
        }
    }
    for (status, after) in &new {
        if old.iter().any(|(other, _)| other == status) {
            continue;
        }
        if let Some((cover, before)) = covering(&old, status) {
            if !widened(status, cover, &new) {
                let what = format!("response `{status}` added, which was `{cover}` before");
                let rule = &rules::RESPONSE_STATUS_SPLIT;
                found.push(Found::new(rule, before.id, after.id, what));
            }
            pairs.push((status, before, after));
        } else {
            found.push(added(status, after, &old, base));
        }
    }
    for (status, before, after) in pairs {
        Response {
            specs,
            number,
            status,
        }
        .compare(
            (specs.0.resolve(before), specs.1.resolve(after)),
            schemas,
            found,
        );
    }
}

/// Whether a success status and its range stand for each other: the range isn't there besides, and
/// is told as what has changed.
fn widened(status: &str, cover: &str, others: &Responses<'_>) -> bool {
    kind(status) == Kind::Success
        && is_within(status, cover)
        && !others.iter().any(|(other, _)| other == cover)
}

fn removed(status: &str, before: &Node, new: &Responses<'_>, revision: &Node) -> Found {
    let narrower = new.iter().find(|(other, _)| is_within(other, status));
    if let (Kind::Success, Some((narrower, after))) = (kind(status), narrower) {
        let what = format!("response `{status}` narrowed to `{narrower}`");
        return Found::new(&rules::RESPONSE_STATUS_NARROWED, before.id, after.id, what);
    }
    let rule = match kind(status) {
        Kind::Success if new.iter().any(|(other, _)| other.starts_with('2')) => {
            &rules::RESPONSE_STATUS_NARROWED
        }
        Kind::Success => &rules::RESPONSE_SUCCESS_REMOVED,
        Kind::Error => &rules::RESPONSE_ERROR_REMOVED,
        Kind::Default => &rules::RESPONSE_DEFAULT_REMOVED,
    };
    let what = format!("response `{status}` removed");
    Found::new(rule, before.id, revision.id, what)
}

fn added(status: &str, after: &Node, old: &Responses<'_>, base: &Node) -> Found {
    let what = format!("response `{status}` added");
    let (rule, place) = match kind(status) {
        Kind::Default => (&rules::RESPONSE_DEFAULT_ADDED, base),
        Kind::Error => (&rules::RESPONSE_ERROR_ADDED, base),
        Kind::Success => {
            // Of a range, what was there of it before.
            let narrower = old.iter().find(|(other, _)| is_within(other, status));
            (
                &rules::RESPONSE_SUCCESS_ADDED,
                narrower.map_or(base, |it| it.1),
            )
        }
    };
    Found::new(rule, place.id, after.id, what)
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

/// The responses as they are listed: a change of the list is there, not in what it refers to.
fn all(operation: &Node) -> Vec<(String, &Node)> {
    operation
        .get("responses")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .filter(|(status, _)| !status.starts_with("x-"))
        .map(|(status, response)| {
            (
                status.to_uppercase().replace("DEFAULT", "default"),
                response,
            )
        })
        .collect()
}

/// The response that describes a status: of its own, of its range, or the default.
fn covering<'r, 'a>(
    responses: &'r [(String, &'a Node)],
    status: &str,
) -> Option<(&'r str, &'a Node)> {
    let range = status.get(..1).map(|first| format!("{first}XX"));
    [Some(status.to_owned()), range, Some("default".to_owned())]
        .into_iter()
        .flatten()
        .find_map(|wanted| {
            let (status, response) = responses.iter().find(|(status, _)| *status == wanted)?;
            Some((status.as_str(), *response))
        })
}

/// How the value of a header is written: whether its parts are spread, if it has any, or its media type.
fn written<'a>(spec: &Spec<'a>, header: &'a Node) -> (bool, Option<&'a str>) {
    let media_type = header.get("content").and_then(|it| it.entries().first());
    let schemas: Vec<&Node> = header.get("schema").into_iter().collect();
    (
        header.flag("explode") && !is_single(spec, &schemas),
        media_type.map(|(name, _)| &**name),
    )
}

/// The fields of a response.
const FIELDS: [&str; 4] = ["description", "headers", "content", "links"];

/// One response.
struct Response<'s, 'a> {
    specs: (&'s Spec<'a>, &'s Spec<'a>),
    number: usize,
    status: &'s str,
}

impl<'a> Response<'_, 'a> {
    fn compare(
        &self,
        (old, new): (&'a Node, &'a Node),
        schemas: &mut Schemas<'a>,
        found: &mut Vec<Found>,
    ) {
        let name = format!("response `{}`", self.status);
        let first = found.len();
        words::of_object(old, new, found);
        words::unknown_fields(old, new, &FIELDS, found);
        words::named(
            self.specs,
            ("links", "link", &rules::LINKS_CHANGED),
            old,
            new,
            found,
        );
        self.headers((old, new), schemas, found);
        label(found, first, &name);
        Content {
            specs: self.specs,
            number: self.number,
            direction: Direction::Response,
            name: &name,
        }
        .compare((old, new), schemas, found);
    }

    fn headers(
        &self,
        (old, new): (&'a Node, &'a Node),
        schemas: &mut Schemas<'a>,
        found: &mut Vec<Found>,
    ) {
        let all = |node: &'a Node| -> Vec<(&'a str, &'a Node)> {
            let headers = node.get("headers").map(Node::entries).unwrap_or_default();
            headers
                .iter()
                // OpenAPI has another field for it, and says that a header of the name doesn't count.
                .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
                .map(|(name, header)| (&**name, header))
                .collect()
        };
        let (before, after) = (all(old), all(new));
        let named = |headers: &[(&'a str, &'a Node)], name: &str| {
            let mut headers = headers.iter();
            headers
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|it| it.1)
        };
        for (name, listed) in &before {
            let header = self.specs.0.resolve(listed);
            let Some(now) = named(&after, name).map(|it| self.specs.1.resolve(it)) else {
                let rule: &'static Rule = if header.flag("required") {
                    &rules::RESPONSE_HEADER_REMOVED
                } else {
                    &rules::RESPONSE_OPTIONAL_HEADER_REMOVED
                };
                let what = format!("header `{name}` removed");
                found.push(Found::new(rule, listed.id, new.id, what));
                continue;
            };
            let required = match (header.flag("required"), now.flag("required")) {
                (true, false) => Some((&rules::RESPONSE_HEADER_BECAME_OPTIONAL, "became optional")),
                (false, true) => Some((&rules::RESPONSE_HEADER_BECAME_REQUIRED, "became required")),
                _ => None,
            };
            let change = required.map(|(rule, change)| {
                Found::new(rule, header.id, now.id, format!("header `{name}` {change}"))
            });
            found.extend(change);
            if written(self.specs.0, header) != written(self.specs.1, now) {
                let what = format!("header `{name}`: serialization changed (explode or content)");
                let rule = &rules::RESPONSE_HEADER_SERIALIZATION_CHANGED;
                found.push(Found::new(rule, header.id, now.id, what));
            }
            if header.flag("deprecated") != now.flag("deprecated") {
                let change = if now.flag("deprecated") {
                    "deprecated"
                } else {
                    "no longer deprecated"
                };
                let what = format!("header `{name}` {change}");
                let rule = &rules::RESPONSE_HEADER_DEPRECATED;
                found.push(Found::new(rule, header.id, now.id, what));
            }
            let first = found.len();
            words::of_object(header, now, found);
            words::examples(self.specs, header, now, found);
            words::unknown_fields(header, now, &VALUE_FIELDS, found);
            label(found, first, &format!("header `{name}`"));
            schemas.root(
                self.specs,
                Some(self.number),
                (
                    Direction::Response,
                    &format!("header `{name}` of response `{}`", self.status),
                ),
                Site::of(schema(self.specs.0, header), header.id),
                Site::of(schema(self.specs.1, now), now.id),
            );
        }
        for (name, header) in &after {
            if named(&before, name).is_none() {
                let what = format!("header `{name}` added");
                found.push(Found::new(
                    &rules::RESPONSE_HEADER_ADDED,
                    old.id,
                    header.id,
                    what,
                ));
            }
        }
    }
}
