//! The media types of a message, and the body in each.

use xtask_spec::{Difference, Entries, Node, fields};

use crate::context::{Context, Nodes, ids, values};
use crate::rules;
use crate::schema::{Direction, Roots, Site};

/// Compares the media types of a message with a name.
pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    direction: Direction,
    name: &str,
    (old, new): Nodes<'a>,
) {
    let (before, after) = (old.map("content"), new.map("content"));
    let is_response = direction == Direction::Response;
    match (before, after) {
        ([], [(media_type, node), ..]) if is_response => {
            let what = format!("{name}: body added (`{media_type}`)");
            return context.note(&rules::RESPONSE_BODY_ADDED, (old.id, node.id), what);
        }
        ([(media_type, node), ..], []) if is_response => {
            let what = format!("{name}: body removed (it was `{media_type}`)");
            return context.note(&rules::RESPONSE_BODY_REMOVED, (node.id, new.id), what);
        }
        _ => {}
    }
    let mut paired = Vec::new();
    for (media_type, was) in before {
        let Some((other, is)) = counterpart(direction, media_type, before, after) else {
            let rule = match direction {
                Direction::Response if still_json(media_type, before, after) => {
                    &rules::RESPONSE_MEDIA_TYPE_NARROWED
                }
                Direction::Response => &rules::RESPONSE_MEDIA_TYPE_REMOVED,
                _ => &rules::REQUEST_MEDIA_TYPE_REMOVED,
            };
            let what = format!("{name}: media type `{media_type}` removed");
            context.note(rule, (was.id, new.id), what);
            continue;
        };
        paired.push(is.id);
        if !other.eq_ignore_ascii_case(media_type) && essence(other) == essence(media_type) {
            let what = format!("{name}: media type changed from `{media_type}` to `{other}`");
            context.note(&rules::MEDIA_TYPE_PARAMETER_CHANGED, (was.id, is.id), what);
        }
        let body = format!("{name} body");
        context.within(&body, |context| {
            context.examples((was, is));
            context.extensions((was, is), &[]);
            context.unknown_fields(&fields::MEDIA_TYPE, (was, is));
            if !is_response && is_form(media_type) {
                encoding(context, (was, is));
            }
        });
        let site = |node: &'a Node| Site::of(node.get("schema"), node.id);
        roots.add(direction, &body, (site(was), site(is)));
    }
    for (media_type, is) in after {
        if paired.contains(&is.id) || range(direction, before, media_type).is_some() {
            continue;
        }
        let was_json = before.iter().any(|it| is_json(&it.0));
        let rule = match direction {
            Direction::Request | Direction::Parameter => &rules::REQUEST_MEDIA_TYPE_ADDED,
            Direction::Response if is_json(media_type) && was_json => {
                &rules::RESPONSE_JSON_TYPE_ADDED
            }
            Direction::Response => &rules::RESPONSE_MEDIA_TYPE_ADDED,
        };
        let what = format!("{name}: media type `{media_type}` added");
        context.note(rule, (old.id, is.id), what);
    }
}

type Entry = (Box<str>, Node);

/// The media type of the revision that takes the place of one of the base: the same, one with other
/// parameters, or a range.
fn counterpart<'a>(
    direction: Direction,
    media_type: &str,
    before: &Entries,
    after: &'a Entries,
) -> Option<&'a Entry> {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let mut unpaired = after
        .iter()
        .filter(|(other, _)| !before.iter().any(|(it, _)| same(it, other)));
    after
        .iter()
        .find(|(other, _)| same(other, media_type))
        .or_else(|| unpaired.find(|(other, _)| essence(other) == essence(media_type)))
        .or_else(|| range(direction, after, media_type))
}

/// A range such as `application/*` that a media type falls into. What the client sends stays
/// accepted when its type is replaced by such a range.
fn range<'a>(direction: Direction, types: &'a Entries, media_type: &str) -> Option<&'a Entry> {
    if direction == Direction::Response {
        return None;
    }
    let (kind, _) = media_type.split_once('/')?;
    types.iter().find(|(other, _)| {
        **other == *"*/*" || other.strip_suffix("/*").is_some_and(|it| it == kind)
    })
}

/// Whether the body has parts, each of which may be written in its own way. OpenAPI gives `encoding` no
/// meaning in any other.
fn is_form(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/x-www-form-urlencoded" || essence.starts_with("multipart/")
}

fn encoding<'a>(context: &mut Context<'_, 'a>, nodes: Nodes<'a>) {
    let values = values(nodes, "encoding");
    let rule = match values {
        (Some(old), Some(new))
            if context.same(Difference::Meaning, &fields::ALL_ENCODINGS, (old, new)) =>
        {
            &rules::DESCRIPTION_CHANGED
        }
        _ => &rules::REQUEST_ENCODING_CHANGED,
    };
    context.changed("encoding", rule, values, ids(nodes));
}

/// Whether a client that reads JSON has it from another media type, as it could before.
fn still_json(removed: &str, before: &Entries, after: &Entries) -> bool {
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
