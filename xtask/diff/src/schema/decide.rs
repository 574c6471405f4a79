//! The verdict on each pair of schemas: what keywords explain, inclusion decides.

use xtask_spec::{Difference, Node, Spec, fields, same};

use super::pairs::{Pair, Pairs};
use super::site::Direction;
use crate::context::Specs;
use crate::finding::Finding;
use crate::inclusion::{Message, Prover, Shown};
use crate::rules::{self, Rule, SchemaRule, Wire};

/// One prover for each direction.
#[derive(Debug)]
pub(super) struct Provers<'s, 'a>([Prover<'s, 'a>; 3]);

impl<'s, 'a> Provers<'s, 'a> {
    pub(super) fn new((base, revision): (&'s Spec<'a>, &'s Spec<'a>)) -> Self {
        let of = |request, text| Message { request, text };
        Self([
            Prover::new(of(true, false), base, revision),
            Prover::new(of(true, true), base, revision),
            Prover::new(of(false, false), revision, base),
        ])
    }

    fn of(&mut self, direction: Direction) -> &mut Prover<'s, 'a> {
        let [request, parameter, response] = &mut self.0;
        match direction {
            Direction::Request => request,
            Direction::Parameter => parameter,
            Direction::Response => response,
        }
    }

    /// Compares schemas as sets of values, in the direction in which the values are sent.
    pub(super) fn shown(
        &mut self,
        direction: Direction,
        base: &[&'a Node],
        revision: &[&'a Node],
    ) -> Shown {
        let (sent, read) = in_order(direction, base, revision);
        self.of(direction).shown(sent, read)
    }

    fn of_pair(&mut self, pair: &Pair<'a>) -> Shown {
        let (base, revision) = &pair.sites;
        self.shown(pair.direction, &base.schemas, &revision.schemas)
    }

    fn witness(&mut self, pair: &Pair<'a>) -> Option<String> {
        let (base, revision) = &pair.sites;
        let (sent, read) = in_order(pair.direction, &base.schemas, &revision.schemas);
        let value = self.of(pair.direction).witness(sent, read)?;
        Some(value.to_string())
    }
}

/// The one who sends, then the one who reads.
fn in_order<T>(direction: Direction, base: T, revision: T) -> (T, T) {
    match direction {
        Direction::Request | Direction::Parameter => (base, revision),
        Direction::Response => (revision, base),
    }
}

/// Gives each finding its verdict, and adds one where nothing explains what has changed.
pub(super) fn all<'a>(specs: Specs<'_, 'a>, provers: &mut Provers<'_, 'a>, pairs: &mut Pairs<'a>) {
    // The innermost first, so that the way to what is not known yet is short.
    let mut own: Vec<Shown> = pairs
        .list
        .iter()
        .rev()
        .map(|pair| provers.of_pair(pair))
        .collect();
    own.reverse();
    let parents = pairs.parents();
    let shown = seen_from_above(pairs, &own);
    let (mut explained, mut told) = (vec![false; pairs.list.len()], vec![false; pairs.list.len()]);
    for number in 0..pairs.list.len() {
        let Some((pair, shown)) = pairs.list.get_mut(number).zip(shown.get(number)) else {
            continue;
        };
        for finding in &mut pair.findings {
            settle(finding, pair.direction, *shown);
        }
        // Both schemas, or those that hold them, have the same values.
        pair.findings
            .retain(|it| *shown > Shown::Equal || it.schema_rule.is_none() || it.stands);
        if pair.findings.iter().any(|it| it.schema_rule.is_some()) {
            mark(&parents, &mut told, number);
        }
        if *shown == Shown::Nothing && pair.findings.iter().any(is_break) {
            let witness = provers.witness(pair);
            for finding in pair.findings.iter_mut().filter(|it| is_break(it)) {
                finding.witness.clone_from(&witness);
            }
            mark(&parents, &mut explained, number);
        }
    }
    for (number, pair) in pairs.list.iter_mut().enumerate() {
        // A component that inherits from a parent is one of its values, wherever it stands.
        if shown.get(number) == Some(&Shown::Within)
            && told.get(number) == Some(&false)
            && is_parent(pair)
        {
            note(
                pair,
                &rules::SCHEMA_CHANGED.fine,
                "has one more kind, or one less, by inheritance",
                None,
            );
        }
    }
    // The innermost first: what is explained there needs no explanation further out.
    for number in (0..pairs.list.len()).rev() {
        let is_open = shown.get(number) == Some(&Shown::Nothing);
        let Some(pair) = pairs.list.get_mut(number).filter(|_| is_open) else {
            continue;
        };
        if explained.get(number) == Some(&false) && explain(specs, provers, pair) {
            mark(&parents, &mut explained, number);
        }
    }
}

/// What is shown of each pair by itself or by those that hold it: where a message as a whole is fine, so is
/// all that is in it.
fn seen_from_above(pairs: &Pairs<'_>, own: &[Shown]) -> Vec<Shown> {
    let mut shown = vec![Shown::Equal; own.len()];
    let roots = pairs
        .list
        .iter()
        .enumerate()
        .filter(|(_, pair)| !pair.uses.is_empty());
    let mut open: Vec<(usize, Shown)> = roots.map(|(root, _)| (root, Shown::Nothing)).collect();
    while let Some((number, above)) = open.pop() {
        let own = own.get(number).copied().unwrap_or(Shown::Nothing);
        if let Some((shown, pair)) = shown.get_mut(number).zip(pairs.list.get(number))
            && above.min(own) > *shown
        {
            *shown = above.min(own);
            open.extend(pair.children.iter().map(|child| (*child, *shown)));
        }
    }
    shown
}

fn is_break(finding: &Finding) -> bool {
    finding.schema_rule.is_some() && finding.rule.wire == Wire::Breaking
}

/// Lets what is shown decide, but where policy does.
fn settle(finding: &mut Finding, direction: Direction, shown: Shown) {
    let is_decided = finding.schema_rule.filter(|rule| !rule.is_policy);
    if let Some(rule) = is_decided
        && is_break(finding)
        && !finding.stands
        && shown < Shown::Nothing
    {
        finding.rule = of(direction, &rule.fine);
    }
}

/// Notes that a pair breaks though no keyword says so. Whether it does.
fn explain<'a>(specs: Specs<'_, 'a>, provers: &mut Provers<'_, 'a>, pair: &mut Pair<'a>) -> bool {
    let witness = provers.witness(pair);
    let rules = |rule: &'static SchemaRule| match witness {
        Some(_) => of(pair.direction, &rule.refuted),
        None => of(pair.direction, &rule.open),
    };
    let mut is_explained = false;
    for finding in &mut pair.findings {
        if let Some(rule) = finding.schema_rule.filter(|rule| !rule.is_policy) {
            finding.rule = rules(rule);
            finding.witness.clone_from(&witness);
            is_explained = true;
        }
    }
    if is_explained {
        return true;
    }
    let (base, revision) = &pair.sites;
    let is_same = match (base.schemas.as_slice(), revision.schemas.as_slice()) {
        ([old], [new]) => same(
            specs,
            Difference::Meaning,
            &fields::SCHEMA_OR_REFERENCE,
            (*old, *new),
        ),
        (old, new) => old.is_empty() && new.is_empty(),
    };
    if witness.is_none() && is_same {
        return false;
    }
    let rule = &rules::SCHEMA_CHANGED;
    let what = match pair.direction {
        Direction::Response => "may have values that it could not have",
        Direction::Request | Direction::Parameter => "may not have values that it could have",
    };
    let rules = if witness.is_some() {
        &rule.refuted
    } else {
        &rule.open
    };
    note(pair, rules, what, witness);
    true
}

