//! The schemas in a schema: items, properties, additional properties.

use super::effective::{Additional, Effective, Property};
use super::sides::Sides;
use super::site::Direction;
use crate::context::MaybeNodes;
use crate::excerpt::list;
use crate::paired::{Paired, paired};
use crate::rules;

pub(super) fn compare(sides: &mut Sides<'_, '_, '_>) {
    let (old, new) = sides.both(|it| it.all("items").collect::<Vec<_>>());
    if !(old.is_empty() && new.is_empty()) {
        sides.child(old, new);
    }
    let specs = sides.specs;
    let additional = (
        sides.base.additional(specs.0),
        sides.revision.additional(specs.1),
    );
    let (old, new) = sides.both(Effective::property_names);
    for pair in paired(old, new, |name| *name) {
        let (Paired::Removed(name) | Paired::Added(name) | Paired::Both(name, _)) = pair;
        let old = sides.base.property(specs.0, name);
        let new = sides.revision.property(specs.1, name);
        property(sides, name, (old, new), &additional);
    }
    additional_properties(sides, additional);
}

/// A property, whether it is described or only required, which may be absent.
type Properties<'a> = (Option<Property<'a>>, Option<Property<'a>>);

fn property<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    name: &str,
    (old, new): Properties<'a>,
    additional: &(Additional<'a>, Additional<'a>),
) {
    if let (Some(old), Some(new)) = (&old, &new) {
        access(sides, name, old, new);
    }
    let direction = sides.direction;
    let is_there = |property: &Option<Property<'_>>| {
        property.as_ref().is_some_and(|it| match direction {
            Direction::Request | Direction::Parameter => !it.read_only,
            Direction::Response => !it.write_only,
        })
    };
    let there = (is_there(&old), is_there(&new));
    match (old, new, there) {
        (Some(old), Some(new), (true, true)) => {
            required(sides, name, &old, &new);
            sides.child(old.schemas, new.schemas);
        }
        (Some(old), new, (true, false)) => {
            removed(sides, name, &old, new.as_ref());
            if let (Additional::Some(schemas), None) = (&additional.1, new) {
                sides.child(old.schemas, schemas.clone());
            }
        }
        (old, Some(new), (false, true)) => {
            added(sides, name, old.as_ref(), &new, &additional.0);
            if let (Additional::Some(schemas), None) = (&additional.0, old) {
                sides.child(schemas.clone(), new.schemas);
            }
        }
        _ => {}
    }
}

fn places<'a>(old: Option<&Property<'a>>, new: Option<&Property<'a>>) -> MaybeNodes<'a> {
    let place = |property: Option<&Property<'a>>| property?.schemas.first().copied();
    (place(old), place(new))
}

fn required<'a>(sides: &mut Sides<'_, '_, 'a>, name: &str, old: &Property<'a>, new: &Property<'a>) {
    let (rule, what) = match (old.required, new.required) {
        (false, true) => (&rules::PROPERTY_BECAME_REQUIRED, "became required"),
        (true, false) => (
            &rules::PROPERTY_BECAME_OPTIONAL,
            "became optional (is no longer required)",
        ),
        _ => return,
    };
    let what = format!("property `{name}` {what}");
    sides.note(rule, places(Some(old), Some(new)), what);
}

fn removed<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    name: &str,
    old: &Property<'a>,
    new: Option<&Property<'a>>,
) {
    let (rule, kind) = if old.required {
        (&rules::REQUIRED_PROPERTY_REMOVED, "required")
    } else {
        (&rules::OPTIONAL_PROPERTY_REMOVED, "optional")
    };
    let how = match (new, access_mark(sides.direction)) {
        (None, _) => "removed".to_owned(),
        (Some(_), mark) => format!("removed from this direction: it became {mark}"),
    };
    let what = format!("{kind} property `{name}` {how}");
    sides.note(rule, places(Some(old), new), what);
}

fn added<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    name: &str,
    old: Option<&Property<'a>>,
    new: &Property<'a>,
    base: &Additional<'a>,
) {
    let is_unexpected = matches!(base, Additional::None(_))
        && (!new.required || sides.direction == Direction::Response);
    let rule = match new.required {
        _ if is_unexpected => &rules::UNEXPECTED_PROPERTY_ADDED,
        true => &rules::REQUIRED_PROPERTY_ADDED,
        false => &rules::OPTIONAL_PROPERTY_ADDED,
    };
    let kind = if new.required { "required" } else { "optional" };
    let how = match (old, access_mark(sides.direction)) {
        (None, _) => "added".to_owned(),
        (Some(_), mark) => format!("added to this direction: it is no longer {mark}"),
    };
    let what = format!("{kind} property `{name}` {how}");
    sides.note(rule, places(old, Some(new)), what);
}

fn access_mark(direction: Direction) -> &'static str {
    match direction {
        Direction::Request | Direction::Parameter => "readOnly",
        Direction::Response => "writeOnly",
    }
}

/// `readOnly` speaks of requests and `writeOnly` of responses; in the other direction a change of
/// it is worth a word only.
fn access<'a>(sides: &mut Sides<'_, '_, 'a>, name: &str, old: &Property<'a>, new: &Property<'a>) {
    let (before, after, mark) = match sides.direction {
        Direction::Request | Direction::Parameter => (old.write_only, new.write_only, "writeOnly"),
        Direction::Response => (old.read_only, new.read_only, "readOnly"),
    };
    if before != after {
        let change = if after { "became" } else { "is no longer" };
        let what = format!("property `{name}` {change} {mark}");
        sides.note_plain(&rules::ACCESS_CHANGED, places(Some(old), Some(new)), what);
    }
}

fn additional_properties<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    (base, revision): (Additional<'a>, Additional<'a>),
) {
    let mut places = sides.first("additionalProperties");
    let (rule, what) = match (base, revision) {
        (Additional::None(_), Additional::None(_)) | (Additional::Any, Additional::Any) => return,
        (Additional::Some(old), Additional::Some(new)) => return sides.child(old, new),
        (_, Additional::None(node)) => {
            places.1 = Some(node);
            (
                &rules::ADDITIONAL_PROPERTIES_CLOSED,
                "are not allowed any more".to_owned(),
            )
        }
        (Additional::None(node), _) => {
            places.0 = Some(node);
            (
                &rules::ADDITIONAL_PROPERTIES_OPENED,
                "are allowed now".to_owned(),
            )
        }
        (Additional::Any, Additional::Some(new)) => {
            let what = format!("must fit {} now", list(new));
            (&rules::ADDITIONAL_PROPERTIES_CLOSED, what)
        }
        (Additional::Some(old), Additional::Any) => {
            let what = format!("need not fit {} any more", list(old));
            (&rules::ADDITIONAL_PROPERTIES_OPENED, what)
        }
    };
    sides.note(rule, places, format!("additionalProperties {what}"));
}
