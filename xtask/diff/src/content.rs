//! The media types of a message, and what the body is in each.

use super::found::{Direction, Found};
use super::parameters::label;
use super::rules;
use super::schemas::{Schemas, Site};
use super::spec::{Spec, same};
use super::words;
use xtask_spec::node::Node;

/// The fields of a media type.
const FIELDS: [&str; 4] = ["schema", "example", "examples", "encoding"];

/// The media types of one message.
pub(super) struct Content<'s, 'a> {
    pub(super) specs: (&'s Spec<'a>, &'s Spec<'a>),
    pub(super) number: usize,
    pub(super) direction: Direction,
    pub(super) name: &'s str,
}

impl<'a> Content<'_, 'a> {
    pub(super) fn compare(
        &self,
        (old, new): (&'a Node, &'a Node),
        schemas: &mut Schemas<'a>,
        found: &mut Vec<Found>,
    ) {
        let types = |node: &'a Node| node.get("content").map(Node::entries).unwrap_or_default();
        let (before, after) = (types(old), types(new));
        let name = self.name;
        if self.direction == Direction::Response {
            let change = match (before, after) {
                ([], [(media_type, node), ..]) => Some(Found::new(
                    &rules::RESPONSE_BODY_ADDED,
                    old.id,
                    node.id,
                    format!("{name}: body added (`{media_type}`)"),
                )),
                ([(media_type, node), ..], []) => Some(Found::new(
                    &rules::RESPONSE_BODY_REMOVED,
                    node.id,
                    new.id,
                    format!("{name}: body removed (it was `{media_type}`)"),
                )),
                _ => None,
            };
            if change.is_some() {
                found.extend(change);
                return;
            }
        }
        let mut paired = Vec::new();
        for (media_type, was) in before {
            let counterpart = after
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(media_type))
                .or_else(|| {
                    let unpaired = after.iter().filter(|(other, _)| {
                        !before.iter().any(|(it, _)| it.eq_ignore_ascii_case(other))
                    });
                    unpaired
                        .into_iter()
                        .find(|(other, _)| essence(other) == essence(media_type))
                });
            let Some((other, is)) = counterpart.or_else(|| self.wildcard(after, media_type)) else {
                let rule = match self.direction {
                    Direction::Response if still_json(media_type, before, after) => {
                        &rules::RESPONSE_MEDIA_TYPE_NARROWED
                    }
                    Direction::Response => &rules::RESPONSE_MEDIA_TYPE_REMOVED,
                    _ => &rules::REQUEST_MEDIA_TYPE_REMOVED,
                };
                let what = format!("{name}: media type `{media_type}` removed");
                found.push(Found::new(rule, was.id, new.id, what));
                continue;
            };
            paired.push(is.id);
            if !other.eq_ignore_ascii_case(media_type) && essence(other) == essence(media_type) {
                let what = format!("{name}: media type changed from `{media_type}` to `{other}`");
                let rule = &rules::MEDIA_TYPE_PARAMETER_CHANGED;
                found.push(Found::new(rule, was.id, is.id, what));
            }
            let first = found.len();
            words::examples(self.specs, was, is, found);
            words::extensions(was, is, found);
            words::unknown_fields(was, is, &FIELDS, found);
            if self.direction == Direction::Request && is_form(media_type) {
                encoding(self.specs, was, is, found);
            }
            label(found, first, &format!("{name} body"));
            schemas.root(
                self.specs,
                Some(self.number),
                (self.direction, &format!("{name} body")),
                Site::of(was.get("schema"), was.id),
                Site::of(is.get("schema"), is.id),
            );
        }
        for (media_type, is) in after {
            if paired.contains(&is.id) || self.wildcard(before, media_type).is_some() {
                continue;
            }
            let rule = match self.direction {
                Direction::Request | Direction::Parameter => &rules::REQUEST_MEDIA_TYPE_ADDED,
                Direction::Response
                    if is_json(media_type) && before.iter().any(|it| is_json(&it.0)) =>
                {
                    &rules::RESPONSE_JSON_TYPE_ADDED
                }
                Direction::Response => &rules::RESPONSE_MEDIA_TYPE_ADDED,
            };
            let what = format!("{name}: media type `{media_type}` added");
            found.push(Found::new(rule, old.id, is.id, what));
        }
    }

    /// A range such as `application/*` that a media type falls into. What the client sends stays
    /// accepted when its type is replaced by such a range.
    fn wildcard<'t>(
        &self,
        types: &'t [(Box<str>, Node)],
        media_type: &str,
    ) -> Option<&'t (Box<str>, Node)> {
        if self.direction == Direction::Response {
            return None;
        }
        let (kind, _) = media_type.split_once('/')?;
        types.iter().find(|(other, _)| {
            **other == *"*/*" || other.strip_suffix("/*").is_some_and(|it| it == kind)
        })
    }
}

/// Whether the body has parts, each of which may be written in its own way. OpenAPI gives `encoding` no
/// meaning in any other.
fn is_form(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/x-www-form-urlencoded" || essence.starts_with("multipart/")
}

fn encoding<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    base: &'a Node,
    revision: &'a Node,
    found: &mut Vec<Found>,
) {
    let values = (base.get("encoding"), revision.get("encoding"));
    let rule = match values {
        (Some(old), Some(new)) if same(specs, old, new, false) => &rules::DESCRIPTION_CHANGED,
        _ => &rules::REQUEST_ENCODING_CHANGED,
    };
    words::changed("encoding", rule, values, (base.id, revision.id), found);
}

/// Whether a client that reads JSON has it from another media type, as it could before.
fn still_json(removed: &str, before: &[(Box<str>, Node)], after: &[(Box<str>, Node)]) -> bool {
    let stays = |media_type: &str| after.iter().any(|(other, _)| **other == *media_type);
    let mut others = before.iter().filter(|(other, _)| **other != *removed);
    others.any(|(other, _)| is_json(other) && stays(other))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or(media_type);
    essence.trim().to_ascii_lowercase()
}

fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/json" || essence.ends_with("+json")
}
