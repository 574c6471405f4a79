//! The parameters of an operation, those of its path included.

use std::collections::BTreeSet;

use xtask_spec::{Node, NodeId, Operation, Spec, fields};

use super::value;
use crate::context::{Context, flags};
use crate::paired::{Paired, paired};
use crate::rules;
use crate::schema::{Direction, Roots, Site};

/// A parameter with the key that identifies it.
#[derive(Clone, Debug)]
struct Parameter<'a> {
    location: &'a str,
    /// Its name; of a path parameter, the number of its placeholder, since its name is not sent.
    key: String,
    name: &'a str,
    node: &'a Node,
    /// The schema of its value, if its parameter is a whole object of them.
    property: Option<(&'a str, &'a Node)>,
    required: bool,
    /// Where it is listed, if only to refer to it.
    site: NodeId,
}

impl<'a> Parameter<'a> {
    fn describe(&self) -> String {
        format!("{} parameter `{}`", self.location, self.name)
    }

    fn site(&self, spec: &Spec<'a>) -> Site<'a> {
        self.property.map_or_else(
            || value::site(spec, self.node),
            |(_, schema)| Site::of(Some(schema), schema.id),
        )
    }

    /// The pairs of name and value that an object is spread to in a query, each as a parameter.
    fn spread(&self, spec: &Spec<'a>) -> Vec<Self> {
        let Some(object) = value::schema(spec, self.node) else {
            return Vec::new();
        };
        let is_spread = self.location == "query"
            && self.node.field("style").is_none_or(|style| style == "form")
            && self.node.get("explode").is_none_or(Node::is_true)
            && object.field("type") == Some("object");
        let properties = object.map("properties").iter().filter(|_| is_spread);
        let is_required = |name| {
            let mut required = object.list("required").iter();
            self.required && required.any(|it| it.text() == Some(name))
        };
        let pairs = properties.map(|(name, schema)| Self {
            key: name.to_string(),
            name,
            property: Some((self.name, schema)),
            required: is_required(name),
            ..self.clone()
        });
        pairs.collect()
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
            property: None,
            required: location == "path" || node.flag("required"),
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
    let names = |those: &[Parameter<'a>]| -> BTreeSet<&'a str> {
        let those = those.iter().filter(|it| it.location == "query");
        those.map(|it| it.name).collect()
    };
    let names = (names(&removed), names(&added));
    removed = spread(context.specs.0, removed, &names.1);
    added = spread(context.specs.1, added, &names.0);
    // A parameter that has moved has the same name elsewhere.
    for pair in paired(removed, added, |it| it.name) {
        match pair {
            Paired::Removed(before) => {
                let what = format!("{} removed", before.describe());
                let sites = (before.site, revision.node.id);
                context.note(&rules::PARAMETER_REMOVED, sites, what);
            }
            Paired::Added(after) => {
                let (rule, kind) = if after.required {
                    (&rules::PARAMETER_ADDED_REQUIRED, "required")
                } else {
                    (&rules::PARAMETER_ADDED_OPTIONAL, "optional")
                };
                let what = format!("{kind} {} added", after.describe());
                context.note(rule, (base.node.id, after.site), what);
            }
            Paired::Both(before, after) if before.location == after.location => {
                let group = |it: &Parameter<'a>| match it.property {
                    Some((object, _)) => format!("a property of `{object}`"),
                    None => "a parameter of its own".to_owned(),
                };
                let what = format!(
                    "{} was {} and is {}; the query string is the same",
                    before.describe(),
                    group(&before),
                    group(&after)
                );
                let sites = (before.site, after.site);
                context.note(&rules::PARAMETER_REGROUPED, sites, what);
                pair_changed(context, roots, &before, &after);
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

/// Spreads the objects that have a pair of one of some names.
fn spread<'a>(
    spec: &Spec<'a>,
    parameters: Vec<Parameter<'a>>,
    names: &BTreeSet<&'a str>,
) -> Vec<Parameter<'a>> {
    let parameters = parameters.into_iter().flat_map(|it| {
        let pairs = it.spread(spec);
        if pairs.iter().any(|pair| names.contains(pair.name)) {
            pairs
        } else {
            vec![it]
        }
    });
    parameters.collect()
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
        (before.required, after.required),
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
    let (mut base, mut revision) = (before.site(context.specs.0), after.site(context.specs.1));
    let item = match (was.as_str(), is.as_str()) {
        (PLAIN, SPREAD) => item_of_one(context.specs.1, after),
        (SPREAD, PLAIN) => item_of_one(context.specs.0, before),
        _ => None,
    };
    if let Some(item) = item {
        let item = Site::of(Some(item), item.id);
        if was == PLAIN {
            let what = format!("{name} became a list; one value is written as before");
            context.note(&rules::PARAMETER_SERIALIZATION_LOOSENED, sites, what);
            revision = item;
        } else {
            let what = format!("{name} is no longer a list; only one value is accepted");
            context.note(&rules::PARAMETER_SERIALIZATION_CHANGED, sites, what);
            base = item;
        }
    } else if was != is {
        let what = format!("{name}: serialization changed from {was} to {is}");
        context.note(&rules::PARAMETER_SERIALIZATION_CHANGED, sites, what);
    }
    context.within(&name, |context| {
        context.words(nodes);
        context.examples(nodes);
        context.unknown_fields(&fields::PARAMETER, nodes);
    });
    roots.add(Direction::Parameter, &name, (base, revision));
}

const PLAIN: &str = "a plain value";
const SPREAD: &str = "style `form`, explode true";

/// The schema of the items of a list that may have one.
fn item_of_one<'a>(spec: &Spec<'a>, parameter: &Parameter<'a>) -> Option<&'a Node> {
    let list = value::schema(spec, parameter.node)?;
    let size = |keyword, default| list.get(keyword).and_then(Node::number).unwrap_or(default);
    let may_be_one = size("minItems", 0.0) <= 1.0 && size("maxItems", 1.0) >= 1.0;
    list.get("items")
        .filter(|_| list.field("type") == Some("array") && may_be_one)
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
    if parameter.property.is_some() || value::is_single(spec, node) {
        return match style {
            "form" | "simple" | "spaceDelimited" | "pipeDelimited" | "deepObject" => {
                PLAIN.to_owned()
            }
            _ => format!("style `{style}`"),
        };
    }
    let explode = node.get("explode").map_or(style == "form", Node::is_true);
    format!("style `{style}`, explode {explode}")
}
