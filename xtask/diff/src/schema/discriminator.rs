//! Discriminators, which tell alternatives apart.

use xtask_spec::Node;

use super::sides::Sides;
use crate::context::Nodes;
use crate::excerpt::{from_to, show};
use crate::paired::{Paired, paired};
use crate::rules;

pub(super) fn compare(sides: &mut Sides<'_, '_, '_>) {
    let places = sides.first("discriminator");
    let name = |node: &Node| show(node.get("propertyName").unwrap_or(node));
    let (rule, what) = match places {
        (None, Some(new)) => (&rules::DISCRIMINATOR_ADDED, format!("{} added", name(new))),
        (Some(old), None) => (
            &rules::DISCRIMINATOR_REMOVED,
            format!("{} removed", name(old)),
        ),
        (Some(old), Some(new)) if name(old) != name(new) => {
            let change = format!("changed from {} to {}", name(old), name(new));
            let what = format!("{change}; this cannot be shown to be compatible");
            (&rules::DISCRIMINATOR_CHANGED, what)
        }
        (Some(old), Some(new)) => return mappings(sides, (old, new)),
        (None, None) => return,
    };
    sides.note(rule, places, format!("discriminator {what}"));
}

fn mappings<'a>(sides: &mut Sides<'_, '_, 'a>, (old, new): Nodes<'a>) {
    // The name of a component leads to it without being listed.
    let is_implied = |value: &str, to: &Node| target(to) == value;
    for pair in paired(old.map("mapping"), new.map("mapping"), |(value, _)| value) {
        let (value, (rule, places, change)) = match pair {
            Paired::Removed((value, to)) if !is_implied(value, to) => {
                let rule = &rules::DISCRIMINATOR_VALUE_REMOVED;
                (value, (rule, (Some(to), Some(new)), "removed".to_owned()))
            }
            Paired::Added((value, to)) if !is_implied(value, to) => {
                let rule = &rules::DISCRIMINATOR_VALUE_ADDED;
                (value, (rule, (Some(old), Some(to)), "added".to_owned()))
            }
            Paired::Both((value, from), (_, to)) if leads_elsewhere(sides, (from, to)) => {
                let change = from_to(from, to);
                let change = format!("changed {change}; this cannot be shown to be compatible");
                let rule = &rules::DISCRIMINATOR_CHANGED;
                (value, (rule, (Some(from), Some(to)), change))
            }
            _ => continue,
        };
        sides.note(
            rule,
            places,
            format!("discriminator value `{value}` {change}"),
        );
    }
}

/// The name of the component that a discriminator's value leads to.
fn target(node: &Node) -> &str {
    let text = node.text().unwrap_or_default();
    text.rsplit('/').next().unwrap_or(text)
}

/// Whether the targets of a discriminator's value are neither the same component nor alike.
fn leads_elsewhere(sides: &mut Sides<'_, '_, '_>, (old, new): Nodes<'_>) -> bool {
    let (before, after) = (target(old), target(new));
    if before == after {
        return false;
    }
    let (base, revision) = sides.specs;
    match (
        base.component("schemas", before),
        revision.component("schemas", after),
    ) {
        (Some(old), Some(new)) => !sides.same(&[old], &[new]),
        _ => true,
    }
}
