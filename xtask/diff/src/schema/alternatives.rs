//! Alternatives (`oneOf`, `anyOf`), and `not`.

use std::collections::HashSet;

use xtask_spec::Node;

use super::effective::{Effective, Union};
use super::pairs::component_name;
use super::sides::Sides;
use crate::excerpt::{excerpt, from_to, show};
use crate::rules;

/// The schemas of each alternative, and the keyword that lists them, if one does.
struct Choice<'a> {
    union: Option<Union<'a>>,
    alternatives: Vec<Vec<&'a Node>>,
}

impl<'a> Choice<'a> {
    fn of(union: Union<'a>) -> Self {
        let items = union.node.items().iter();
        Self {
            union: Some(union),
            alternatives: items.map(|item| vec![item]).collect(),
        }
    }

    /// A schema that is no choice, taken for one of one.
    fn alone(effective: &Effective<'a>) -> Self {
        Self {
            union: None,
            alternatives: vec![effective.parts.clone()],
        }
    }

    fn node(&self) -> Option<&'a Node> {
        self.union.map(|union| union.node)
    }
}

/// Compares alternatives. Whether there is more to compare: a schema that is nothing but a
/// choice has no keywords of its own.
pub(super) fn compare(sides: &mut Sides<'_, '_, '_>) -> bool {
    let (base, revision) = (&sides.base, &sides.revision);
    let (old, new) = match (base.unions.as_slice(), revision.unions.as_slice()) {
        ([], []) => return true,
        // The one schema has become a choice.
        ([], [union]) if revision.is_union() => (Choice::alone(base), Choice::of(*union)),
        ([union], []) if base.is_union() => (Choice::of(*union), Choice::alone(revision)),
        (old, new) => {
            let (old, new) = (old.to_vec(), in_order_of(old, new));
            unions(sides, &old, &new);
            return true;
        }
    };
    choice(sides, &old, &new);
    false
}

fn unions<'a>(sides: &mut Sides<'_, '_, 'a>, old: &[Union<'a>], new: &[Union<'a>]) {
    for (old, new) in old.iter().zip(new) {
        choice(sides, &Choice::of(*old), &Choice::of(*new));
        let rule = match (old.exclusive, new.exclusive) {
            (false, true) => &rules::ALTERNATIVES_EXCLUSIVE,
            (true, false) => &rules::ALTERNATIVES_SHARED,
            _ => continue,
        };
        let what = format!("{} became {}", old.keyword(), new.keyword());
        sides.note(rule, (Some(old.node), Some(new.node)), what);
    }
    for union in old.iter().skip(new.len()) {
        let what = format!("{} removed", union.keyword());
        sides.note(&rules::COMPOSITION_REMOVED, (Some(union.node), None), what);
    }
    for union in new.iter().skip(old.len()) {
        let what = format!("{} added", union.keyword());
        sides.note(&rules::COMPOSITION_ADDED, (None, Some(union.node)), what);
    }
}

fn choice<'a>(sides: &mut Sides<'_, '_, 'a>, old: &Choice<'a>, new: &Choice<'a>) {
    let matched = matched(sides, &old.alternatives, &new.alternatives);
    let keyword = new.union.or(old.union).map_or("oneOf", |it| it.keyword());
    let describe = |alternative: &[&Node]| match alternative {
        [first, ..] => match component_name(first) {
            Some(name) => format!("`{name}`"),
            None => excerpt(&first.to_string()),
        },
        [] => "any value".to_owned(),
    };
    for (index, alternative) in old.alternatives.iter().enumerate() {
        let pair = matched.iter().find(|(old, _)| *old == index);
        if let Some(other) = pair.and_then(|(_, index)| new.alternatives.get(*index)) {
            sides.child(alternative.clone(), other.clone());
        } else {
            let what = format!("{keyword} alternative {} removed", describe(alternative));
            let places = (alternative.first().copied(), new.node());
            sides.note(&rules::ALTERNATIVE_REMOVED, places, what);
        }
    }
    for (index, alternative) in new.alternatives.iter().enumerate() {
        if !matched.iter().any(|(_, new)| *new == index) {
            let what = format!("{keyword} alternative {} added", describe(alternative));
            let places = (old.node(), alternative.first().copied());
            sides.note(&rules::ALTERNATIVE_ADDED, places, what);
        }
    }
}

