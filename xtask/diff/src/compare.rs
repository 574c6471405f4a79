//! The comparison of two documents on the wire: operations, then their schemas, then the places of all
//! that was found.

use std::collections::BTreeMap;

use xtask_spec::{NodeId, Spec, plain};

use crate::change::{Change, Location, Rust};
use crate::context::{Context, Specs};
use crate::finding::{Finding, Sites};
use crate::paired::Paired;
use crate::schema::{self, Roots};
use crate::{Operations, label, pairing, rules, wire};

/// What has changed, and which components of the base go by another name in the revision.
pub(crate) fn documents(specs: Specs<'_, '_>, operations: Operations) -> (Vec<Change>, Vec<Sites>) {
    let (base, revision) = (specs.0.root(), specs.1.root());
    let mut merged = Merged::default();
    let mut context = Context::new(specs);
    wire::document::compare(&mut context, operations, (base, revision));
    merged.add(context.findings);
    let mut roots = Roots::default();
    let mut names = Vec::new();
    let paths = (
        base.get("paths").unwrap_or(base).id,
        revision.get("paths").unwrap_or(revision).id,
    );
    for pair in pairing::operations(specs) {
        let mut context = Context::new(specs);
        match pair {
            Paired::Removed(old) => {
                names.push(old.name());
                let what = format!("operation removed: {}", old.endpoint());
                context.note(&rules::OPERATION_REMOVED, (old.node.id, paths.1), what);
            }
            Paired::Added(_) if operations == Operations::OfBase => continue,
            Paired::Added(new) => {
                names.push(new.name());
                let what = format!("operation added: {}", new.endpoint());
                context.note(&rules::OPERATION_ADDED, (paths.0, new.node.id), what);
            }
            Paired::Both(old, new) => {
                roots.operation = names.len();
                names.push(old.name());
                wire::operation(&mut context, &mut roots, (&old, &new));
            }
        }
        let number = names.len() - 1;
        for finding in &mut context.findings {
            finding.operations.insert(number);
        }
        merged.add(context.findings);
    }
    let mut schemas = schema::all(specs, roots);
    for finding in &mut schemas.findings {
        let label = label_of(specs, finding.sites);
        finding.message = format!("{label}: {}", finding.message);
    }
    merged.add(schemas.findings);
    let findings = merged.0.into_values();
    let changes = findings.map(|finding| change(specs, &names, finding));
    (changes.collect(), schemas.renamed)
}

/// Findings, each once: that of several operations names them all.
#[derive(Default)]
struct Merged(BTreeMap<(&'static str, Sites, String), Finding>);

impl Merged {
    fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let key = (finding.rule.id, finding.sites, finding.message.clone());
            let (operations, uses) = (finding.operations.clone(), finding.uses.clone());
            let entry = self.0.entry(key).or_insert_with(|| finding.clone());
            if finding.rule.wire > entry.rule.wire {
                (entry.rule, entry.witness) = (finding.rule, finding.witness);
            }
            entry.operations.extend(operations);
            entry.uses.extend(uses);
        }
    }
}

/// The label of the schema that is there: in the revision, unless it is gone from it.
fn label_of((base, revision): Specs<'_, '_>, sites: Sites) -> String {
    let label = |spec: &Spec<'_>, id| label::of(spec.root(), &spec.document().pointer(id));
    let (base, revision) = (label(base, sites.0), label(revision, sites.1));
    if base.len() > revision.len() {
        base
    } else {
        revision
    }
}

pub(crate) fn location(spec: &Spec<'_>, id: NodeId) -> Location {
    Location {
        pointer: spec.document().pointer(id),
        place: spec.document().place(id),
    }
}

fn change(specs: Specs<'_, '_>, names: &[String], finding: Finding) -> Change {
    let operations = finding.operations.iter();
    let operations = operations.filter_map(|number| names.get(*number));
    Change {
        rule: finding.rule,
        operations: operations.map(|name| plain(name)).collect(),
        uses: finding.uses.into_iter().collect(),
        base: location(specs.0, finding.sites.0),
        revision: location(specs.1, finding.sites.1),
        message: plain(&finding.message),
        witness: finding.witness.as_deref().map(plain),
        rust: Rust::Compatible,
        rust_items: Vec::new(),
        accepted: None,
    }
}
