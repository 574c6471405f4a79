//! The keywords of a schema that speak of one value: type, format, enum, pattern, default. Its limits are in
//! `limits`.

use std::collections::BTreeSet;

use super::effective::Effective;
use super::found::{Direction, Found, excerpt, from_to, list, show};
use super::rules::{self, Rule, SchemaRule};
use xtask_spec::node::{Data, Node};

/// What the schemas of one value say in the base and in the revision.
pub(super) struct Sides<'s, 'a> {
    pub(super) direction: Direction,
    pub(super) base: &'s Effective<'a>,
    pub(super) revision: &'s Effective<'a>,
    /// Where the schemas stand, for what has no place of its own.
    pub(super) base_site: u32,
    pub(super) revision_site: u32,
    pub(super) found: &'s mut Vec<Found>,
}

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

impl<'a> Sides<'_, 'a> {
    /// Notes a change of a schema at the places of its keywords, where they are there.
    pub(super) fn note(
        &mut self,
        rule: &'static SchemaRule,
        base: Option<&Node>,
        revision: Option<&Node>,
        what: impl Into<String>,
    ) {
        self.note_plain(self.direction.rule(rule), base, revision, what);
    }

    pub(super) fn note_plain(
        &mut self,
        rule: &'static Rule,
        base: Option<&Node>,
        revision: Option<&Node>,
        what: impl Into<String>,
    ) {
        self.found.push(Found::new(
            rule,
            base.map_or(self.base_site, |node| node.id),
            revision.map_or(self.revision_site, |node| node.id),
            what,
        ));
    }

    pub(super) fn types(&mut self) -> Types {
        let (base, revision) = (self.base.types(), self.revision.types());
        if base == revision {
            return Types::Shared;
        }
        let places = (self.base.first("type"), self.revision.first("type"));
        let what = format!(
            "type changed from {} to {}",
            describe(base.as_ref()),
            describe(revision.as_ref())
        );
        let rule = match (&base, &revision) {
            (Some(base), Some(revision)) if within(revision, base) => &rules::TYPE_NARROWED,
            (Some(base), Some(revision)) if within(base, revision) => &rules::TYPE_WIDENED,
            // Whatever the client writes into a URL is a string.
            (_, Some(revision))
                if self.direction == Direction::Parameter
                    && is_text(revision)
                    && base.as_ref().is_some_and(is_single) =>
            {
                &rules::TYPE_WIDENED
            }
            (None, _) => &rules::TYPE_NARROWED,
            (_, None) => &rules::TYPE_WIDENED,
            _ => &rules::TYPE_CHANGED,
        };
        self.note(rule, places.0, places.1, what);
        match (base, revision) {
            (Some(base), Some(revision))
                if within(&base, &revision) || within(&revision, &base) =>
            {
                Types::Shared
            }
            (Some(base), Some(revision)) => {
                // In a URL, what one side takes for a number is text to the other.
                let as_text = self.direction == Direction::Parameter
                    && (is_text(&base) || is_text(&revision))
                    && (is_single(&base) && is_single(&revision));
                if as_text { Types::Open } else { Types::Apart }
            }
            _ => Types::Open,
        }
    }

    pub(super) fn null(&mut self) {
        let (base, revision) = (self.base.allows_null(), self.revision.allows_null());
        let places = (self.base.first("nullable"), self.revision.first("nullable"));
        if !base && revision {
            let what = "may be null now (became nullable)";
            self.note(&rules::NULL_ALLOWED, places.0, places.1, what);
        } else if base && !revision {
            let what = "may not be null any more (no longer nullable)";
            self.note(&rules::NULL_REFUSED, places.0, places.1, what);
        }
    }

    pub(super) fn format(&mut self) {
        let places = (self.base.first("format"), self.revision.first("format"));
        let (base, revision) = (texts(self.base, "format"), texts(self.revision, "format"));
        if base == revision {
            return;
        }
        let (old, new) = (only(&base), only(&revision));
        let rule = if base.is_subset(&revision) && !revision.iter().any(|it| is_bytes(it)) {
            &rules::FORMAT_NARROWED
        } else if revision.is_subset(&base) && !base.iter().any(|it| is_bytes(it)) {
            &rules::FORMAT_WIDENED
        } else if format_contains(old, new) {
            &rules::FORMAT_NARROWED
        } else if format_contains(new, old) {
            &rules::FORMAT_WIDENED
        } else {
            &rules::FORMAT_CHANGED
        };
        let what = match (base.is_empty(), revision.is_empty()) {
            (true, _) => format!("format {} added", quoted(&revision)),
            (_, true) => format!("format {} removed", quoted(&base)),
            _ => format!(
                "format changed from {} to {}",
                quoted(&base),
                quoted(&revision)
            ),
        };
        self.note(rule, places.0, places.1, what);
    }

    pub(super) fn values(&mut self) {
        match (self.base.values(), self.revision.values()) {
            (None, None) => {}
            (None, Some((node, values))) => {
                let what = format!("restricted to an enum of {}", list(values));
                self.note(&rules::ENUM_ADDED, None, Some(node), what);
            }
            (Some((node, values)), None) => {
                let what = format!("enum of {} removed: any value may stand here", list(values));
                self.note(&rules::ENUM_DROPPED, Some(node), None, what);
            }
            (Some((old, before)), Some((new, after))) => {
                let without = |these: &[&'a Node], others: &[&'a Node]| -> Vec<&'a Node> {
                    let mut these = these.to_vec();
                    these.retain(|value| !others.contains(value));
                    these
                };
                let removed = without(&before, &after);
                let added = without(&after, &before);
                if !removed.is_empty() {
                    let what = format!("enum value {} removed", list(removed));
                    self.note(&rules::ENUM_VALUE_REMOVED, Some(old), Some(new), what);
                }
                if !added.is_empty() {
                    let what = format!("enum value {} added", list(added));
                    self.note(&rules::ENUM_VALUE_ADDED, Some(old), Some(new), what);
                }
            }
        }
    }

    pub(super) fn pattern(&mut self) {
        let (base, revision) = (texts(self.base, "pattern"), texts(self.revision, "pattern"));
        if base == revision {
            return;
        }
        let places = (self.base.first("pattern"), self.revision.first("pattern"));
        let (rule, what) = if base.is_subset(&revision) {
            let new: BTreeSet<_> = revision.difference(&base).copied().collect();
            (
                &rules::PATTERN_ADDED,
                format!("pattern {} added", quoted(&new)),
            )
        } else if revision.is_subset(&base) {
            let old: BTreeSet<_> = base.difference(&revision).copied().collect();
            (
                &rules::PATTERN_REMOVED,
                format!("pattern {} removed", quoted(&old)),
            )
        } else {
            let (old, new) = (quoted(&base), quoted(&revision));
            (
                &rules::PATTERN_CHANGED,
                format!(
                    "pattern changed from {old} to {new}; they cannot be shown to be compatible"
                ),
            )
        };
        self.note(rule, places.0, places.1, what);
    }

    pub(super) fn default(&mut self) {
        let (base, revision) = (self.base.first("default"), self.revision.first("default"));
        match (base, revision) {
            (None, Some(new)) => {
                let what = format!("default {} added", show(new));
                self.note(&rules::DEFAULT_ADDED, None, revision, what);
            }
            (Some(old), None) => {
                let what = format!("default {} removed", show(old));
                self.note(&rules::DEFAULT_CHANGED, base, None, what);
            }
            (Some(old), Some(new)) if old != new => {
                let what = format!("default changed {}", from_to(old, new));
                self.note(&rules::DEFAULT_CHANGED, base, revision, what);
            }
            _ => {}
        }
    }

    /// What is in no version of OpenAPI 3.0 may mean anything.
    pub(super) fn unknown(&mut self) {
        for keyword in unknown_keywords(self.base).union(&unknown_keywords(self.revision)) {
            let all = |effective: &Effective<'a>| effective.all(keyword).collect::<Vec<_>>();
            let (old, new) = (all(self.base), all(self.revision));
            if old == new {
                continue;
            }
            let (base, revision) = (old.last().copied(), new.last().copied());
            let change = match (base, revision) {
                (None, _) => "added".to_owned(),
                (_, None) => "removed".to_owned(),
                (Some(old), Some(new)) => format!("changed {}", from_to(old, new)),
            };
            let named = match base.or(revision).and_then(|it| fits(keyword, it)) {
                None => format!("the unknown keyword `{keyword}`"),
                Some(_) => {
                    format!("the keyword `{keyword}`, in a form that OpenAPI 3.0 doesn't have,")
                }
            };
            let what = format!("{named} was {change}; this cannot be shown to be compatible");
            self.note(&rules::KEYWORD_CHANGED, base, revision, what);
        }
    }
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