/// Which alternative of the base is which one of the revision: those that refer to the same component, then
/// those that read the same, then those that are equal, then those that look alike.
fn matched<'a>(
    sides: &mut Sides<'_, '_, 'a>,
    old: &[Vec<&'a Node>],
    new: &[Vec<&'a Node>],
) -> Vec<(usize, usize)> {
    let of = |spec, alternatives: &[Vec<&'a Node>]| -> Vec<_> {
        let alternatives = alternatives.iter();
        alternatives
            .map(|nodes| (nodes.clone(), Effective::of(spec, nodes)))
            .collect()
    };
    let (old, new) = (of(sides.specs.0, old), of(sides.specs.1, new));
    let mut matched: Vec<(usize, usize)> = Vec::new();
    let mut take = |fit: &mut dyn FnMut(&Alternative<'a>, &Alternative<'a>) -> bool| {
        let taken: (HashSet<usize>, HashSet<usize>) = matched.iter().copied().unzip();
        let is_free = |(index, _): &(usize, _)| !taken.0.contains(index);
        let mut left: Vec<_> = new.iter().enumerate().collect();
        left.retain(|(index, _)| !taken.1.contains(index));
        for (i, a) in old.iter().enumerate().filter(is_free) {
            if let Some(at) = left.iter().position(|(_, b)| fit(a, b)) {
                matched.push((i, left.remove(at).0));
            }
        }
    };
    let name = |(nodes, _): &Alternative<'a>| match nodes.as_slice() {
        [alone] => component_name(alone),
        _ => None,
    };
    take(&mut |a, b| name(a).is_some() && name(a) == name(b));
    take(&mut |a, b| a.0 == b.0);
    // The prover comes second: asked about each pair of a thousand alternatives, it takes seconds.
    take(&mut |a, b| alike(&a.1, &b.1) && sides.same(&a.0, &b.0));
    take(&mut |a, b| alike(&a.1, &b.1));
    matched
}

/// The schemas of an alternative, and what they say together.
type Alternative<'a> = (Vec<&'a Node>, Effective<'a>);

/// Compares the schemas that a value must not fit.
pub(super) fn not(sides: &mut Sides<'_, '_, '_>) {
    let (old, new) = sides.both(|it| it.all("not").collect::<Vec<_>>());
    let places = (old.first().copied(), new.first().copied());
    let (rule, what) = match places {
        (None, None) => return,
        (None, Some(new)) => (&rules::COMPOSITION_ADDED, format!("{} added", show(new))),
        (Some(old), None) => (
            &rules::COMPOSITION_REMOVED,
            format!("{} removed", show(old)),
        ),
        (Some(_), Some(_)) if sides.same(&old, &new) => return,
        (Some(before), Some(after)) => {
            let change = from_to(before, after);
            let what = format!("changed {change}; this cannot be shown to be compatible");
            (&rules::NOT_CHANGED, what)
        }
    };
    sides.note(rule, places, format!("`not` {what}"));
}

/// Unions of the revision, those first that have most in common with the ones of the base.
fn in_order_of<'a>(old: &[Union<'a>], new: &[Union<'a>]) -> Vec<Union<'a>> {
    let mut left = new.to_vec();
    let mut ordered = Vec::new();
    for union in old {
        let in_common = |other: &Union<'a>| {
            let items = union.node.items().iter();
            let shared = items.filter(|item| other.node.items().contains(item));
            shared.count()
        };
        let best = (0..left.len())
            .rev()
            .max_by_key(|index| left.get(*index).map(in_common));
        ordered.extend(best.map(|index| left.remove(index)));
    }
    ordered.append(&mut left);
    ordered
}

/// Compares alternatives with a schema that any value fits.
pub(super) fn and_any(sides: &mut Sides<'_, '_, '_>) {
    let choice = "one of some alternatives (oneOf or anyOf)";
    let (rule, from, to) = if sides.base.is_any() {
        (&rules::TYPE_NARROWED, "any", choice)
    } else {
        (&rules::TYPE_WIDENED, choice, "any")
    };
    sides.note(
        rule,
        (None, None),
        format!("type changed from {from} to {to}"),
    );
}

/// Whether two alternatives are rather one that was changed than two.
fn alike(base: &Effective<'_>, revision: &Effective<'_>) -> bool {
    if base.types() != revision.types() {
        return false;
    }
    match (base.values(), revision.values()) {
        (Some((_, old)), Some((_, new))) => return old.iter().any(|value| new.contains(value)),
        (None, None) => {}
        _ => return false,
    }
    let (old, new) = (base.property_names(), revision.property_names());
    let told_apart = old.iter().any(|name| {
        let (old, new) = (tags(base, name), tags(revision, name));
        matches!((old, new), (Some(old), Some(new)) if !old.iter().any(|it| new.contains(it)))
    });
    if told_apart {
        return false;
    }
    let shared = old.iter().filter(|name| new.contains(name)).count();
    shared * 2 >= old.len().max(new.len())
}

/// The values of a property that has listed ones.
fn tags<'a>(effective: &Effective<'a>, name: &str) -> Option<&'a [Node]> {
    let mut properties = effective.all("properties");
    let property = properties.find_map(|it| it.get(name))?;
    Some(property.get("enum")?.items())
}
