//! From the spec as the documentation has it to the spec that progenitor can take.
//!
//! The spec is never bent to the generator; this step is where the two differ. It is a pure
//! function. Each rule stands for one thing that progenitor or typify can't do, names it, and can be
//! deleted when they can.

use std::collections::BTreeSet;
use std::fmt;

use heck::ToPascalCase;
use serde_json::{Map, Value, json};

use super::operations::Operation;
use super::schema;
use xtask_spec::document::escape;

/// A spec for the generator, with what was changed to get there.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowered {
    /// The spec.
    pub spec: Value,
    /// The changes, in the order of the rules.
    pub rewrites: Vec<Rewrite>,
}

/// One change to the spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rewrite {
    /// The rule that made it.
    pub rule: &'static str,
    /// JSON pointer to what was changed.
    pub pointer: String,
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: #{}", self.rule, self.pointer)
    }
}

/// The variant of an open enum that holds what the spec doesn't list.
pub const UNKNOWN: &str = "Unknown";

type Rule = fn(&mut Value) -> Vec<String>;

/// The rules, in the order in which they are applied: those that need to know which schemas a
/// response holds come before the one that hides the responses from the generator.
const RULES: [(&str, Rule); 3] = [
    ("open-response-enum", open_response_enums),
    (
        "nullable-response-collection",
        nullable_response_collections,
    ),
    ("response-as-received", responses_as_received),
];

/// Lowers a valid spec.
pub fn lower(spec: &Value) -> Lowered {
    let mut spec = spec.clone();
    // One order for all documents that mean the same, so that they generate the same code.
    spec.sort_all_objects();
    let rewrites = RULES
        .iter()
        .flat_map(|(rule, apply)| {
            apply(&mut spec)
                .into_iter()
                .map(|pointer| Rewrite { rule, pointer })
        })
        .collect();
    Lowered { spec, rewrites }
}

/// A value that the enum of a response doesn't list must not make the response unreadable: the
/// service may add values. typify emits closed enums only (it has no issue for open ones), and of
/// `anyOf: [enum, string]` it makes a struct that no string fits. Of `oneOf` it makes an untagged
/// enum, whose variants are named by what their titles do not share.
fn open_response_enums(spec: &mut Value) -> Vec<String> {
    rewrite_response_schemas(spec, |pointer, schema| {
        if schema.get("type") != Some(&json!("string")) || !schema.contains_key("enum") {
            return Vec::new();
        }
        let name = type_name(pointer);
        let mut known = schema.clone();
        known.retain(|field, _| matches!(field.as_str(), "type" | "enum"));
        known.insert("title".to_owned(), json!(format!("{name}Known")));
        known.insert(
            "description".to_owned(),
            json!("A value that the spec lists."),
        );
        schema.retain(|field, _| !matches!(field.as_str(), "type" | "enum" | "title"));
        schema.insert(
            "oneOf".to_owned(),
            json!([known, { "type": "string", "title": format!("{name}{UNKNOWN}") }]),
        );
        vec![pointer.to_owned()]
    })
}

/// An optional list or map may also be `null` in a response. typify makes `#[serde(default)]` of
/// it, which allows it to be absent but not to be `null` (serde-rs/serde#2173), and which forgets
/// an empty one when it is written again.
fn nullable_response_collections(spec: &mut Value) -> Vec<String> {
    rewrite_response_schemas(spec, |pointer, schema| {
        let required = schema.get("required").cloned().unwrap_or_default();
        let required: Vec<&Value> = required.as_array().into_iter().flatten().collect();
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        for (name, property) in properties {
            let collection = match property.get("type").and_then(Value::as_str) {
                Some("array") => true,
                Some("object") => property.get("properties").is_none(),
                _ => false,
            };
            if collection
                && !required.contains(&&json!(name))
                && let Some(property) = property.as_object_mut()
            {
                property.insert("nullable".to_owned(), json!(true));
                changed.push(format!("{pointer}/properties/{}", escape(name)));
            }
        }
        changed
    })
}

