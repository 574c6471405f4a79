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
        let (sites, bodies, change) = match pair {
            Paired::Both((media_type, was), (other, is)) => {
                let sites = (was.id, is.id);
                let change = if media_type.eq_ignore_ascii_case(other) {
                    None
                } else if essence(media_type) == essence(other) {
                    Some((&rules::MEDIA_TYPE_PARAMETER_CHANGED, "changed", Some(other)))
                } else {
                    Some((&rules::RESPONSE_JSON_TYPE_ADDED, "changed", Some(other)))
                };
                let change = change.map(|it| (media_type, it));
                (sites, Some((media_type, was, is)), change)
            }
            Paired::Removed((media_type, was)) => {
                let wider = after.iter().find(|it| is_within(media_type, &it.0));
                let mut narrower = after.iter().filter(|it| is_within(&it.0, media_type));
                let narrower = narrower.find(|it| !listed(before, &it.0));
                let was_listed = wider.is_some_and(|it| listed(before, &it.0));
                let (rule, how) = match (is_response, wider, narrower) {
                    (true, Some(_), _) if was_listed => {
                        (&rules::RESPONSE_MEDIA_TYPE_NARROWED, "merged")
                    }
                    (true, Some(_), _) => (&rules::RESPONSE_MEDIA_TYPE_ADDED, "widened"),
                    (true, None, Some(_)) => (&rules::RESPONSE_MEDIA_TYPE_NARROWED, "narrowed"),
                    (true, None, None) if still_json(media_type, before, after) => {
                        (&rules::RESPONSE_MEDIA_TYPE_NARROWED, "removed")
                    }
                    (true, None, None) => (&rules::RESPONSE_MEDIA_TYPE_REMOVED, "removed"),
                    (false, Some(_), _) if was_listed => {
                        (&rules::REQUEST_MEDIA_TYPE_ADDED, "merged")
                    }
                    (false, Some(_), _) => (&rules::REQUEST_MEDIA_TYPE_ADDED, "widened"),
                    (false, None, Some(_)) => (&rules::REQUEST_MEDIA_TYPE_REMOVED, "narrowed"),
                    (false, None, None) => (&rules::REQUEST_MEDIA_TYPE_REMOVED, "removed"),
                };
                let partner = wider.or(narrower);
                partners.extend(partner.map(|it| it.1.id));
                let site = partner.map_or(new.id, |it| it.1.id);
                let bodies = partner.map(|it| (media_type, was, &it.1));
                let change = Some((media_type, (rule, how, partner.map(|it| &it.0))));
                ((was.id, site), bodies, change)
            }
            Paired::Added((_, is)) if partners.contains(&is.id) => continue,
            Paired::Added((media_type, is)) => {
                let wider = before.iter().find(|it| is_within(media_type, &it.0));
                let was_json = before.iter().any(|it| is_json(&it.0));
                let rule = match direction {
                    Direction::Response if wider.is_some() => &rules::RESPONSE_MEDIA_TYPE_NARROWED,
                    Direction::Response if is_json(media_type) && was_json => {
                        &rules::RESPONSE_JSON_TYPE_ADDED
                    }
                    Direction::Response => &rules::RESPONSE_MEDIA_TYPE_ADDED,
                    _ => &rules::REQUEST_MEDIA_TYPE_ADDED,
                };
                let how = wider.map_or("added", |_| "split");
                let site = wider.map_or(old.id, |it| it.1.id);
                let bodies = wider.map(|it| (media_type, &it.1, is));
                let change = Some((media_type, (rule, how, wider.map(|it| &it.0))));
                ((site, is.id), bodies, change)
            }
        };
        if let Some((media_type, (rule, how, other))) = change {
            let how = match (how, other) {
                ("merged", Some(other)) => format!("`{media_type}` removed; `{other}` covers it"),
                ("split", Some(other)) => format!("`{media_type}` added, which `{other}` covered"),
                (how, Some(other)) => format!("{how} from `{media_type}` to `{other}`"),
                (how, None) => format!("`{media_type}` {how}"),
            };
            context.note(rule, sites, format!("{name}: media type {how}"));
        }
        if let Some((media_type, was, is)) = bodies {
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
