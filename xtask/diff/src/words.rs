//! What is for people and changes nothing on the wire: descriptions, examples, tags, extensions.

use super::found::{Found, from_to, show};
use super::keywords::Sides;
use super::rules::{self, Rule};
use super::spec::Spec;
use xtask_spec::node::{Data, Node};

/// Extensions that rules of their own speak of.
pub(super) const STABILITY: &str = "x-unstable";
pub(super) const SUNSET: &str = "x-sunset";

/// Whether a field of an object holds words: nothing on the wire and no code hangs on it.
pub(super) fn is_words(field: &str) -> bool {
    const WORDS: [&str; 7] = [
        "description",
        "summary",
        "example",
        "examples",
        "externalDocs",
        "tags",
        "info",
    ];
    WORDS.contains(&field) || field.starts_with("x-")
}

/// Fields of an object that hold words, with the rule for each.
type Fields = &'static [(&'static str, &'static Rule)];

const DESCRIBED: Fields = &[
    ("title", &rules::DESCRIPTION_CHANGED),
    ("summary", &rules::DESCRIPTION_CHANGED),
    ("description", &rules::DESCRIPTION_CHANGED),
    ("externalDocs", &rules::EXTERNAL_DOCS_CHANGED),
];

const INFO: Fields = &[
    ("title", &rules::DESCRIPTION_CHANGED),
    ("description", &rules::DESCRIPTION_CHANGED),
    ("version", &rules::DOCUMENT_VERSION_CHANGED),
    ("termsOfService", &rules::INFO_CHANGED),
    ("contact", &rules::INFO_CHANGED),
    ("license", &rules::INFO_CHANGED),
];

const SCHEMA: Fields = &[
    ("title", &rules::DESCRIPTION_CHANGED),
    ("description", &rules::DESCRIPTION_CHANGED),
    ("externalDocs", &rules::EXTERNAL_DOCS_CHANGED),
    ("example", &rules::EXAMPLE_CHANGED),
    ("examples", &rules::EXAMPLE_CHANGED),
    ("xml", &rules::XML_CHANGED),
];

/// The words of the document as a whole.
pub(super) fn of_document(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    let sites = (base.id, revision.id);
    changed(
        "openapi",
        &rules::DOCUMENT_VERSION_CHANGED,
        (base.get("openapi"), revision.get("openapi")),
        sites,
        found,
    );
    changed(
        "externalDocs",
        &rules::EXTERNAL_DOCS_CHANGED,
        (base.get("externalDocs"), revision.get("externalDocs")),
        sites,
        found,
    );
    extensions(base, revision, found);
    if let (Some(old), Some(new)) = (base.get("info"), revision.get("info")) {
        for (field, rule) in INFO {
            let name = format!("info.{field}");
            let values = (old.get(field), new.get(field));
            changed(&name, rule, values, (old.id, new.id), found);
        }
        extensions(old, new, found);
    }
    tags(base, revision, found);
}

fn tags(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    let tags = |root: &Node| -> Vec<Node> {
        root.get("tags")
            .map(Node::items)
            .unwrap_or_default()
            .to_vec()
    };
    let (old, new) = (tags(base), tags(revision));
    let named = |tags: &[Node], name: Option<&str>| {
        tags.iter().find(|tag| tag.field("name") == name).cloned()
    };
    for tag in &old {
        let name = tag.field("name").unwrap_or_default();
        match named(&new, tag.field("name")) {
            None => found.push(Found::new(
                &rules::TAGS_CHANGED,
                tag.id,
                revision.get("tags").unwrap_or(revision).id,
                format!("tag `{name}` removed"),
            )),
            Some(now) => {
                for field in ["description", "externalDocs"] {
                    changed(
                        &format!("{field} of the tag `{name}`"),
                        &rules::TAGS_CHANGED,
                        (tag.get(field), now.get(field)),
                        (tag.id, now.id),
                        found,
                    );
                }
                extensions(tag, &now, found);
            }
        }
    }
    for tag in &new {
        if named(&old, tag.field("name")).is_none() {
            found.push(Found::new(
                &rules::TAGS_CHANGED,
                base.get("tags").unwrap_or(base).id,
                tag.id,
                format!("tag `{}` added", tag.field("name").unwrap_or_default()),
            ));
        }
    }
}

/// The words of an object that is no schema: an operation, a parameter, a response, a server.
pub(super) fn of_object(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    for (field, rule) in DESCRIBED {
        let values = (base.get(field), revision.get(field));
        changed(field, rule, values, (base.id, revision.id), found);
    }
    extensions(base, revision, found);
}

/// The tags of an operation.
pub(super) fn of_operation(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    let first = found.len();
    of_object(base, revision, found);
    // They mean something here, and have rules of their own.
    let known = [STABILITY, SUNSET].map(|name| format!("extension `{name}` "));
    let mut rest = found.split_off(first);
    rest.retain(|it| !known.iter().any(|name| it.what.starts_with(name)));
    found.append(&mut rest);
    changed(
        "tags",
        &rules::TAGS_CHANGED,
        (base.get("tags"), revision.get("tags")),
        (base.id, revision.id),
        found,
    );
}