/// Every answer reaches the caller as the server sent it. With the responses that the spec
/// describes, progenitor
/// - stops at an assertion if an operation's errors have two types (oxidecomputer/progenitor#344,
///   #950), as those of this API do;
/// - loses status and headers of an answer whose body doesn't parse, and reads bodies of any size;
/// - drops the body of an answer whose body isn't described.
///
/// One response for all of 2xx with a body of any kind keeps status, headers and body; any other
/// status is then unexpected, and comes with the whole response. What the spec says of the
/// responses goes into the docs of the operation.
fn responses_as_received(spec: &mut Value) -> Vec<String> {
    let described: Vec<(String, String)> = Operation::all(spec)
        .iter()
        .map(|operation| {
            let text = operation.value.get("description").and_then(Value::as_str);
            let answers = documented_answers(spec, operation.value);
            let text = match text {
                Some(text) => format!("{text}\n\n{answers}"),
                None => answers,
            };
            (operation.pointer.clone(), text)
        })
        .collect();
    let mut pointers = Vec::new();
    for (pointer, description) in described {
        let Some(Value::Object(operation)) = spec.pointer_mut(&pointer) else {
            continue;
        };
        operation.insert("description".to_owned(), json!(description));
        operation.insert(
            "responses".to_owned(),
            json!({ "2XX": { "description": "Any success.", "content": { "*/*": {} } } }),
        );
        pointers.push(format!("{pointer}/responses"));
    }
    if let Some(Value::Object(components)) = spec.get_mut("components") {
        components.remove("responses");
    }
    pointers
}

fn documented_answers(spec: &Value, operation: &Value) -> String {
    let responses = operation.get("responses").and_then(Value::as_object);
    let answers = responses.into_iter().flatten().map(|(status, response)| {
        let response = schema::resolve(spec, response);
        let description = response.get("description").and_then(Value::as_str);
        let description = description.unwrap_or_default().replace('\n', " ");
        let body = response
            .pointer("/content/application~1json/schema")
            .and_then(schema::reference)
            .map(|pointer| format!(" ([`types::{}`])", type_name(pointer)))
            .unwrap_or_default();
        format!("- `{status}`: {description}{body}\n")
    });
    format!("Documented answers:\n{}", answers.collect::<String>())
}

/// Applies a rewrite to each schema that a response may hold. Both give the places that changed.
fn rewrite_response_schemas(
    spec: &mut Value,
    rewrite: impl Fn(&str, &mut Map<String, Value>) -> Vec<String>,
) -> Vec<String> {
    let mut changed = Vec::new();
    for pointer in response_schemas(spec) {
        if let Some(Value::Object(schema)) = spec.pointer_mut(&pointer) {
            changed.extend(rewrite(&pointer, schema));
        }
    }
    changed
}

/// The places of all schemas that a response may hold, through references and inner schemas.
fn response_schemas(spec: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = Vec::new();
    for operation in Operation::all(spec) {
        let responses = operation.value.get("responses").and_then(Value::as_object);
        for (status, response) in responses.into_iter().flatten() {
            let place = match schema::reference(response) {
                Some(target) => target.to_owned(),
                None => format!("{}/responses/{status}", operation.pointer),
            };
            let content = schema::resolve(spec, response).get("content");
            let content = content.and_then(Value::as_object);
            for (media_type, _) in content.into_iter().flatten() {
                open.push(format!("{place}/content/{}/schema", escape(media_type)));
            }
        }
    }
    while let Some(pointer) = open.pop() {
        let Some(schema) = spec.pointer(&pointer) else {
            continue;
        };
        if let Some(target) = schema::reference(schema) {
            open.push(target.to_owned());
        } else if found.insert(pointer.clone()) {
            let parts = schema::parts(schema).into_iter();
            open.extend(parts.map(|(_, part, _)| format!("{pointer}{part}")));
        }
    }
    found
}

