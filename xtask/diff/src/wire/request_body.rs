//! The body that an operation sends.

use xtask_spec::fields;

use super::content;
use crate::context::{Context, Nodes, flags, ids, values};
use crate::rules;
use crate::schema::{Direction, Roots};

pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    (base, revision): Nodes<'a>,
) {
    match values((base, revision), "requestBody") {
        (None, None) => {}
        (None, Some(new)) => {
            let (rule, kind) = if context.specs.1.resolve(new).flag("required") {
                (&rules::REQUEST_BODY_ADDED_REQUIRED, "required")
            } else {
                (&rules::REQUEST_BODY_ADDED_OPTIONAL, "optional")
            };
            context.note(
                rule,
                (base.id, new.id),
                format!("{kind} request body added"),
            );
        }
        (Some(old), None) => {
            let sites = (old.id, revision.id);
            context.note(&rules::REQUEST_BODY_REMOVED, sites, "request body removed");
        }
        (Some(old), Some(new)) => {
            let nodes = context.resolve((old, new));
            context.switched(
                flags(nodes, "required"),
                [
                    (&rules::REQUEST_BODY_BECAME_REQUIRED, "became required"),
                    (
                        &rules::REQUEST_BODY_BECAME_OPTIONAL,
                        "became optional (is no longer required)",
                    ),
                ],
                "request body",
                ids(nodes),
            );
            context.within("request body", |context| {
                context.words(nodes);
                context.unknown_fields(&fields::REQUEST_BODY, nodes);
            });
            content::compare(context, roots, Direction::Request, "request", false, nodes);
        }
    }
}
