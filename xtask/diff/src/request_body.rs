//! The body that an operation sends.

use super::content::Content;
use super::found::{Direction, Found};
use super::parameters::label;
use super::rules;
use super::schemas::Schemas;
use super::spec::Spec;
use super::words;
use xtask_spec::node::Node;

pub(super) fn compare<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    number: usize,
    base: &'a Node,
    revision: &'a Node,
    schemas: &mut Schemas<'a>,
    found: &mut Vec<Found>,
) {
    match (base.get("requestBody"), revision.get("requestBody")) {
        (None, None) => {}
        (None, Some(new)) => {
            let (rule, kind) = if specs.1.resolve(new).flag("required") {
                (&rules::REQUEST_BODY_ADDED_REQUIRED, "required")
            } else {
                (&rules::REQUEST_BODY_ADDED_OPTIONAL, "optional")
            };
            let what = format!("{kind} request body added");
            found.push(Found::new(rule, base.id, new.id, what));
        }
        (Some(old), None) => {
            let what = "request body removed";
            let rule = &rules::REQUEST_BODY_REMOVED;
            found.push(Found::new(rule, old.id, revision.id, what));
        }
        (Some(old), Some(new)) => {
            let (old, new) = (specs.0.resolve(old), specs.1.resolve(new));
            match (old.flag("required"), new.flag("required")) {
                (false, true) => found.push(Found::new(
                    &rules::REQUEST_BODY_BECAME_REQUIRED,
                    old.id,
                    new.id,
                    "request body became required",
                )),
                (true, false) => found.push(Found::new(
                    &rules::REQUEST_BODY_BECAME_OPTIONAL,
                    old.id,
                    new.id,
                    "request body became optional (is no longer required)",
                )),
                _ => {}
            }
            let first = found.len();
            words::of_object(old, new, found);
            words::unknown_fields(old, new, &["description", "required", "content"], found);
            label(found, first, "request body");
            Content {
                specs,
                number,
                direction: Direction::Request,
                name: "request",
            }
            .compare((old, new), schemas, found);
        }
    }
}