fn only<'a>(texts: &BTreeSet<&'a str>) -> Option<&'a str> {
    texts.first().copied().filter(|_| texts.len() == 1)
}

fn quoted(texts: &BTreeSet<&str>) -> String {
    let quoted: Vec<String> = texts.iter().map(|it| excerpt(it)).collect();
    quoted.join(" and ")
}

/// Bytes are written in another way than text is.
fn is_bytes(format: &str) -> bool {
    matches!(format, "binary" | "byte")
}

/// Whether every value of one format is one of another.
fn format_contains(outer: Option<&str>, inner: Option<&str>) -> bool {
    match (outer, inner) {
        (Some(outer), Some(inner)) => matches!(
            (outer, inner),
            ("int64" | "float", "int32") | ("double", "float" | "int32")
        ),
        _ => false,
    }
}

/// Whether a value is one that OpenAPI 3.0 has for a keyword; `None` of a keyword that it doesn't have.
fn fits(keyword: &str, value: &Node) -> Option<bool> {
    let is_list = matches!(value.data, Data::List(_));
    let is_bool = matches!(value.data, Data::Bool(_));
    Some(match keyword {
        "type" | "format" | "pattern" | "$ref" => value.text().is_some(),
        "multipleOf" | "maximum" | "minimum" | "maxLength" | "minLength" | "maxItems"
        | "minItems" | "maxProperties" | "minProperties" => matches!(value.data, Data::Number(_)),
        "exclusiveMaximum" | "exclusiveMinimum" | "uniqueItems" | "nullable" | "readOnly"
        | "writeOnly" | "deprecated" => is_bool,
        "required" | "enum" | "allOf" | "oneOf" | "anyOf" => is_list,
        "not" | "items" | "properties" | "discriminator" => value.is_map(),
        "additionalProperties" => value.is_map() || is_bool,
        "title" | "description" | "default" | "xml" | "externalDocs" | "example" | "examples" => {
            true
        }
        _ => return None,
    })
}

/// The keywords that OpenAPI 3.0 doesn't have, or not with their values.
fn unknown_keywords<'a>(effective: &Effective<'a>) -> BTreeSet<&'a str> {
    let keywords = effective.parts.iter().flat_map(|part| part.entries());
    keywords
        .filter(|(keyword, value)| fits(keyword, value) != Some(true))
        .map(|(keyword, _)| &**keyword)
        .filter(|keyword| !keyword.starts_with("x-"))
        .collect()
}
