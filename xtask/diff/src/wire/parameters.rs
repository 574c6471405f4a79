//! The parameters of an operation, those of its path included.

use xtask_spec::{Node, NodeId, Operation, Spec, fields};

use super::value;
use crate::context::{Context, flags};
use crate::paired::{Paired, paired};
use crate::rules;
use crate::schema::{Direction, Roots};

/// A parameter with the key that identifies it.
#[derive(Clone, Debug)]
struct Parameter<'a> {
    location: &'a str,
    /// Its name; of a path parameter, the number of its placeholder, since its name is not sent.
    key: String,
    name: &'a str,
    node: &'a Node,
    /// Where it is listed, if only to refer to it.
    site: NodeId,
}

impl Parameter<'_> {
    fn describe(&self) -> String {
        format!("{} parameter `{}`", self.location, self.name)
    }

    fn is_required(&self) -> bool {
        self.location == "path" || self.node.flag("required")
    }
}

/// The parameters that count: an operation's own override those of its path.
fn of<'a>(spec: &Spec<'a>, operation: &Operation<'a>) -> Vec<Parameter<'a>> {
    let placeholders = operation.placeholders();
    let mut parameters: Vec<Parameter<'a>> = Vec::new();
    for (listed, node) in operation.parameters(spec) {
        let location = node.field("in").unwrap_or_default();
        let name = node.field("name").unwrap_or_default();
        let placeholder = placeholders.iter().position(|it| *it == name);
        let key = match (location, placeholder) {
            ("path", Some(index)) => index.to_string(),
            ("header", _) => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        // OpenAPI has other fields for these, and says that parameters of their names don't count.
        if location == "header"
            && matches!(key.as_str(), "accept" | "content-type" | "authorization")
        {
            continue;
        }
        let parameter = Parameter {
            location,
            key,
            name,
            node,
            site: listed.id,
        };
        let same = |other: &&mut Parameter<'a>| {
            other.location == parameter.location && other.key == parameter.key
        };
        match parameters.iter_mut().find(same) {
            Some(other) => *other = parameter,
            None => parameters.push(parameter),
        }
    }
    parameters
}

pub(super) fn compare<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    (base, revision): (&Operation<'a>, &Operation<'a>),
) {
    let (old, new) = (of(context.specs.0, base), of(context.specs.1, revision));
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for pair in paired(old, new, |it| (it.location, it.key.clone())) {
        match pair {
            Paired::Removed(it) => removed.push(it),
            Paired::Added(it) => added.push(it),
            Paired::Both(before, after) => pair_changed(context, roots, &before, &after),
        }
    }
    // A parameter that has moved has the same name elsewhere.
    for pair in paired(removed, added, |it| it.name) {
        match pair {
            Paired::Removed(before) => {
                let what = format!("{} removed", before.describe());
                let sites = (before.site, revision.node.id);
                context.note(&rules::PARAMETER_REMOVED, sites, what);
            }
            Paired::Added(after) => {
                let (rule, kind) = if after.is_required() {
                    (&rules::PARAMETER_ADDED_REQUIRED, "required")
                } else {
                    (&rules::PARAMETER_ADDED_OPTIONAL, "optional")
                };
                let what = format!("{kind} {} added", after.describe());
                context.note(rule, (base.node.id, after.site), what);
            }
            Paired::Both(before, after) => {
                let what = format!(
                    "parameter `{}` moved from {} to {} (`in` changed)",
                    before.name, before.location, after.location
                );
                let sites = (before.node.id, after.node.id);
                context.note(&rules::PARAMETER_MOVED, sites, what);
                pair_changed(context, roots, &before, &after);
            }
        }
    }
}

fn pair_changed<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    before: &Parameter<'a>,
    after: &Parameter<'a>,
) {
    let nodes = (before.node, after.node);
    let (sites, name) = ((before.node.id, after.node.id), before.describe());
    context.switched(
        (before.is_required(), after.is_required()),
        [
            (&rules::PARAMETER_BECAME_REQUIRED, "became required"),
            (
                &rules::PARAMETER_BECAME_OPTIONAL,
                "became optional (is no longer required)",
            ),
        ],
        &name,
        sites,
    );
    for flag in ["allowReserved", "allowEmptyValue"] {
        // OpenAPI gives them no meaning elsewhere.
        if before.location == "query" && after.location == "query" {
            context.switched(
                flags(nodes, flag),
                [
                    (
                        &rules::PARAMETER_SERIALIZATION_LOOSENED,
                        "changed from false to true",
                    ),
                    (
                        &rules::PARAMETER_SERIALIZATION_CHANGED,
                        "changed from true to false",
                    ),
                ],
                &format!("{name}: {flag}"),
                sites,
            );
        }
    }
    let rule = &rules::PARAMETER_DEPRECATED;
    let words = [(rule, "deprecated"), (rule, "no longer deprecated")];
    context.switched(flags(nodes, "deprecated"), words, &name, sites);
    let was = written(context.specs.0, before);
    let is = written(context.specs.1, after);
    if was != is {
        let what = format!("{name}: serialization changed from {was} to {is}");
        context.note(&rules::PARAMETER_SERIALIZATION_CHANGED, sites, what);
    }
    context.within(&name, |context| {
        context.words(nodes);
        context.examples(nodes);
        context.unknown_fields(&fields::PARAMETER, nodes);
    });
    let base = value::site(context.specs.0, before.node);
    let revision = value::site(context.specs.1, after.node);
    roots.add(Direction::Parameter, &name, (base, revision));
}

/// How a value is written into the request.
fn written<'a>(spec: &Spec<'a>, parameter: &Parameter<'a>) -> String {
    let node = parameter.node;
    if let Some(media_type) = value::media_type(node) {
        return format!("`{media_type}`");
    }
    let default = match parameter.location {
        "query" | "cookie" => "form",
        _ => "simple",
    };
    let style = node.field("style").unwrap_or(default);
    // Of a single value, nothing can be spread.
    if value::is_single(spec, node) {
        return match style {
            "form" | "simple" | "spaceDelimited" | "pipeDelimited" | "deepObject" => {
                "a plain value".to_owned()
            }
            _ => format!("style `{style}`"),
        };
    }
    let explode = node.get("explode").map_or(style == "form", Node::is_true);
    format!("style `{style}`, explode {explode}")
}
