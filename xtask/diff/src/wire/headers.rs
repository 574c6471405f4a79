//! The headers of a response.

use xtask_spec::{Entries, fields};

use super::value;
use crate::context::{Context, Nodes, flags, ids};
use crate::paired::{Paired, paired};
use crate::rules;
use crate::schema::{Direction, Roots};

/// Compares the headers of the response with a status.
pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    status: &str,
    (old, new): Nodes<'a>,
) {
    // OpenAPI has another field for it, and says that a header of the name doesn't count.
    let counted = |all: &'a Entries| {
        let all = all.iter();
        all.filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
    };
    let headers = (counted(old.map("headers")), counted(new.map("headers")));
    for pair in paired(headers.0, headers.1, |(name, _)| name.to_ascii_lowercase()) {
        match pair {
            Paired::Removed((name, header)) => {
                let rule = if context.specs.0.resolve(header).flag("required") {
                    &rules::RESPONSE_HEADER_REMOVED
                } else {
                    &rules::RESPONSE_OPTIONAL_HEADER_REMOVED
                };
                let what = format!("header `{name}` removed");
                context.note(rule, (header.id, new.id), what);
            }
            Paired::Added((name, header)) => {
                let what = format!("header `{name}` added");
                context.note(&rules::RESPONSE_HEADER_ADDED, (old.id, header.id), what);
            }
            Paired::Both((name, old), (_, new)) => {
                let headers = context.resolve((old, new));
                changed(context, &format!("header `{name}`"), headers);
                let site = (
                    value::site(context.specs.0, headers.0),
                    value::site(context.specs.1, headers.1),
                );
                let message = format!("header `{name}` of response `{status}`");
                roots.add(Direction::Response, &message, site);
            }
        }
    }
}

fn changed<'a>(context: &mut Context<'_, 'a>, name: &str, headers: Nodes<'a>) {
    let sites = ids(headers);
    context.switched(
        flags(headers, "required"),
        [
            (&rules::RESPONSE_HEADER_BECAME_REQUIRED, "became required"),
            (&rules::RESPONSE_HEADER_BECAME_OPTIONAL, "became optional"),
        ],
        name,
        sites,
    );
    // Whether the parts of the value are spread, if it has any, or its media type.
    let written = |spec, header| {
        let header: &'a xtask_spec::Node = header;
        let spreads = header.flag("explode") && !value::is_single(spec, header);
        (spreads, value::media_type(header))
    };
    if written(context.specs.0, headers.0) != written(context.specs.1, headers.1) {
        let what = format!("{name}: serialization changed (explode or content)");
        context.note(&rules::RESPONSE_HEADER_SERIALIZATION_CHANGED, sites, what);
    }
    let rule = &rules::RESPONSE_HEADER_DEPRECATED;
    let words = [(rule, "deprecated"), (rule, "no longer deprecated")];
    context.switched(flags(headers, "deprecated"), words, name, sites);
    context.within(name, |context| {
        context.words(headers);
        context.examples(headers);
        context.unknown_fields(&fields::HEADER, headers);
    });
}
