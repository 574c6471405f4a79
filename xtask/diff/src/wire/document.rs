//! What is said about the document as a whole.

use xtask_spec::Node;

use crate::Operations;
use crate::context::{Context, Nodes};
use crate::paired::{Paired, matched};
use crate::rules::{self, Rule};

const INFO: [(&str, &Rule); 6] = [
    ("title", &rules::DESCRIPTION_CHANGED),
    ("description", &rules::DESCRIPTION_CHANGED),
    ("version", &rules::DOCUMENT_VERSION_CHANGED),
    ("termsOfService", &rules::INFO_CHANGED),
    ("contact", &rules::INFO_CHANGED),
    ("license", &rules::INFO_CHANGED),
];

pub(crate) fn compare<'a>(context: &mut Context<'_, 'a>, operations: Operations, nodes: Nodes<'a>) {
    let (base, revision) = nodes;
    context.fields(
        &[
            ("openapi", &rules::DOCUMENT_VERSION_CHANGED),
            ("externalDocs", &rules::EXTERNAL_DOCS_CHANGED),
        ],
        nodes,
    );
    context.extensions(nodes, &[]);
    if let (Some(old), Some(new)) = (base.get("info"), revision.get("info")) {
        for (field, rule) in INFO {
            let values = (old.get(field), new.get(field));
            context.changed(&format!("info.{field}"), rule, values, (old.id, new.id));
        }
        context.extensions((old, new), &[]);
    }
    let place = |root: &'a Node| root.get("tags").unwrap_or(root).id;
    let same_name = |old: &Node, new: &Node| old.field("name") == new.field("name");
    let tags = (base.list("tags"), revision.list("tags"));
    for pair in matched(tags.0, tags.1, &[&|old, new| old == new, &same_name]) {
        match pair {
            Paired::Removed(tag) => {
                let what = format!("tag `{}` removed", tag.field("name").unwrap_or_default());
                context.note(&rules::TAGS_CHANGED, (tag.id, place(revision)), what);
            }
            Paired::Added(_) if operations == Operations::OfBase => {}
            Paired::Added(tag) => {
                let what = format!("tag `{}` added", tag.field("name").unwrap_or_default());
                context.note(&rules::TAGS_CHANGED, (place(base), tag.id), what);
            }
            Paired::Both(old, new) => {
                let name = old.field("name").unwrap_or_default();
                for field in ["description", "externalDocs"] {
                    let label = format!("{field} of the tag `{name}`");
                    let values = (old.get(field), new.get(field));
                    context.changed(&label, &rules::TAGS_CHANGED, values, (old.id, new.id));
                }
                context.extensions((old, new), &[]);
            }
        }
    }
}