/// The name that typify gives the type of the schema at a place: of a component its name, of an
/// inner schema that of the component with the names of the properties on the way to it.
fn type_name(pointer: &str) -> String {
    pointer
        .trim_start_matches("/components/schemas/")
        .split('/')
        .filter(|segment| !matches!(*segment, "properties" | "items" | "content" | "schema"))
        .map(ToPascalCase::to_pascal_case)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(schemas: &Value) -> Value {
        json!({
            "paths": { "/a": { "get": {
                "operationId": "GetA",
                "description": "Gets it.",
                "requestBody": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Sent" },
                } } },
                "responses": {
                    "200": { "description": "Here.", "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Received" },
                    } } },
                    "404": { "$ref": "#/components/responses/Lost" },
                },
            } } },
            "components": {
                "schemas": schemas,
                "responses": { "Lost": { "description": "Not there.", "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Fault" } },
                } } },
            },
        })
    }

    fn word() -> Value {
        json!({ "type": "string", "enum": ["a"], "description": "A word." })
    }

    #[test]
    fn enums_of_responses_are_opened_and_those_of_requests_are_not() {
        let mut spec = spec(&json!({
            "Sent": word(),
            "Received": { "type": "object", "properties": {
                "word": { "$ref": "#/components/schemas/GoodWord" },
                "list": { "type": "array", "items": word() },
            } },
            "GoodWord": word(),
            "Fault": {},
        }));
        let changed = open_response_enums(&mut spec);
        assert_eq!(
            changed,
            [
                "/components/schemas/GoodWord",
                "/components/schemas/Received/properties/list/items",
            ]
        );
        let schemas = &spec["components"]["schemas"];
        assert_eq!(schemas["Sent"], word());
        assert_eq!(
            schemas["GoodWord"],
            json!({
                "description": "A word.",
                "oneOf": [
                    {
                        "type": "string",
                        "enum": ["a"],
                        "title": "GoodWordKnown",
                        "description": "A value that the spec lists.",
                    },
                    { "type": "string", "title": "GoodWordUnknown" },
                ],
            })
        );
        let inner = &schemas["Received"]["properties"]["list"]["items"]["oneOf"];
        assert_eq!(inner[0]["title"], "ReceivedListKnown");
    }

    #[test]
    fn optional_collections_of_responses_become_nullable() {
        let collections = json!({
            "type": "object",
            "required": ["must"],
            "properties": {
                "must": { "type": "array", "items": {} },
                "list": { "type": "array", "items": {} },
                "map": { "type": "object" },
                "text": { "type": "string" },
                "object": { "type": "object", "properties": { "a": {} } },
            },
        });
        let mut spec = spec(&json!({
            "Sent": collections,
            "Received": collections,
            "Fault": {},
        }));
        let changed = nullable_response_collections(&mut spec);
        assert_eq!(
            changed,
            [
                "/components/schemas/Received/properties/list",
                "/components/schemas/Received/properties/map",
            ]
        );
        let schemas = &spec["components"]["schemas"];
        assert_eq!(schemas["Sent"], collections);
        let properties = schemas["Received"]["properties"].as_object().unwrap();
        let nullable: Vec<&str> = properties
            .iter()
            .filter(|(_, property)| property["nullable"] == true)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(nullable, ["list", "map"]);
    }

    #[test]
    fn responses_become_one_that_keeps_everything() {
        let mut spec = spec(&json!({ "Sent": {}, "Received": {}, "Fault": {} }));
        let changed = responses_as_received(&mut spec);
        assert_eq!(changed, ["/paths/~1a/get/responses"]);
        let operation = &spec["paths"]["/a"]["get"];
        assert_eq!(
            operation["responses"],
            json!({ "2XX": { "description": "Any success.", "content": { "*/*": {} } } })
        );
        assert_eq!(
            operation["description"],
            "Gets it.\n\nDocumented answers:\n\
             - `200`: Here. ([`types::Received`])\n\
             - `404`: Not there. ([`types::Fault`])\n"
        );
        assert_eq!(spec["components"].get("responses"), None);
    }

    #[test]
    fn lowering_lists_what_it_rewrote_and_leaves_its_input_alone() {
        let before = spec(&json!({ "Sent": {}, "Received": word(), "Fault": {} }));
        let input = before.clone();
        let lowered = lower(&input);
        assert_eq!(input, before);
        let rewrites: Vec<String> = lowered.rewrites.iter().map(ToString::to_string).collect();
        assert_eq!(
            rewrites,
            [
                "open-response-enum: #/components/schemas/Received",
                "response-as-received: #/paths/~1a/get/responses",
            ]
        );
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let tree = json!({ "type": "object", "properties": {
            "children": { "type": "array", "items": { "$ref": "#/components/schemas/Received" } },
        } });
        let spec = spec(&json!({ "Sent": {}, "Received": tree, "Fault": {} }));
        assert_eq!(lower(&spec).rewrites.len(), 2);
    }
}
