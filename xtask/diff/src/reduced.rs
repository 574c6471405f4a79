//! The part of the revision that the operations of the base need, to generate code of it alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use xtask_spec::{Data, Node, fields, unescape};

use crate::context::Specs;
use crate::paired::Paired;
use crate::pairing;

const COMPONENTS: &str = "#/components/";

/// The revision as JSON, with the operations that the base has and the components that these lead to.
pub(crate) fn revision(specs: Specs<'_, '_>) -> String {
    let (mut paths, mut open) = (Map::new(), Vec::new());
    for pair in pairing::operations(specs) {
        let Paired::Both(_, operation) = pair else {
            continue;
        };
        let item = operation.item.entries().iter();
        let item = item.filter(|(field, _)| {
            !fields::METHODS.contains(&&**field) || **field == *operation.method
        });
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Map::new().into());
        for (field, value) in item {
            path[&**field] = value.to_value();
            open.push(value);
        }
    }
    let root = specs.1.root();
    let mut reached = BTreeSet::new();
    while let Some(node) = open.pop() {
        match &node.data {
            Data::Text(text) => {
                let target = text.strip_prefix(COMPONENTS).unwrap_or_default();
                if let Some((section, rest)) = target.split_once('/') {
                    let name = unescape(rest.split('/').next().unwrap_or_default());
                    let component = specs.1.component(section, &name);
                    let is_new = reached.insert((section.to_owned(), name));
                    open.extend(component.filter(|_| is_new));
                }
            }
            Data::List(items) => open.extend(items),
            Data::Map(entries) => open.extend(entries.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    let mut document = Map::new();
    for (field, value) in root.entries() {
        let value = match &**field {
            "paths" => std::mem::take(&mut paths).into(),
            "components" => components(value, &reached),
            _ => value.to_value(),
        };
        document.insert(field.to_string(), value);
    }
    Value::Object(document).to_string()
}

/// The components that are reached, and all security schemes, which are reached by their names.
fn components(all: &Node, reached: &BTreeSet<(String, String)>) -> Value {
    let section = |(section, members): &(Box<str>, Node)| {
        let members = members.entries().iter().filter(|(name, _)| {
            **section == *"securitySchemes"
                || reached.contains(&(section.to_string(), name.to_string()))
        });
        let members = members.map(|(name, member)| (name.to_string(), member.to_value()));
        (section.to_string(), members.collect::<Map<_, _>>().into())
    };
    all.entries()
        .iter()
        .map(section)
        .collect::<Map<_, _>>()
        .into()
}
