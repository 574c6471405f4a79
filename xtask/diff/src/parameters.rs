//! The parameters of an operation, those of its path included.

use std::collections::BTreeSet;

use super::effective::Effective;
use super::found::{Direction, Found};
use super::operations::Operation;
use super::rules;
use super::schemas::{Schemas, Site};
use super::spec::Spec;
use super::words;
use xtask_spec::node::Node;

/// A parameter with what tells it from others.
#[derive(Clone, Debug)]
struct Parameter<'a> {
    location: &'a str,
    /// Its name; of a path parameter, the number of its placeholder, since its name is not sent.
    key: String,
    name: &'a str,
    node: &'a Node,
    /// Where it is listed, if only to refer to it.
    site: u32,
}

impl Parameter<'_> {
    fn describe(&self) -> String {
        format!("{} parameter `{}`", self.location, self.name)
    }

    fn is_required(&self) -> bool {
        self.location == "path" || self.node.flag("required")
    }
}

/// The fields of a parameter that tell it from others.
const NAME_FIELDS: [&str; 2] = ["name", "in"];

/// The other fields of a parameter, which are those of a header.
pub(super) const VALUE_FIELDS: [&str; 11] = [
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "allowReserved",
    "schema",
    "example",
    "examples",
    "content",
];

/// The parameters that count: an operation's own override those of its path.
fn of<'a>(spec: &Spec<'a>, operation: &Operation<'a>) -> Vec<Parameter<'a>> {
    let placeholders = operation.placeholders();
    let mut parameters: Vec<Parameter<'a>> = Vec::new();
    for holder in [operation.item, operation.node] {
        for listed in holder
            .get("parameters")
            .map(Node::items)
            .unwrap_or_default()
        {
            let node = spec.resolve(listed);
            let location = node.field("in").unwrap_or_default();
            let name = node.field("name").unwrap_or_default();
            let key = match location {
                "path" => placeholders
                    .iter()
                    .position(|it| *it == name)
                    .map_or_else(|| name.to_owned(), |index| index.to_string()),
                "header" => name.to_ascii_lowercase(),
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
    }
    parameters
}

pub(super) fn compare<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    number: usize,
    (base, revision): (&Operation<'a>, &Operation<'a>),
    schemas: &mut Schemas<'a>,
    found: &mut Vec<Found>,
) {
    let (mut old, mut new) = (of(specs.0, base), of(specs.1, revision));
    let mut pairs = Vec::new();
    old.retain(|before| {
        let at = new
            .iter()
            .position(|after| after.location == before.location && after.key == before.key);
        let pair = at.map(|at| (before.clone(), new.remove(at)));
        let unpaired = pair.is_none();
        pairs.extend(pair);
        unpaired
    });
    // A parameter that has moved: the same name elsewhere.
    old.retain(|before| {
        let Some(at) = new.iter().position(|after| after.name == before.name) else {
            return true;
        };
        let after = new.remove(at);
        let what = format!(
            "parameter `{}` moved from {} to {} (`in` changed)",
            before.name, before.location, after.location
        );
        let rule = &rules::PARAMETER_MOVED;
        found.push(Found::new(rule, before.node.id, after.node.id, what));
        pairs.push((before.clone(), after));
        false
    });
    for before in old {
        let what = format!("{} removed", before.describe());
        let rule = &rules::PARAMETER_REMOVED;
        found.push(Found::new(rule, before.site, revision.node.id, what));
    }
    for after in new {
        let (rule, kind) = if after.is_required() {
            (&rules::PARAMETER_ADDED_REQUIRED, "required")
        } else {
            (&rules::PARAMETER_ADDED_OPTIONAL, "optional")
        };
        let what = format!("{kind} {} added", after.describe());
        found.push(Found::new(rule, base.node.id, after.site, what));
    }
    for (before, after) in &pairs {
        pair(specs, number, before, after, schemas, found);
    }
}

fn pair<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    number: usize,
    before: &Parameter<'a>,
    after: &Parameter<'a>,
    schemas: &mut Schemas<'a>,
    found: &mut Vec<Found>,
) {
    let (old, new) = (before.node, after.node);
    let name = before.describe();
    let mut note = |rule, what: String| found.push(Found::new(rule, old.id, new.id, what));
    match (before.is_required(), after.is_required()) {
        (false, true) => note(
            &rules::PARAMETER_BECAME_REQUIRED,
            format!("{name} became required"),
        ),
        (true, false) => note(
            &rules::PARAMETER_BECAME_OPTIONAL,
            format!("{name} became optional (is no longer required)"),
        ),
        _ => {}
    }
    for flag in ["allowReserved", "allowEmptyValue"] {
        let (was, is) = (old.flag(flag), new.flag(flag));
        // OpenAPI gives them no meaning elsewhere.
        let in_query = before.location == "query" && after.location == "query";
        if in_query && was != is {
            let rule = if is {
                &rules::PARAMETER_SERIALIZATION_LOOSENED
            } else {
                &rules::PARAMETER_SERIALIZATION_CHANGED
            };
            note(rule, format!("{name}: {flag} changed from {was} to {is}"));
        }
    }
    if old.flag("deprecated") != new.flag("deprecated") {
        let change = if new.flag("deprecated") {
            "deprecated"
        } else {
            "no longer deprecated"
        };
        note(&rules::PARAMETER_DEPRECATED, format!("{name} {change}"));
    }
    let (was, is) = (written(specs.0, before), written(specs.1, after));
    if was != is {
        note(
            &rules::PARAMETER_SERIALIZATION_CHANGED,
            format!("{name}: serialization changed from {was} to {is}"),
        );
    }
    let first = found.len();
    words::of_object(old, new, found);
    words::examples(specs, old, new, found);
    words::unknown_fields(old, new, &[&NAME_FIELDS[..], &VALUE_FIELDS].concat(), found);
    label(found, first, &name);
    schemas.root(
        specs,
        Some(number),
        (Direction::Parameter, &name),
        Site::of(schema(specs.0, old), old.id),
        Site::of(schema(specs.1, new), new.id),
    );
}

