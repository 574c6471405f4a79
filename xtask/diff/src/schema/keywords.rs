//! The keywords of a schema that speak of one value: type, format, enum, pattern, default. Its limits are in
//! `limits`.

use std::collections::BTreeSet;

use xtask_spec::{Node, fields};

use super::effective::Effective;
use super::sides::Sides;
use super::site::Direction;
use crate::excerpt::{excerpt, from_to, list, show};
use crate::paired::{Paired, paired};
use crate::rules;

/// How the types of two schemas stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// Both say something about values of a type they share.
    Shared,
    /// One of them takes values of any type, or what was a number as text.
    Open,
    /// There is nothing further to compare.
    Apart,
}

pub(super) fn types(sides: &mut Sides<'_, '_, '_>) -> Types {
    let (base, revision) = sides.both(Effective::types);
    if base == revision {
        return Types::Shared;
    }
    // Whatever the client writes into a URL is a string.
    let as_text = |from: &BTreeSet<&str>, to: &BTreeSet<&str>| {
        sides.direction == Direction::Parameter && is_text(to) && is_single(from)
    };
    let (rule, types) = match (&base, &revision) {
        (Some(old), Some(new)) if within(new, old) => (&rules::TYPE_NARROWED, Types::Shared),
        (Some(old), Some(new)) if within(old, new) => (&rules::TYPE_WIDENED, Types::Shared),
        (Some(old), Some(new)) if as_text(old, new) => (&rules::TYPE_WIDENED, Types::Open),
        (Some(old), Some(new)) if as_text(new, old) => (&rules::TYPE_CHANGED, Types::Open),
        (None, _) => (&rules::TYPE_NARROWED, Types::Open),
        (_, None) => (&rules::TYPE_WIDENED, Types::Open),
        _ => (&rules::TYPE_CHANGED, Types::Apart),
    };
    let (old, new) = (describe(base.as_ref()), describe(revision.as_ref()));
    let what = format!("type changed from {old} to {new}");
    sides.note(rule, sides.first("type"), what);
    types
}

pub(super) fn null(sides: &mut Sides<'_, '_, '_>) {
    let places = sides.first("nullable");
    match sides.both(Effective::allows_null) {
        (false, true) => {
            let what = "may be null now (became nullable)";
            sides.note(&rules::NULL_ALLOWED, places, what);
        }
        (true, false) => {
            let what = "may not be null any more (no longer nullable)";
            sides.note(&rules::NULL_REFUSED, places, what);
        }
        _ => {}
    }
}

pub(super) fn format(sides: &mut Sides<'_, '_, '_>) {
    let (base, revision) = sides.both(|it| texts(it, "format"));
    if base == revision {
        return;
    }
    let has_bytes = |formats: &BTreeSet<&str>| formats.iter().any(|it| is_bytes(it));
    let rule = if base.is_subset(&revision) && !has_bytes(&revision) {
        &rules::FORMAT_NARROWED
    } else if revision.is_subset(&base) && !has_bytes(&base) {
        &rules::FORMAT_WIDENED
    } else if format_contains(&base, &revision) {
        &rules::FORMAT_NARROWED
    } else if format_contains(&revision, &base) {
        &rules::FORMAT_WIDENED
    } else {
        &rules::FORMAT_CHANGED
    };
    let (old, new) = (quoted(&base), quoted(&revision));
    let what = match (base.is_empty(), revision.is_empty()) {
        (true, _) => format!("format {new} added"),
        (_, true) => format!("format {old} removed"),
        _ => format!("format changed from {old} to {new}"),
    };
    sides.note(rule, sides.first("format"), what);
    // A format also says which type of a program holds the value, whatever bounds it has besides.
    let is_other_width = format_contains(&base, &revision) || format_contains(&revision, &base);
    if let Some(finding) = sides.findings.last_mut() {
        finding.stands = is_other_width;
    }
}

pub(super) fn values(sides: &mut Sides<'_, '_, '_>) {
    match sides.both(Effective::values) {
        (None, None) => {}
        (None, Some((node, values))) => {
            let what = format!("restricted to an enum of {}", list(values));
            sides.note(&rules::ENUM_ADDED, (None, Some(node)), what);
        }
        (Some((node, values)), None) => {
            let what = format!("enum of {} removed: any value may stand here", list(values));
            sides.note(&rules::ENUM_DROPPED, (Some(node), None), what);
        }
        (Some((old, before)), Some((new, after))) => {
            let without = |these: &[&Node], others: &[&Node]| {
                let these = these.iter().copied();
                let left = these.filter(|value| !others.contains(value));
                (left.clone().count() > 0).then(|| list(left))
            };
            let places = (Some(old), Some(new));
            if let Some(removed) = without(&before, &after) {
                let what = format!("enum value {removed} removed");
                sides.note(&rules::ENUM_VALUE_REMOVED, places, what);
            }
            if let Some(added) = without(&after, &before) {
                let what = format!("enum value {added} added");
                sides.note(&rules::ENUM_VALUE_ADDED, places, what);
            }
        }
    }
}

