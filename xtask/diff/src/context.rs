//! What is compared, and what was found: the context of each comparison.

use std::collections::BTreeSet;

use xtask_spec::fields::{self, Object};
use xtask_spec::{Data, Difference, Node, Spec, same};

use crate::excerpt::{from_to, show};
use crate::finding::{Finding, Sites};
use crate::paired::{Paired, paired};
use crate::rules::{self, Rule};

/// The base and the revision.
pub(crate) type Specs<'s, 'a> = (&'s Spec<'a>, &'s Spec<'a>);

/// Values in the same place of the base and of the revision.
pub(crate) type Nodes<'a> = (&'a Node, &'a Node);

/// The same, where one of them may be absent.
pub(crate) type MaybeNodes<'a> = (Option<&'a Node>, Option<&'a Node>);

/// Both documents, and what was found to differ in one of their parts.
#[derive(Debug)]
pub(crate) struct Context<'s, 'a> {
    pub(crate) specs: Specs<'s, 'a>,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) fn ids((old, new): Nodes<'_>) -> Sites {
    (old.id, new.id)
}

/// The values of a field.
pub(crate) fn values<'a>((old, new): Nodes<'a>, field: &str) -> MaybeNodes<'a> {
    (old.get(field), new.get(field))
}

/// Whether a field is `true`.
pub(crate) fn flags((old, new): Nodes<'_>, field: &str) -> (bool, bool) {
    (old.flag(field), new.flag(field))
}

impl<'s, 'a> Context<'s, 'a> {
    pub(crate) fn new(specs: Specs<'s, 'a>) -> Self {
        Self {
            specs,
            findings: Vec::new(),
        }
    }

    /// Values with references followed.
    pub(crate) fn resolve(&self, (old, new): Nodes<'a>) -> Nodes<'a> {
        (self.specs.0.resolve(old), self.specs.1.resolve(new))
    }

    pub(crate) fn note(&mut self, rule: &'static Rule, sites: Sites, message: impl Into<String>) {
        self.findings.push(Finding::new(rule, sites, message));
    }

    /// Puts a name before the messages of all that is found by a comparison.
    pub(crate) fn within(&mut self, name: &str, compare: impl FnOnce(&mut Self)) {
        let first = self.findings.len();
        compare(self);
        for finding in self.findings.iter_mut().skip(first) {
            finding.message = format!("{name}: {}", finding.message);
        }
    }

    /// Notes that a flag was set or unset.
    pub(crate) fn switched(
        &mut self,
        (old, new): (bool, bool),
        [(set, set_to), (unset, unset_to)]: [(&'static Rule, &str); 2],
        name: &str,
        sites: Sites,
    ) {
        match (old, new) {
            (false, true) => self.note(set, sites, format!("{name} {set_to}")),
            (true, false) => self.note(unset, sites, format!("{name} {unset_to}")),
            _ => {}
        }
    }

    /// Notes that a value was added, removed or changed.
    pub(crate) fn changed(
        &mut self,
        name: &str,
        rule: &'static Rule,
        (old, new): MaybeNodes<'_>,
        sites: Sites,
    ) {
        // An empty list says as much as none.
        let said = |node: &&Node| !matches!(&node.data, Data::List(items) if items.is_empty());
        let message = match (old.filter(said), new.filter(said)) {
            (None, Some(new)) => format!("{name} added: {}", show(new)),
            (Some(old), None) => format!("{name} removed: {}", show(old)),
            (Some(old), Some(new)) if old != new => {
                format!("{name} changed {}", from_to(old, new))
            }
            _ => return,
        };
        let at = |node: Option<&Node>, site| node.map_or(site, |node| node.id);
        self.note(rule, (at(old, sites.0), at(new, sites.1)), message);
    }

    /// The same of fields of an object, each with its rule.
    pub(crate) fn fields(&mut self, fields: &[(&str, &'static Rule)], nodes: Nodes<'_>) {
        for (field, rule) in fields {
            self.changed(field, rule, values(nodes, field), ids(nodes));
        }
    }

    /// Compares what is said about an object in words.
    pub(crate) fn words(&mut self, nodes: Nodes<'_>) {
        self.words_but(nodes, &[]);
    }

    /// The same, but for extensions that have rules of their own.
    pub(crate) fn words_but(&mut self, nodes: Nodes<'_>, apart: &[&str]) {
        self.fields(
            &[
                ("title", &rules::DESCRIPTION_CHANGED),
                ("summary", &rules::DESCRIPTION_CHANGED),
                ("description", &rules::DESCRIPTION_CHANGED),
                ("externalDocs", &rules::EXTERNAL_DOCS_CHANGED),
            ],
            nodes,
        );
        self.extensions(nodes, apart);
    }

    /// Compares the extensions of an object, but for some.
    pub(crate) fn extensions(&mut self, nodes: Nodes<'_>, apart: &[&str]) {
        for field in field_names(nodes) {
            if fields::is_extension(field) && !apart.contains(&field) {
                let name = format!("extension `{field}`");
                let rule = &rules::EXTENSION_CHANGED;
                self.changed(&name, rule, values(nodes, field), ids(nodes));
            }
        }
    }

    /// Compares the fields that OpenAPI 3.0 doesn't have, which may mean anything.
    pub(crate) fn unknown_fields(&mut self, object: &Object, nodes: Nodes<'_>) {
        for field in field_names(nodes) {
            if object.field(field).is_none() && !fields::is_extension(field) && field != "$ref" {
                let name = format!("unknown field `{field}`");
                let rule = &rules::FIELD_CHANGED;
                self.changed(&name, rule, values(nodes, field), ids(nodes));
            }
        }
    }

    /// Compares the examples of a parameter, a header or a media type.
    pub(crate) fn examples(&mut self, nodes: Nodes<'a>) {
        self.fields(&[("example", &rules::EXAMPLE_CHANGED)], nodes);
        self.members("examples", "example", &rules::EXAMPLE_CHANGED, nodes);
    }

    /// Compares the members of a mapping of names, references followed.
    pub(crate) fn members(
        &mut self,
        field: &str,
        kind: &str,
        rule: &'static Rule,
        (old, new): Nodes<'a>,
    ) {
        for pair in paired(old.map(field), new.map(field), |(name, _)| name) {
            let (name, values) = match pair {
                Paired::Removed((name, old)) => (name, (Some(old), None)),
                Paired::Added((name, new)) => (name, (None, Some(new))),
                Paired::Both((name, old), (_, new)) => (name, (Some(old), Some(new))),
            };
            let resolved = (
                values.0.map(|it| self.specs.0.resolve(it)),
                values.1.map(|it| self.specs.1.resolve(it)),
            );
            self.changed(
                &format!("{kind} `{name}`"),
                rule,
                resolved,
                (old.id, new.id),
            );
        }
    }

    /// Whether two values of a shape say the same, once references are followed.
    pub(crate) fn same(
        &self,
        difference: Difference,
        shape: &'static fields::Shape,
        nodes: Nodes<'a>,
    ) -> bool {
        same(self.specs, difference, shape, nodes)
    }
}

/// The names of the fields that one of two objects has.
fn field_names((old, new): Nodes<'_>) -> BTreeSet<&str> {
    let entries = old.entries().iter().chain(new.entries());
    entries.map(|(field, _)| &**field).collect()
}
