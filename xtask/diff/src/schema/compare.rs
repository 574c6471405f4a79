//! One pair of schemas after the other.

use super::decide::Provers;
use super::effective::Effective;
use super::pairs::{Pairs, Roots};
use super::sides::Sides;
use super::{alternatives, decide, discriminator, keywords, limits, properties, words};
use crate::context::Specs;
use crate::finding::{Finding, Sites};

/// What has changed about the schemas.
#[derive(Debug)]
pub(crate) struct Schemas {
    pub(crate) findings: Vec<Finding>,
    /// The components of the base that go by another name in the revision.
    pub(crate) renamed: Vec<Sites>,
}

/// Compares the schemas that operations lead to, and those that these lead to.
pub(crate) fn all<'a>(specs: Specs<'_, 'a>, roots: Roots<'a>) -> Schemas {
    let mut pairs = Pairs::of(specs, roots);
    let mut provers = Provers::new(specs);
    let renamed = follow(specs, &mut provers, &mut pairs);
    decide::all(specs, &mut provers, &mut pairs);
    Schemas {
        renamed,
        findings: pairs.findings(),
    }
}

/// Compares pairs until there are no more.
fn follow<'s, 'a>(
    specs: Specs<'s, 'a>,
    provers: &mut Provers<'s, 'a>,
    pairs: &mut Pairs<'a>,
) -> Vec<Sites> {
    let mut number = 0;
    while let Some((sites, direction)) = pairs.get(number) {
        let mut sides = Sides {
            specs,
            direction,
            provers,
            base: Effective::of(specs.0, &sites.0.schemas),
            revision: Effective::of(specs.1, &sites.1.schemas),
            sites: (sites.0.id, sites.1.id),
            findings: Vec::new(),
            children: Vec::new(),
        };
        if sides.base.unions.len() != sides.revision.unions.len() {
            sides.base.take_choices_of_one(specs.0);
            sides.revision.take_choices_of_one(specs.1);
        }
        compare(&mut sides);
        pairs.done(specs, number, (sides.findings, sides.children));
        number += 1;
    }
    pairs.renamed.iter().copied().collect()
}

fn compare(sides: &mut Sides<'_, '_, '_>) {
    words::compare(sides);
    keywords::default(sides);
    keywords::unknown(sides);
    discriminator::compare(sides);
    let (base, revision) = sides.both(|it| (it.is_any(), it.unions.is_empty()));
    let is_typed = |side: &Effective<'_>| side.types().is_some();
    if (base.0 && !revision.1) || (revision.0 && !base.1) {
        alternatives::and_any(sides);
    } else if base.0 != revision.0 && (is_typed(&sides.base) || is_typed(&sides.revision)) {
        // Whatever is said besides, says less than that anything goes.
        keywords::types(sides);
    } else if alternatives::compare(sides) {
        keywords(sides);
    } else {
        keywords::null(sides);
    }
}

fn keywords(sides: &mut Sides<'_, '_, '_>) {
    keywords::null(sides);
    let types = keywords::types(sides);
    if types == keywords::Types::Apart {
        return;
    }
    keywords::format(sides);
    keywords::values(sides);
    keywords::pattern(sides);
    limits::compare(sides);
    alternatives::not(sides);
    // What any type may be has no properties to lose or to gain.
    let inner = sides.both(Effective::has_inner);
    if types == keywords::Types::Shared || inner == (true, true) {
        properties::compare(sides);
    }
}