/// The examples of a parameter, a header or a media type.
pub(super) fn examples<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    base: &'a Node,
    revision: &'a Node,
    found: &mut Vec<Found>,
) {
    changed(
        "example",
        &rules::EXAMPLE_CHANGED,
        (base.get("example"), revision.get("example")),
        (base.id, revision.id),
        found,
    );
    let field = ("examples", "example", &rules::EXAMPLE_CHANGED);
    named(specs, field, base, revision, found);
}

/// The members of a mapping of names, references followed: the field, what one of them is called, and
/// the rule.
pub(super) fn named<'a>(
    specs: (&Spec<'a>, &Spec<'a>),
    (field, what, rule): (&str, &str, &'static Rule),
    base: &'a Node,
    revision: &'a Node,
    found: &mut Vec<Found>,
) {
    let sites = (base.id, revision.id);
    let all = |node: &'a Node| node.get(field).map(Node::entries).unwrap_or_default();
    for (name, old) in all(base) {
        let new = revision.get(field).and_then(|all| all.get(name));
        let values = (
            Some(specs.0.resolve(old)),
            new.map(|it| specs.1.resolve(it)),
        );
        changed(&format!("{what} `{name}`"), rule, values, sites, found);
    }
    for (name, new) in all(revision) {
        if base.get(field).and_then(|all| all.get(name)).is_none() {
            let values = (None, Some(specs.1.resolve(new)));
            changed(&format!("{what} `{name}`"), rule, values, sites, found);
        }
    }
}

/// The words of what the parts of two schemas say together.
pub(super) fn of_schemas(sides: &mut Sides<'_, '_>) {
    let places = (sides.base_site, sides.revision_site);
    let (base, revision) = (sides.base, sides.revision);
    for (field, rule) in SCHEMA {
        let values = (base.first(field), revision.first(field));
        changed(field, rule, values, places, sides.found);
    }
    let deprecated = (base.flag("deprecated"), revision.flag("deprecated"));
    if deprecated.0 != deprecated.1 {
        let what = if deprecated.1 {
            "deprecated"
        } else {
            "no longer deprecated"
        };
        let places = (base.first("deprecated"), revision.first("deprecated"));
        sides.note_plain(&rules::PROPERTY_DEPRECATED, places.0, places.1, what);
    }
    let names = |parts: &[&Node]| -> Vec<String> {
        let entries = parts.iter().flat_map(|part| part.entries());
        let mut names: Vec<_> = entries
            .map(|(key, _)| key.to_string())
            .filter(|key| key.starts_with("x-"))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let mut all = names(&base.parts);
    all.extend(names(&revision.parts));
    all.sort();
    all.dedup();
    for name in all {
        let values = (base.first(&name), revision.first(&name));
        let label = format!("extension `{name}`");
        changed(
            &label,
            &rules::EXTENSION_CHANGED,
            values,
            places,
            sides.found,
        );
    }
}

/// Extensions of an object.
pub(super) fn extensions(base: &Node, revision: &Node, found: &mut Vec<Found>) {
    let of = |node: &Node| -> Vec<String> {
        let keys = node.entries().iter().map(|(key, _)| key.to_string());
        keys.filter(|key| key.starts_with("x-")).collect()
    };
    let mut all = of(base);
    all.extend(of(revision));
    all.sort();
    all.dedup();
    for name in all {
        let values = (base.get(&name), revision.get(&name));
        let label = format!("extension `{name}`");
        let sites = (base.id, revision.id);
        changed(&label, &rules::EXTENSION_CHANGED, values, sites, found);
    }
}

/// Fields that aren't of OpenAPI 3.0, and may mean anything.
pub(super) fn unknown_fields(base: &Node, revision: &Node, known: &[&str], found: &mut Vec<Found>) {
    let mut all: Vec<String> = [base, revision]
        .iter()
        .flat_map(|node| node.entries())
        .map(|(field, _)| field.to_string())
        .filter(|field| !known.contains(&field.as_str()) && !field.starts_with("x-"))
        .collect();
    all.sort();
    all.dedup();
    for field in all {
        let values = (base.get(&field), revision.get(&field));
        let label = format!("unknown field `{field}`");
        let sites = (base.id, revision.id);
        changed(&label, &rules::FIELD_CHANGED, values, sites, found);
    }
}

/// Notes that a field was added, removed or changed.
pub(super) fn changed<'n>(
    name: &str,
    rule: &'static Rule,
    (old, new): (Option<&'n Node>, Option<&'n Node>),
    (base_site, revision_site): (u32, u32),
    found: &mut Vec<Found>,
) {
    // An empty list says as much as none.
    let said = |node: Option<&'n Node>| {
        node.filter(|node| !matches!(&node.data, Data::List(items) if items.is_empty()))
    };
    let what = match (said(old), said(new)) {
        (None, Some(new)) => format!("{name} added: {}", show(new)),
        (Some(old), None) => format!("{name} removed: {}", show(old)),
        (Some(old), Some(new)) if old != new => format!("{name} changed {}", from_to(old, new)),
        _ => return,
    };
    found.push(Found::new(
        rule,
        old.map_or(base_site, |node| node.id),
        new.map_or(revision_site, |node| node.id),
        what,
    ));
}
