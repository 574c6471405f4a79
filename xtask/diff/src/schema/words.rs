//! What the parts of two schemas say together in words.

use std::collections::BTreeSet;

use xtask_spec::fields;

use super::effective::Effective;
use super::sides::Sides;
use crate::context::Context;
use crate::rules::{self, Rule};

const WORDS: [(&str, &Rule); 6] = [
    ("title", &rules::DESCRIPTION_CHANGED),
    ("description", &rules::DESCRIPTION_CHANGED),
    ("externalDocs", &rules::EXTERNAL_DOCS_CHANGED),
    ("example", &rules::EXAMPLE_CHANGED),
    ("examples", &rules::EXAMPLE_CHANGED),
    ("xml", &rules::XML_CHANGED),
];

pub(super) fn compare(sides: &mut Sides<'_, '_, '_>) {
    let mut context = Context::new(sides.specs);
    for (field, rule) in WORDS {
        context.changed(field, rule, sides.first(field), sides.sites);
    }
    let mut extensions: BTreeSet<&str> = BTreeSet::new();
    for side in [&sides.base, &sides.revision] {
        let fields = side.parts.iter().flat_map(|part| part.entries());
        let names = fields.map(|(field, _)| &**field);
        extensions.extend(names.filter(|field| fields::is_extension(field)));
    }
    for field in extensions {
        let name = format!("extension `{field}`");
        let values = sides.first(field);
        context.changed(&name, &rules::EXTENSION_CHANGED, values, sides.sites);
    }
    sides.findings.append(&mut context.findings);
    let rule = &rules::PROPERTY_DEPRECATED;
    let places = sides.first("deprecated");
    match sides.both(|it: &Effective<'_>| it.flag("deprecated")) {
        (false, true) => sides.note_plain(rule, places, "deprecated"),
        (true, false) => sides.note_plain(rule, places, "no longer deprecated"),
        _ => {}
    }
}
