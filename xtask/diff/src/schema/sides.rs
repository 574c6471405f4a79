//! What the schemas of one value say in the base and in the revision: the context of their comparison.

use xtask_spec::Node;

use super::decide::Provers;
use super::effective::Effective;
use super::pairs::SitePair;
use super::site::{Direction, Site};
use crate::context::{MaybeNodes, Specs};
use crate::finding::{Finding, Sites};
use crate::inclusion::Shown;
use crate::rules::{Rule, SchemaRule};

/// The schemas of one value.
#[derive(Debug)]
pub(super) struct Sides<'p, 's, 'a> {
    pub(super) specs: Specs<'s, 'a>,
    pub(super) direction: Direction,
    pub(super) provers: &'p mut Provers<'s, 'a>,
    pub(super) base: Effective<'a>,
    pub(super) revision: Effective<'a>,
    /// Where the schemas stand, for what has no place of its own.
    pub(super) sites: Sites,
    pub(super) findings: Vec<Finding>,
    /// The schemas of inner values and alternatives, which are to be compared as well.
    pub(super) children: Vec<SitePair<'a>>,
}

impl<'a> Sides<'_, '_, 'a> {
    /// What both sides say of something.
    pub(super) fn both<T>(&self, of: impl Fn(&Effective<'a>) -> T) -> (T, T) {
        (of(&self.base), of(&self.revision))
    }

    /// The outermost values of a keyword.
    pub(super) fn first(&self, keyword: &str) -> MaybeNodes<'a> {
        self.both(|it| it.first(keyword))
    }

    /// Notes a change at the places of its keywords, where they are there.
    pub(super) fn note(
        &mut self,
        rule: &'static SchemaRule,
        places: MaybeNodes<'_>,
        message: impl Into<String>,
    ) {
        self.note_plain(self.direction.rule(rule), places, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.schema_rule = Some(rule);
        }
    }

    /// The same of a rule that doesn't depend on the direction.
    pub(super) fn note_plain(
        &mut self,
        rule: &'static Rule,
        (base, revision): MaybeNodes<'_>,
        message: impl Into<String>,
    ) {
        let at = |node: Option<&Node>, site| node.map_or(site, |node| node.id);
        let sites = (at(base, self.sites.0), at(revision, self.sites.1));
        self.findings.push(Finding::new(rule, sites, message));
    }

    pub(super) fn child(&mut self, base: Vec<&'a Node>, revision: Vec<&'a Node>) {
        let base = Site::new(base, self.sites.0);
        self.children
            .push((base, Site::new(revision, self.sites.1)));
    }

    /// Whether schemas have the same values.
    pub(super) fn same(&mut self, base: &[&'a Node], revision: &[&'a Node]) -> bool {
        let shown = self.provers.shown(self.direction, base, revision);
        shown == Shown::Equal
    }
}
