//! Alternatives: `oneOf`, `anyOf`, what tells them apart, and `not`.

use super::effective::{Effective, Union};
use super::found::{excerpt, from_to, show};
use super::keywords::Sides;
use super::rules::{self, SchemaRule};
use super::schema::Comparison;
use super::schemas::{Schemas, Site};
use super::spec::component_name;
use xtask_spec::node::Node;

/// Compares alternatives. Whether there is more to compare: a schema that is nothing but a
/// choice has no keywords of its own.
pub(super) fn compare<'a>(comparison: &mut Comparison<'_, 'a>, sides: &mut Sides<'_, 'a>) -> bool {
    let (base, revision) = (sides.base, sides.revision);
    match (base.unions.as_slice(), revision.unions.as_slice()) {
        ([], []) => true,
        ([], [union]) if revision.is_union() => {
            // The one schema has become a choice.
            let alone = vec![base.parts.clone()];
            alternatives(
                comparison,
                sides,
                (&alone, None),
                (&each(union), Some(union)),
            );
            false
        }
        ([union], []) if base.is_union() => {
            let alone = vec![revision.parts.clone()];
            alternatives(
                comparison,
                sides,
                (&each(union), Some(union)),
                (&alone, None),
            );
            false
        }
        (old, new) => {
            let new = in_order_of(old, new);
            for (old, new) in old.iter().zip(&new) {
                alternatives(
                    comparison,
                    sides,
                    (&each(old), Some(old)),
                    (&each(new), Some(new)),
                );
                exclusivity(sides, old, new);
            }
            for union in old.iter().skip(new.len()) {
                let what = format!("{} removed", union_name(union));
                sides.note(&rules::COMPOSITION_REMOVED, Some(union.node), None, what);
            }
            for union in new.iter().skip(old.len()) {
                let what = format!("{} added", union_name(union));
                sides.note(&rules::COMPOSITION_ADDED, None, Some(union.node), what);
            }
            true
        }
    }
}

