//! The pairs of schemas to compare. Each is compared once however many operations lead to it, and
//! the list ends for schemas that hold themselves.

use std::collections::{BTreeSet, HashMap};

use xtask_spec::{Node, NodeId};

use super::site::{Direction, Site};
use crate::context::Specs;
use crate::finding::{Finding, Sites};

/// Schemas in the same place of both documents.
pub(super) type SitePair<'a> = (Site<'a>, Site<'a>);

/// The pairs of schemas that operations lead to directly.
#[derive(Debug, Default)]
pub(crate) struct Roots<'a> {
    /// The number of the operation that is being compared.
    pub(crate) operation: usize,
    roots: Vec<Root<'a>>,
}

#[derive(Debug)]
struct Root<'a> {
    operation: usize,
    message: String,
    direction: Direction,
    sites: SitePair<'a>,
}

impl<'a> Roots<'a> {
    /// Notes that the operation has a schema in a message where the base has another.
    pub(crate) fn add(&mut self, direction: Direction, message: &str, sites: SitePair<'a>) {
        self.roots.push(Root {
            operation: self.operation,
            message: message.to_owned(),
            direction,
            sites,
        });
    }
}

#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) sites: SitePair<'a>,
    pub(super) direction: Direction,
    pub(super) children: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    /// The operations that lead here directly, with the messages.
    pub(super) uses: Vec<(usize, String)>,
}

/// The pairs that are known so far.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    pub(super) list: Vec<Pair<'a>>,
    known: HashMap<(Vec<NodeId>, Vec<NodeId>, Direction), usize>,
    /// The components of the base that go by another name in the revision.
    pub(super) renamed: BTreeSet<Sites>,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(specs: Specs<'_, 'a>, roots: Roots<'a>) -> Self {
        let mut pairs = Self::default();
        for root in roots.roots {
            let number = pairs.add(specs, root.direction, root.sites);
            if let Some(pair) = pairs.list.get_mut(number) {
                pair.uses.push((root.operation, root.message));
            }
        }
        pairs
    }

    /// The number of a pair. Where both refer to a component of the same name, the change is in the
    /// component; else it is in the place that refers.
    pub(super) fn add(
        &mut self,
        specs: Specs<'_, 'a>,
        direction: Direction,
        mut sites: SitePair<'a>,
    ) -> usize {
        if let ([old], [new]) = (sites.0.schemas.as_slice(), sites.1.schemas.as_slice())
            && let (Some(old_name), Some(new_name)) = (component_name(old), component_name(new))
        {
            let (old, new) = (specs.0.resolve(old), specs.1.resolve(new));
            if old_name != new_name {
                self.renamed.insert((old.id, new.id));
            }
            sites = (Site::of(Some(old), old.id), Site::of(Some(new), new.id));
        }
        let key = (sites.0.ids(), sites.1.ids(), direction);
        *self.known.entry(key).or_insert_with(|| {
            self.list.push(Pair {
                sites,
                direction,
                children: Vec::new(),
                findings: Vec::new(),
                uses: Vec::new(),
            });
            self.list.len() - 1
        })
    }

    pub(super) fn get(&self, number: usize) -> Option<(SitePair<'a>, Direction)> {
        let pair = self.list.get(number)?;
        Some((pair.sites.clone(), pair.direction))
    }

    /// Notes what was found about a pair, and which pairs it leads to.
    pub(super) fn done(
        &mut self,
        specs: Specs<'_, 'a>,
        number: usize,
        (findings, children): (Vec<Finding>, Vec<SitePair<'a>>),
    ) {
        let Some(direction) = self.list.get(number).map(|pair| pair.direction) else {
            return;
        };
        let children = children.into_iter();
        let children: Vec<usize> = children.map(|it| self.add(specs, direction, it)).collect();
        if let Some(pair) = self.list.get_mut(number) {
            pair.findings = findings;
            pair.children = children;
        }
    }

    /// The pairs that lead to each.
    pub(super) fn parents(&self) -> Vec<Vec<usize>> {
        let mut parents: Vec<Vec<usize>> = vec![Vec::new(); self.list.len()];
        for (number, pair) in self.list.iter().enumerate() {
            for child in &pair.children {
                if let Some(parents) = parents.get_mut(*child) {
                    parents.push(number);
                }
            }
        }
        parents
    }

    /// All that was found, with the operations that it touches.
    pub(super) fn findings(self) -> Vec<Finding> {
        let parents = self.parents();
        let mut all = Vec::new();
        for (number, pair) in self.list.iter().enumerate() {
            if pair.findings.is_empty() {
                continue;
            }
            let (mut operations, mut uses) = (BTreeSet::new(), BTreeSet::new());
            let mut seen = BTreeSet::from([number]);
            let mut open = vec![number];
            while let Some(at) = open.pop() {
                for (operation, message) in self.list.get(at).iter().flat_map(|it| &it.uses) {
                    operations.insert(*operation);
                    uses.insert(message.clone());
                }
                let above = parents.get(at).into_iter().flatten();
                open.extend(above.copied().filter(|parent| seen.insert(*parent)));
            }
            all.extend(pair.findings.iter().map(|finding| Finding {
                operations: operations.clone(),
                uses: uses.clone(),
                ..finding.clone()
            }));
        }
        all
    }
}

/// The name of the component that a value refers to.
pub(super) fn component_name(node: &Node) -> Option<&str> {
    let target = node.reference()?.strip_prefix("#/components/")?;
    target.split('/').nth(1)
}
