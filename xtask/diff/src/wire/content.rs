//! The media types of a message, and the body in each.

use xtask_spec::{Difference, Entries, Node, fields};

use crate::context::{Context, Nodes, ids, values};
use crate::paired::{Paired, matched};
use crate::rules;
use crate::schema::{Direction, Roots, Site};

/// Compares the media types of a message with a name.
pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    direction: Direction,
    name: &str,
    is_error: bool,
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
    let listed = |types: &Entries, media_type: &str| types.iter().any(|it| *it.0 == *media_type);
    let same_name = |(old, _): &Entry, (new, _): &Entry| old.eq_ignore_ascii_case(new);
    let same_type = |(old, _): &Entry, (new, _): &Entry| essence(old) == essence(new);
    // Whoever reads one kind of JSON reads them all. But a service may refuse all but one, and clients
    // tell by the media type of an error what form it has.
    let is_alike = is_response && !is_error;
    let both_json = |(old, _): &Entry, (new, _): &Entry| is_alike && is_json(old) && is_json(new);
    let mut partners = Vec::new();
    for pair in matched(before, after, &[&same_name, &same_type, &both_json]) {
        let (was, is) = match pair {
            Paired::Both(was, is) => (Some(was), Some(is)),
            Paired::Removed(was) => {
                let wider = after.iter().find(|it| is_within(&was.0, &it.0));
                let mut narrower = after.iter().filter(|it| is_within(&it.0, &was.0));
                let is = wider.or_else(|| narrower.find(|it| !listed(before, &it.0)));
                partners.extend(is.map(|it| it.1.id));
                (Some(was), is)
            }
            Paired::Added(is) if partners.contains(&is.1.id) => continue,
            Paired::Added(is) => (before.iter().find(|it| is_within(&is.0, &it.0)), Some(is)),
        };
        let change = match (was, is) {
            (Some((was, _)), Some((is, _))) if was.eq_ignore_ascii_case(is) => None,
            (Some((was, _)), Some((is, _))) => {
                let (is_wider, is_narrower) = (is_within(was, is), is_within(is, was));
                let stays = (is_wider && listed(before, is)) || (is_narrower && listed(after, was));
                let rule = match (is_response, is_wider, is_narrower) {
                    _ if essence(was) == essence(is) => &rules::MEDIA_TYPE_PARAMETER_CHANGED,
                    (true, false, false) => &rules::RESPONSE_JSON_TYPE_ADDED,
                    (true, true, _) if !stays => &rules::RESPONSE_MEDIA_TYPE_ADDED,
                    (true, ..) => &rules::RESPONSE_MEDIA_TYPE_NARROWED,
                    (false, _, true) if !stays => &rules::REQUEST_MEDIA_TYPE_REMOVED,
                    (false, ..) => &rules::REQUEST_MEDIA_TYPE_ADDED,
                };
                let what = match (stays, is_wider) {
                    (false, _) => format!("changed from `{was}` to `{is}`"),
                    (true, true) => format!("`{was}` removed; `{is}` covers it"),
                    (true, false) => format!("`{is}` added, which `{was}` covered"),
                };
                Some((rule, what))
            }
            (Some((was, _)), None) => {
                let rule = match is_response {
                    true if still_json(was, before, after) => &rules::RESPONSE_MEDIA_TYPE_NARROWED,
                    true => &rules::RESPONSE_MEDIA_TYPE_REMOVED,
                    false => &rules::REQUEST_MEDIA_TYPE_REMOVED,
                };
                Some((rule, format!("`{was}` removed")))
            }
            (None, Some((is, _))) => {
                let rule = match is_response {
                    true if is_json(is) && before.iter().any(|it| is_json(&it.0)) => {
                        &rules::RESPONSE_JSON_TYPE_ADDED
                    }
                    true => &rules::RESPONSE_MEDIA_TYPE_ADDED,
                    false => &rules::REQUEST_MEDIA_TYPE_ADDED,
                };
                Some((rule, format!("`{is}` added")))
            }
            (None, None) => None,
        };
        if let Some((rule, what)) = change {
            let site = |entry: Option<&Entry>, holder: &Node| entry.map_or(holder.id, |it| it.1.id);
            let sites = (site(was, old), site(is, new));
            context.note(rule, sites, format!("{name}: media type {what}"));
        }
        if let (Some((media_type, was)), Some((_, is))) = (was, is) {
            body(context, roots, direction, (name, media_type), (was, is));
        }
    }
}

/// Compares a body in one media type.
fn body<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    direction: Direction,
    (name, media_type): (&str, &str),
    nodes: Nodes<'a>,
) {
    let body = format!("{name} body");
    context.within(&body, |context| {
        context.examples(nodes);
        context.extensions(nodes, &[]);
        context.unknown_fields(&fields::MEDIA_TYPE, nodes);
        if direction == Direction::Request && is_form(media_type) {
            encoding(context, nodes);
        }
    });
    let site = |node: &'a Node| Site::of(node.get("schema"), node.id);
    roots.add(direction, &body, (site(nodes.0), site(nodes.1)));
}

type Entry = (Box<str>, Node);

/// Whether a media type falls into a range such as `application/*`.
fn is_within(media_type: &str, range: &str) -> bool {
    let kind = media_type.split_once('/').map(|(kind, _)| kind);
    let of_kind = range.strip_suffix("/*");
    media_type != range && (range == "*/*" || (of_kind.is_some() && of_kind == kind))
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