/// Notes what no keyword says.
fn note(pair: &mut Pair<'_>, rules: &'static [Rule; 2], what: &str, witness: Option<String>) {
    let sites = (pair.sites.0.id, pair.sites.1.id);
    let mut finding = Finding::new(of(pair.direction, rules), sites, what);
    finding.schema_rule = Some(&rules::SCHEMA_CHANGED);
    finding.witness = witness;
    pair.findings.push(finding);
}

/// Whether a schema stands for others by a discriminator.
fn is_parent(pair: &Pair<'_>) -> bool {
    let (base, revision) = (&pair.sites.0.schemas, &pair.sites.1.schemas);
    let mut schemas = base.iter().chain(revision);
    let has = |schema: &Node, keyword| schema.get(keyword).is_some();
    schemas.any(|it| has(it, "discriminator") && !has(it, "oneOf") && !has(it, "anyOf"))
}

fn of(direction: Direction, rules: &'static [Rule; 2]) -> &'static Rule {
    let [request, response] = rules;
    match direction {
        Direction::Request | Direction::Parameter => request,
        Direction::Response => response,
    }
}

/// Marks a pair and all that hold it.
fn mark(parents: &[Vec<usize>], explained: &mut [bool], number: usize) {
    let mut open = vec![number];
    while let Some(number) = open.pop() {
        if let Some(is_explained) = explained.get_mut(number).filter(|it| !**it) {
            *is_explained = true;
            open.extend(parents.get(number).into_iter().flatten());
        }
    }
}