fn alternatives<'a>(
    comparison: &mut Comparison<'_, 'a>,
    sides: &mut Sides<'_, 'a>,
    (old, old_union): (&[Vec<&'a Node>], Option<&Union<'a>>),
    (new, new_union): (&[Vec<&'a Node>], Option<&Union<'a>>),
) {
    let matched = matched(comparison, old, new);
    let keyword = new_union.or(old_union).map_or("oneOf", union_name);
    let describe = |alternative: &[&'a Node]| match alternative {
        [first, ..] => match component_name(first) {
            Some(name) => format!("`{name}`"),
            None => excerpt(&first.to_value().to_string()),
        },
        [] => "any value".to_owned(),
    };
    for (index, alternative) in old.iter().enumerate() {
        let counterpart = matched
            .iter()
            .find(|(old, _)| *old == index)
            .and_then(|(_, new_index)| new.get(*new_index));
        match counterpart {
            Some(counterpart) => comparison.child(
                Site::new(alternative.clone(), sides.base_site),
                Site::new(counterpart.clone(), sides.revision_site),
            ),
            None => sides.note(
                &rules::ALTERNATIVE_REMOVED,
                alternative.first().copied(),
                new_union.map(|union| union.node),
                format!("{keyword} alternative {} removed", describe(alternative)),
            ),
        }
    }
    for (index, alternative) in new.iter().enumerate() {
        if !matched.iter().any(|(_, new)| *new == index) {
            sides.note(
                &rules::ALTERNATIVE_ADDED,
                old_union.map(|union| union.node),
                alternative.first().copied(),
                format!("{keyword} alternative {} added", describe(alternative)),
            );
        }
    }
}

/// Which alternative of the base is which one of the revision: those that refer to the same
/// component, then those that are equal, then those that look alike.
fn matched<'a>(
    comparison: &mut Comparison<'_, 'a>,
    old: &[Vec<&'a Node>],
    new: &[Vec<&'a Node>],
) -> Vec<(usize, usize)> {
    let mut matched: Vec<(usize, usize)> = Vec::new();
    let name = |alternative: &[&'a Node]| match alternative {
        [alone] => component_name(alone),
        _ => None,
    };
    let mut take = |fit: &mut dyn FnMut(&[&'a Node], &[&'a Node]) -> bool| {
        for (i, a) in old.iter().enumerate() {
            for (j, b) in new.iter().enumerate() {
                let free = !matched.iter().any(|(old, new)| *old == i || *new == j);
                if free && fit(a, b) {
                    matched.push((i, j));
                }
            }
        }
    };
    take(&mut |a, b| name(a).is_some() && name(a) == name(b));
    if comparison.is_for_sameness() {
        // Alternatives of alternatives are the same if they are in the same order: to try all
        // orders at each level would take for ever.
        for index in 0..old.len().min(new.len()) {
            let free = !matched.iter().any(|(i, j)| *i == index || *j == index);
            matched.extend(free.then_some((index, index)));
        }
        return matched;
    }
    take(&mut |a, b| same(comparison, a, b));
    take(&mut |a, b| {
        let base = Effective::of(comparison.specs.0, a);
        let revision = Effective::of(comparison.specs.1, b);
        alike(&base, &revision)
    });
    matched
}

/// Whether schemas say the same, words aside. Where just that is asked of what holds them, they are
/// among what is to be compared for it.
fn same<'a>(comparison: &mut Comparison<'_, 'a>, base: &[&'a Node], revision: &[&'a Node]) -> bool {
    if comparison.is_for_sameness() {
        comparison.child(Site::new(base.to_vec(), 0), Site::new(revision.to_vec(), 0));
        return true;
    }
    let mut scratch = Schemas::for_sameness();
    let (base, revision) = (base.to_vec(), revision.to_vec());
    scratch.root(
        comparison.specs,
        None,
        (comparison.direction, ""),
        Site::new(base, 0),
        Site::new(revision, 0),
    );
    scratch
        .compare(comparison.specs)
        .iter()
        .all(|found| found.rule.wire <= rules::Wire::Docs)
}

/// Compares what tells alternatives apart.
pub(super) fn discriminators<'a>(comparison: &mut Comparison<'_, 'a>, sides: &mut Sides<'_, 'a>) {
    let (old, new) = (
        sides.base.first("discriminator"),
        sides.revision.first("discriminator"),
    );
    let name = |node: &Node| show(node.get("propertyName").unwrap_or(node));
    match (old, new) {
        (None, Some(node)) => {
            let what = format!("discriminator {} added", name(node));
            sides.note(&rules::DISCRIMINATOR_ADDED, None, new, what);
        }
        (Some(node), None) => {
            let what = format!("discriminator {} removed", name(node));
            sides.note(&rules::DISCRIMINATOR_REMOVED, old, None, what);
        }
        (Some(before), Some(after)) if name(before) != name(after) => {
            let what = format!(
                "discriminator changed from {} to {}; this cannot be shown to be compatible",
                name(before),
                name(after)
            );
            sides.note(&rules::DISCRIMINATOR_CHANGED, old, new, what);
        }
        (Some(before), Some(after)) => mappings(comparison, sides, before, after),
        (None, None) => {}
    }
}

/// The name of the component that a discriminator's value leads to.
fn name_of_target(node: &Node) -> &str {
    let text = node.text().unwrap_or_default();
    text.rsplit('/').next().unwrap_or(text)
}

/// Whether the targets of a discriminator's value are neither the same component nor alike.
fn leads_elsewhere(comparison: &mut Comparison<'_, '_>, old: &Node, new: &Node) -> bool {
    let (before, after) = (name_of_target(old), name_of_target(new));
    if before == after {
        return false;
    }
    let (base, revision) = comparison.specs;
    match (
        base.component("schemas", before),
        revision.component("schemas", after),
    ) {
        (Some(old), Some(new)) => !same(comparison, &[old], &[new]),
        _ => true,
    }
}

