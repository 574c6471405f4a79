//! Finds the part of a spec whose code can't be generated.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use xtask_spec::fields::METHODS;
use xtask_spec::{Document, Node, NodeId, Operation, Spec, escape, names};

use crate::validate::types;

/// Where the document describes a generated type or method.
pub(crate) fn of_item(document: &Document, item: &str) -> Option<NodeId> {
    let spec = Spec::new(document).ok()?;
    let operations = Operation::all(&spec);
    let mut methods = operations.iter();
    let is_method = |id| names::of_method(id) == item;
    if let Some(method) = methods.find(|it| it.id().is_some_and(is_method)) {
        return Some(method.node.id);
    }
    // An inner type whose schema isn't known is named after its holder, with another word at the end.
    let is_holder = |name: &str| {
        let rest = item.strip_prefix(name);
        rest.is_some_and(|it| !it.starts_with(char::is_lowercase))
    };
    let holders = operations.iter();
    let holders = holders.filter_map(|it| Some((names::of_type(it.id()?), it.node)));
    let holders = types::named(&spec, &operations).into_iter().chain(holders);
    let holders = holders.filter(|(name, _)| is_holder(name));
    let nearest = holders.min_by_key(|(name, _)| Reverse(name.len()));
    nearest.map(|(_, node)| node.id)
}

/// The smallest part of a spec that the generator refuses: a schema with those that it needs, or an
/// operation.
pub(crate) fn refused_part(
    root: &Node,
    lowered: &Value,
    is_refused: impl Fn(Value) -> bool,
) -> Option<NodeId> {
    let none = Map::new();
    let components = lowered.get("components").and_then(Value::as_object);
    let components = components.unwrap_or(&none);
    let schemas = components.get("schemas").and_then(Value::as_object);
    let schemas = schemas.unwrap_or(&none);
    let is_refused = |paths: Value, schemas: Map<String, Value>| {
        let mut components = components.clone();
        components.insert("schemas".to_owned(), schemas.into());
        let part = json!({
            "openapi": lowered.get("openapi"),
            "info": lowered.get("info"),
            "paths": paths,
            "components": components,
        });
        is_refused(part)
    };
    let parts = schemas.keys().map(|name| (name, needed(schemas, name)));
    let mut parts: Vec<_> = parts.collect();
    parts.sort_by_key(|(_, needed)| needed.len());
    for (name, needed) in parts {
        let needed = schemas
            .iter()
            .filter(|(name, _)| needed.contains(name.as_str()));
        let needed = needed.map(|(name, schema)| (name.clone(), schema.clone()));
        if is_refused(json!({}), needed.collect()) {
            let place = format!("/components/schemas/{}", escape(name));
            return root.pointer(&place).map(|it| it.id);
        }
    }
    for (path, item) in lowered.get("paths")?.as_object()? {
        let shared = item.get("parameters").cloned().unwrap_or(json!([]));
        for (method, operation) in item.as_object()? {
            let alone = json!({ path: { method: operation, "parameters": shared } });
            if METHODS.contains(&method.as_str()) && is_refused(alone, schemas.clone()) {
                let place = format!("/paths/{}/{method}", escape(path));
                return root.pointer(&place).map(|it| it.id);
            }
        }
    }
    None
}

/// The names of the schemas that one needs, its own included.
fn needed<'s>(schemas: &'s Map<String, Value>, name: &'s str) -> BTreeSet<&'s str> {
    let mut names = BTreeSet::from([name]);
    let mut open: Vec<&Value> = schemas.get(name).into_iter().collect();
    while let Some(value) = open.pop() {
        let target = value.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|it| it.strip_prefix("#/components/schemas/"));
        if let Some((name, schema)) = target.and_then(|it| schemas.get_key_value(it))
            && names.insert(name)
        {
            open.push(schema);
        }
        open.extend(value.as_object().into_iter().flat_map(|it| it.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_type_is_found_by_the_words_of_its_name() {
        let object = |property: &str| json!({ "properties": { property: { "enum": [1, 2] } } });
        let spec = json!({
            "openapi": "3.0.3",
            "paths": { "/a": { "get": { "operationId": "Cats", "responses": {} } } },
            "components": { "schemas": { "Cat": object("egory"), "CatE": object("gory"), "Dog": { "$ref": "#/components/schemas/Cat" } } },
        });
        let document = Document::parse("spec.json".to_owned(), spec.to_string()).unwrap();
        for (item, place) in [
            ("cats", "/paths/~1a/get"),
            ("CatsBody", "/paths/~1a/get"),
            ("CatEgory", "/components/schemas/Cat/properties/egory"),
            ("CatEGoryKnown", "/components/schemas/CatE/properties/gory"),
            ("Dog", "/components/schemas/Dog"),
        ] {
            let found = of_item(&document, item).map(|id| document.pointer(id));
            assert_eq!(found.as_deref(), Some(place), "{item}");
        }
        assert_eq!(of_item(&document, "Dogma"), None);
    }
}