pub(super) fn pattern(sides: &mut Sides<'_, '_, '_>) {
    let (base, revision) = sides.both(|it| texts(it, "pattern"));
    if base == revision {
        return;
    }
    let (rule, what) = if base.is_subset(&revision) {
        let new = quoted(revision.difference(&base));
        (&rules::PATTERN_ADDED, format!("pattern {new} added"))
    } else if revision.is_subset(&base) {
        let old = quoted(base.difference(&revision));
        (&rules::PATTERN_REMOVED, format!("pattern {old} removed"))
    } else {
        let (old, new) = (quoted(&base), quoted(&revision));
        let change = format!("pattern changed from {old} to {new}");
        let what = format!("{change}; they cannot be shown to be compatible");
        (&rules::PATTERN_CHANGED, what)
    };
    sides.note(rule, sides.first("pattern"), what);
}

pub(super) fn default(sides: &mut Sides<'_, '_, '_>) {
    let places = sides.first("default");
    let (rule, what) = match places {
        (None, Some(new)) => (
            &rules::DEFAULT_ADDED,
            format!("default {} added", show(new)),
        ),
        (Some(old), None) => (
            &rules::DEFAULT_CHANGED,
            format!("default {} removed", show(old)),
        ),
        (Some(old), Some(new)) if old != new => (
            &rules::DEFAULT_CHANGED,
            format!("default changed {}", from_to(old, new)),
        ),
        _ => return,
    };
    sides.note_plain(sides.direction.rule(rule), places, what);
}

/// Keywords that OpenAPI 3.0 doesn't have, or not with their values, may mean anything.
pub(super) fn unknown(sides: &mut Sides<'_, '_, '_>) {
    let (base, revision) = sides.both(unknown_keywords);
    for pair in paired(base, revision, |keyword| *keyword) {
        let (Paired::Removed(keyword) | Paired::Added(keyword) | Paired::Both(keyword, _)) = pair;
        let (old, new) = sides.both(|it| it.all(keyword).collect::<Vec<_>>());
        if old == new {
            continue;
        }
        let places = (old.last().copied(), new.last().copied());
        let change = match places {
            (None, _) => "added".to_owned(),
            (_, None) => "removed".to_owned(),
            (Some(old), Some(new)) => format!("changed {}", from_to(old, new)),
        };
        let named = match fields::SCHEMA.field(keyword) {
            None => format!("the unknown keyword `{keyword}`"),
            Some(_) => {
                format!("the keyword `{keyword}`, in a form that OpenAPI 3.0 doesn't have,")
            }
        };
        let what = format!("{named} was {change}; this cannot be shown to be compatible");
        sides.note(&rules::KEYWORD_CHANGED, places, what);
    }
}

fn unknown_keywords<'a>(effective: &Effective<'a>) -> BTreeSet<&'a str> {
    let keywords = effective.parts.iter().flat_map(|part| part.entries());
    let is_known = |keyword: &str, value: &Node| {
        let shape = fields::SCHEMA.field(keyword);
        fields::is_words(keyword)
            || matches!(keyword, "title" | "xml" | "$ref")
            || shape.is_some_and(|shape| shape.admits(value))
    };
    keywords
        .filter(|(keyword, value)| !is_known(keyword, value))
        .map(|(keyword, _)| &**keyword)
        .collect()
}

fn describe(types: Option<&BTreeSet<&str>>) -> String {
    match types {
        None => "any".to_owned(),
        Some(types) if types.is_empty() => "none".to_owned(),
        Some(types) => {
            let quoted: Vec<String> = types.iter().map(|it| format!("`{it}`")).collect();
            quoted.join(" or ")
        }
    }
}

fn is_single(types: &BTreeSet<&str>) -> bool {
    !types.contains("array") && !types.contains("object")
}

fn is_text(types: &BTreeSet<&str>) -> bool {
    types.len() == 1 && types.contains("string")
}

fn within(inner: &BTreeSet<&str>, outer: &BTreeSet<&str>) -> bool {
    inner
        .iter()
        .all(|kind| outer.contains(kind) || (*kind == "integer" && outer.contains("number")))
}

/// The values of a keyword in all parts, each of which a value must fit.
fn texts<'a>(effective: &Effective<'a>, keyword: &str) -> BTreeSet<&'a str> {
    effective.all(keyword).filter_map(Node::text).collect()
}

fn quoted<'t>(texts: impl IntoIterator<Item = &'t &'t str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|it| excerpt(it)).collect();
    quoted.join(" and ")
}

/// Bytes are written in another way than text is.
fn is_bytes(format: &str) -> bool {
    matches!(format, "binary" | "byte")
}

/// Whether every value of the one format of some is one of the one of others.
fn format_contains(outer: &BTreeSet<&str>, inner: &BTreeSet<&str>) -> bool {
    let mut both = outer.iter().zip(inner);
    outer.len() == 1
        && inner.len() == 1
        && both.all(|(outer, inner)| {
            matches!(
                (*outer, *inner),
                ("int64" | "float", "int32") | ("double", "float" | "int32")
            )
        })
}