fn mappings<'a>(
    comparison: &mut Comparison<'_, 'a>,
    sides: &mut Sides<'_, 'a>,
    before: &'a Node,
    after: &'a Node,
) {
    let entries = |node: &'a Node| node.get("mapping").map(Node::entries).unwrap_or_default();
    // The name of a component leads to it without being listed.
    let is_implied = |value: &str, to: &Node| name_of_target(to) == value;
    for (value, to) in entries(before) {
        let now = entries(after).iter().find(|(other, _)| other == value);
        match now {
            None if is_implied(value, to) => {}
            None => {
                let what = format!("discriminator value `{value}` removed");
                sides.note(
                    &rules::DISCRIMINATOR_VALUE_REMOVED,
                    Some(to),
                    Some(after),
                    what,
                );
            }
            Some((_, new)) if leads_elsewhere(comparison, to, new) => {
                let what = format!(
                    "discriminator value `{value}` changed {}; this cannot be shown to be compatible",
                    from_to(to, new)
                );
                sides.note(&rules::DISCRIMINATOR_CHANGED, Some(to), Some(new), what);
            }
            Some(_) => {}
        }
    }
    for (value, to) in entries(after) {
        let is_new = !entries(before).iter().any(|(other, _)| other == value);
        if is_new && !is_implied(value, to) {
            let what = format!("discriminator value `{value}` added");
            sides.note(
                &rules::DISCRIMINATOR_VALUE_ADDED,
                Some(before),
                Some(to),
                what,
            );
        }
    }
}

/// Compares what a value must not fit.
pub(super) fn not<'a>(comparison: &mut Comparison<'_, 'a>, sides: &mut Sides<'_, 'a>) {
    let nots = |effective: &Effective<'a>| effective.all("not").collect::<Vec<_>>();
    let (old, new) = (nots(sides.base), nots(sides.revision));
    match (old.as_slice(), new.as_slice()) {
        ([], []) => {}
        ([], [node, ..]) => {
            let what = format!("`not` {} added", show(node));
            sides.note(&rules::COMPOSITION_ADDED, None, Some(node), what);
        }
        ([node, ..], []) => {
            let what = format!("`not` {} removed", show(node));
            sides.note(&rules::COMPOSITION_REMOVED, Some(node), None, what);
        }
        ([before, ..], [after, ..]) => {
            if !same(comparison, &old, &new) {
                let what = format!(
                    "`not` changed {}; this cannot be shown to be compatible",
                    from_to(before, after)
                );
                sides.note(&rules::NOT_CHANGED, Some(before), Some(after), what);
            }
        }
    }
}

/// Unions of the revision, those first that have most in common with the ones of the base.
fn in_order_of<'a>(old: &[Union<'a>], new: &[Union<'a>]) -> Vec<Union<'a>> {
    let mut left = new.to_vec();
    let mut ordered = Vec::new();
    for union in old {
        let in_common = |other: &Union<'a>| {
            let items = union.node.items().iter();
            items
                .filter(|item| other.node.items().contains(item))
                .count()
        };
        let best = (0..left.len())
            .rev()
            .max_by_key(|index| left.get(*index).map(in_common));
        ordered.extend(best.map(|index| left.remove(index)));
    }
    ordered.append(&mut left);
    ordered
}

fn each<'a>(union: &Union<'a>) -> Vec<Vec<&'a Node>> {
    union.node.items().iter().map(|item| vec![item]).collect()
}

fn union_name(union: &Union<'_>) -> &'static str {
    if union.exclusive { "oneOf" } else { "anyOf" }
}

fn exclusivity<'a>(sides: &mut Sides<'_, 'a>, old: &Union<'a>, new: &Union<'a>) {
    let rule = match (old.exclusive, new.exclusive) {
        (false, true) => &rules::ALTERNATIVES_EXCLUSIVE,
        (true, false) => &rules::ALTERNATIVES_SHARED,
        _ => return,
    };
    let what = format!("{} became {}", union_name(old), union_name(new));
    sides.note(rule, Some(old.node), Some(new.node), what);
}

/// Compares alternatives with a schema that any value fits.
pub(super) fn and_any(sides: &mut Sides<'_, '_>, base_is_any: bool) {
    let (rule, what): (&'static SchemaRule, _) = if base_is_any {
        (
            &rules::TYPE_NARROWED,
            "type changed from any to one of some alternatives (oneOf or anyOf)",
        )
    } else {
        (
            &rules::TYPE_WIDENED,
            "type changed from one of some alternatives (oneOf or anyOf) to any",
        )
    };
    sides.note(rule, None, None, what);
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
    let tags = |effective: &Effective<'_>, name: &str| {
        let property = effective.all("properties").find_map(|it| it.get(name));
        property
            .and_then(|it| it.get("enum"))
            .map(|it| it.items().to_vec())
    };
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
