//! The keywords of a schema that limit a value or its size: bounds, lengths, counts, steps.

use xtask_spec::Node;

use super::effective::{Bound, Effective};
use super::sides::Sides;
use crate::rules::{self, SchemaRule};

/// The rules for a limit that became tighter, and for one that became looser.
type Rules = [&'static SchemaRule; 2];

pub(super) fn compare(sides: &mut Sides<'_, '_, '_>) {
    let rules = [&rules::MINIMUM_RAISED, &rules::MINIMUM_LOWERED];
    bound(sides, "minimum", Effective::minimum, rules);
    let rules = [&rules::MAXIMUM_LOWERED, &rules::MAXIMUM_RAISED];
    bound(sides, "maximum", Effective::maximum, rules);
    for keyword in ["minLength", "minItems", "minProperties"] {
        let rules = [&rules::MIN_SIZE_RAISED, &rules::MIN_SIZE_LOWERED];
        size(sides, keyword, Effective::min_size, rules);
    }
    for keyword in ["maxLength", "maxItems", "maxProperties"] {
        let rules = [&rules::MAX_SIZE_LOWERED, &rules::MAX_SIZE_RAISED];
        size(sides, keyword, Effective::max_size, rules);
    }
    unique_items(sides);
    multiple_of(sides);
}

fn bound<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    keyword: &str,
    of: impl Fn(&Effective<'a>) -> Option<Bound<'a>>,
    [tighter, looser]: Rules,
) {
    let (base, revision) = sides.both(of);
    let strictness = |bound: Option<Bound<'_>>| bound.map(|it| (it.strictness, it.exclusive));
    let (was, is) = (strictness(base), strictness(revision));
    if was == is {
        return;
    }
    let described = |bound: Bound<'_>| {
        let kind = if bound.exclusive {
            "exclusive"
        } else {
            "inclusive"
        };
        format!("{} ({kind})", bound.node)
    };
    let what = match (base, revision) {
        (Some(old), Some(new)) if old.exclusive != new.exclusive => {
            format!("changed from {} to {}", described(old), described(new))
        }
        (Some(old), Some(new)) => format!("changed from {} to {}", old.node, new.node),
        (Some(old), None) => format!("{} removed", described(old)),
        (None, Some(new)) => format!("{} added", described(new)),
        (None, None) => return,
    };
    let rule = if was < is { tighter } else { looser };
    let places = (base.map(|it| it.node), revision.map(|it| it.node));
    sides.note(rule, places, format!("{keyword} {what}"));
}

/// A limit with its place.
type Size<'a> = Option<(f64, &'a Node)>;

fn size<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    keyword: &str,
    of: impl Fn(&Effective<'a>, &str) -> Size<'a>,
    [tighter, looser]: Rules,
) {
    let (base, revision) = sides.both(|it| of(it, keyword));
    let (was, is) = (base.map(|it| it.0), revision.map(|it| it.0));
    let what = match (base, revision) {
        _ if was == is => return,
        (Some((_, old)), Some((_, new))) => format!("changed from {old} to {new}"),
        (Some((_, old)), None) => format!("{old} removed"),
        (None, Some((_, new))) => format!("{new} added"),
        (None, None) => return,
    };
    let rule = if was < is { tighter } else { looser };
    let places = (base.map(|it| it.1), revision.map(|it| it.1));
    sides.note(rule, places, format!("{keyword} {what}"));
}

fn unique_items(sides: &mut Sides<'_, '_, '_>) {
    let places = sides.first("uniqueItems");
    match sides.both(|it| it.flag("uniqueItems")) {
        (false, true) => {
            let what = "uniqueItems added: items must differ now";
            sides.note(&rules::UNIQUE_ITEMS_ADDED, places, what);
        }
        (true, false) => {
            let what = "uniqueItems removed: items may be equal now";
            sides.note(&rules::UNIQUE_ITEMS_REMOVED, places, what);
        }
        _ => {}
    }
}

fn multiple_of(sides: &mut Sides<'_, '_, '_>) {
    // Of several steps, those that the other side lacks decide.
    let (base, revision) = sides.both(|it| it.all("multipleOf").collect::<Vec<_>>());
    let (base, revision) = (own(&base, &revision), own(&revision, &base));
    let divides = |step: f64, value: f64| step > 0.0 && (value / step).fract() == 0.0;
    let (rule, what) = match (base.map(|it| it.0), revision.map(|it| it.0)) {
        (None, Some(new)) => (&rules::MULTIPLE_OF_TIGHTENED, format!("{new} added")),
        (Some(old), None) => (&rules::MULTIPLE_OF_LOOSENED, format!("{old} removed")),
        (Some(old), Some(new)) => {
            let rule = if divides(old, new) {
                &rules::MULTIPLE_OF_TIGHTENED
            } else if divides(new, old) {
                &rules::MULTIPLE_OF_LOOSENED
            } else {
                &rules::MULTIPLE_OF_CHANGED
            };
            (rule, format!("changed from {old} to {new}"))
        }
        (None, None) => return,
    };
    let places = (base.map(|it| it.1), revision.map(|it| it.1));
    sides.note(rule, places, format!("multipleOf {what}"));
}

/// The first number of some that is none of others.
fn own<'a>(these: &[&'a Node], others: &[&'a Node]) -> Size<'a> {
    let node = these.iter().find(|it| !others.contains(it))?;
    Some((node.number()?, node))
}