/// Puts a name before what was found since.
pub(super) fn label(found: &mut [Found], first: usize, name: &str) {
    for found in found.iter_mut().skip(first) {
        found.what = format!("{name}: {}", found.what);
    }
}

/// The schema of a parameter or a header, which may stand under a media type.
pub(super) fn schema<'a>(spec: &Spec<'a>, node: &'a Node) -> Option<&'a Node> {
    node.get("schema").or_else(|| {
        let (_, media_type) = spec.get(node, "content")?.entries().first()?;
        media_type.get("schema")
    })
}

/// Whether no value of a schema is a list or an object, as far as it says.
pub(super) fn is_single<'a>(spec: &Spec<'a>, schemas: &[&'a Node]) -> bool {
    let mut open: Vec<Vec<&'a Node>> = vec![schemas.to_vec()];
    let mut seen = BTreeSet::new();
    while let Some(schemas) = open.pop() {
        let effective = Effective::of(spec, &schemas);
        let types = effective.types().unwrap_or_default();
        if types.contains("array") || types.contains("object") {
            return false;
        }
        for alternative in effective.unions.iter().flat_map(|union| union.node.items()) {
            if seen.insert(alternative.id) {
                open.push(vec![alternative]);
            }
        }
    }
    true
}

/// How a value is written into the request.
fn written<'a>(spec: &Spec<'a>, parameter: &Parameter<'a>) -> String {
    let node = parameter.node;
    if let Some((media_type, _)) = node.get("content").and_then(|it| it.entries().first()) {
        return format!("`{media_type}`");
    }
    let default = match parameter.location {
        "query" | "cookie" => "form",
        _ => "simple",
    };
    let style = node.field("style").unwrap_or(default);
    // Of a single value, nothing can be spread.
    let schemas: Vec<&Node> = node.get("schema").into_iter().collect();
    if is_single(spec, &schemas) {
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
