//! From the spec as the documentation has it to the spec that progenitor can take.
//!
//! The spec is never bent to the generator; this step is where the two differ. It is a pure
//! function. Each rule stands for one thing that progenitor or typify can't do, names it, and can be
//! deleted when they can.

mod any_of;
mod date_time_parameters;
mod docs_text;
mod nullable_collections;
mod one_sided_properties;
mod open_enums;
mod response_limits;
mod responses;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use xtask_spec::{Node, NodeId, Operation, Spec};

use crate::{alternatives, sides};

pub(crate) use self::one_sided_properties::make_optional;
pub(crate) use self::responses::json_schema;

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

/// Rewrites a schema that a response may hold. Gives the places that changed.
type Rule = fn(&str, &Node, &mut Map<String, Value>) -> Vec<String>;

/// The rules for the schemas of responses, in the order in which they are applied.
const OF_RESPONSES: [(&str, Rule); 3] = [
    ("open-response-enum", open_enums::open),
    ("response-without-limits", response_limits::remove),
    (
        "nullable-response-collection",
        nullable_collections::allow_null,
    ),
];

/// Lowers a valid spec.
pub fn lower(spec: &Spec<'_>) -> Lowered {
    let mut value = spec.root().to_value();
    // One order for all documents that mean the same, so that they generate the same code.
    value.sort_all_objects();
    let mut operations = Operation::all(spec);
    operations.sort_by_key(|operation| operation.path);
    let (sent, received) = (
        sides::sent(spec, &operations),
        sides::received(spec, &operations),
    );
    // Opened, each alternative would fit the values of the others.
    let tags = received
        .values()
        .flat_map(|it| alternatives::tags(spec, it));
    let tags: BTreeSet<NodeId> = tags.map(|it| it.id).collect();
    let changeable = received.iter().filter(|(_, it)| !tags.contains(&it.id));
    let mut rewrites = Vec::new();
    for (rule, rewrite) in OF_RESPONSES {
        for (pointer, schema) in changeable.clone() {
            if let Some(Value::Object(object)) = value.pointer_mut(pointer) {
                let changed = rewrite(pointer, schema, object).into_iter();
                rewrites.extend(changed.map(|pointer| Rewrite { rule, pointer }));
            }
        }
    }
    let one_sided = make_optional(spec, &sent, &received, &mut value);
    let alternatives = any_of::distinguish(spec, &mut value);
    let times = date_time_parameters::keep_text(spec, &operations, &mut value);
    let received = responses::as_received(spec, &operations, &mut value);
    let docs = docs_text::rewrite(&mut value);
    for (rule, pointers) in [
        ("one-sided-property-optional", one_sided),
        ("any-of-values", alternatives),
        ("date-time-parameter-as-text", times),
        ("response-as-received", received),
        ("docs-text", docs),
    ] {
        let pointers = pointers.into_iter();
        rewrites.extend(pointers.map(|pointer| Rewrite { rule, pointer }));
    }
    Lowered {
        spec: value,
        rewrites,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use xtask_spec::Document;

    use super::*;

    fn spec(schemas: &Value) -> Document {
        let value = json!({
            "openapi": "3.0.3",
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
        });
        Document::parse("spec.json".to_owned(), value.to_string()).unwrap()
    }

    fn lowered(document: &Document) -> Lowered {
        lower(&Spec::new(document).unwrap())
    }

    /// The places that a rule changed.
    fn changed<'l>(lowered: &'l Lowered, rule: &str) -> Vec<&'l str> {
        let rewrites = lowered.rewrites.iter().filter(|it| it.rule == rule);
        rewrites.map(|it| it.pointer.as_str()).collect()
    }

    fn word() -> Value {
        json!({ "type": "string", "enum": ["a"], "description": "A word." })
    }

    #[test]
    fn enums_of_responses_are_opened_and_those_of_requests_are_not() {
        let lowered = lowered(&spec(&json!({
            "Sent": word(),
            "Received": { "type": "object", "properties": {
                "word": { "$ref": "#/components/schemas/GoodWord" },
                "list": { "type": "array", "items": word() },
            } },
            "GoodWord": word(),
            "Fault": {},
        })));
        assert_eq!(
            changed(&lowered, "open-response-enum"),
            [
                "/components/schemas/GoodWord",
                "/components/schemas/Received/properties/list/items",
            ]
        );
        let schemas = &lowered.spec["components"]["schemas"];
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
                    { "type": "string", "title": "GoodWordUnknown", "nullable": false },
                ],
            })
        );
        let inner = &schemas["Received"]["properties"]["list"]["items"]["oneOf"];
        assert_eq!(inner[0]["title"], "ReceivedListItemKnown");
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
        let lowered = lowered(&spec(&json!({
            "Sent": collections,
            "Received": collections,
            "Fault": {},
        })));
        assert_eq!(
            changed(&lowered, "nullable-response-collection"),
            [
                "/components/schemas/Received/properties/list",
                "/components/schemas/Received/properties/map",
            ]
        );
        let schemas = &lowered.spec["components"]["schemas"];
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
    fn responses_lose_their_limits_and_requests_keep_them() {
        let limited = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "count": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 9 },
                "size": { "type": "integer", "format": "uint8", "enum": [1, 2] },
                "bytes": { "type": "integer", "format": "uint64", "maximum": 9 },
                "pair": { "type": "array", "items": {}, "minItems": 2, "maxItems": 2 },
                "code": { "type": "string", "format": "uuid", "pattern": "^a", "minLength": 1 },
                "odd": { "not": { "type": "string" } },
                "mixed": { "enum": ["a", 1] },
            },
            "required": ["pair"],
        });
        let lowered = lowered(&spec(&json!({
            "Sent": limited,
            "Received": limited,
            "Fault": {},
        })));
        assert_eq!(changed(&lowered, "response-without-limits").len(), 8);
        let schemas = &lowered.spec["components"]["schemas"];
        assert_eq!(schemas["Sent"], limited);
        assert_eq!(
            schemas["Received"],
            json!({
                "type": "object",
                "properties": {
                    "count": { "type": "integer", "format": "int32" },
                    "size": { "type": "integer" },
                    "bytes": { "type": "integer", "format": "uint64" },
                    "pair": { "type": "array", "items": {} },
                    "code": { "type": "string" },
                    "odd": {},
                    "mixed": {},
                },
                "required": ["pair"],
            })
        );
    }

    #[test]
    fn a_nullable_enum_keeps_null_out_of_its_values() {
        let nullable = json!({ "type": "string", "nullable": true, "enum": ["a", null] });
        let lowered = lowered(&spec(
            &json!({ "Sent": {}, "Received": nullable, "Fault": {} }),
        ));
        let received = &lowered.spec["components"]["schemas"]["Received"];
        assert_eq!(received.get("nullable"), None);
        let [known, unknown] = [0, 1].map(|index| &received["oneOf"][index]);
        assert_eq!(known["enum"], json!(["a"]));
        assert_eq!(unknown["nullable"], true);
    }

    #[test]
    fn the_tags_of_alternatives_stay_closed() {
        let tagged = |kind: &str| {
            json!({
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": { "type": "string", "enum": [kind] },
                    "other": { "type": "string", "enum": [kind] },
                },
            })
        };
        let lowered = lowered(&spec(&json!({
            "Sent": {},
            "Received": { "oneOf": [{ "$ref": "#/components/schemas/Cat" }, tagged("dog")] },
            "Cat": tagged("cat"),
            "Fault": {},
        })));
        assert_eq!(
            changed(&lowered, "open-response-enum"),
            [
                "/components/schemas/Cat/properties/other",
                "/components/schemas/Received/oneOf/1/properties/other",
            ]
        );
    }

    #[test]
    fn any_of_with_a_value_becomes_one_of() {
        let objects =
            json!({ "anyOf": [{ "type": "object" }, { "$ref": "#/components/schemas/Fault" }] });
        let lowered = lowered(&spec(&json!({
            "Sent": { "anyOf": [{ "type": "object" }, { "anyOf": [word(), { "type": "string" }] }] },
            "Received": objects,
            "Fault": { "properties": {} },
        })));
        assert_eq!(
            changed(&lowered, "any-of-values"),
            [
                "/components/schemas/Sent",
                "/components/schemas/Sent/anyOf/1"
            ]
        );
        let schemas = &lowered.spec["components"]["schemas"];
        assert_eq!(
            schemas["Sent"]["oneOf"][1]["oneOf"][1],
            json!({ "type": "string" })
        );
        assert_eq!(schemas["Received"], objects);
    }

    #[test]
    fn a_property_of_the_other_side_is_optional() {
        let marked = json!({
            "required": ["id", "key", "name", "more"],
            "properties": {
                "id": { "type": "string", "readOnly": true, "default": "x" },
                "key": { "type": "string", "writeOnly": true },
                "name": { "$ref": "#/components/schemas/Both" },
            },
            "allOf": [{ "properties": { "more": { "readOnly": true } }, "required": ["more"] }],
        });
        let lowered = lowered(&spec(&json!({
            "Sent": marked, "Received": marked, "Fault": {},
            "Both": { "required": ["id"], "properties": { "id": { "readOnly": true } } },
        })));
        assert_eq!(
            changed(&lowered, "one-sided-property-optional"),
            [
                "/components/schemas/Both/required",
                "/components/schemas/Received/required",
                "/components/schemas/Sent/allOf/0/required",
                "/components/schemas/Sent/properties/id/default",
                "/components/schemas/Sent/required",
            ]
        );
        let schemas = &lowered.spec["components"]["schemas"];
        assert_eq!(schemas["Sent"]["required"], json!(["key", "name"]));
        assert_eq!(schemas["Sent"]["allOf"][0].get("required"), None);
        assert_eq!(
            schemas["Received"]["required"],
            json!(["id", "name", "more"])
        );
    }

    #[test]
    fn a_time_in_a_path_or_a_header_stays_text() {
        let time = json!({ "type": "string", "format": "date-time" });
        let document = spec(&json!({ "Sent": {}, "Received": {}, "Fault": {}, "Time": time }));
        let mut value = document.root.to_value();
        let time = json!({ "$ref": "#/components/schemas/Time" });
        value["paths"]["/a"]["parameters"] = json!([
            { "name": "a", "in": "header", "schema": time },
            { "name": "b", "in": "query", "schema": time },
            { "name": "c", "in": "header", "schema": { "type": "string", "format": "date" } },
        ]);
        let document = Document::parse("spec.json".to_owned(), value.to_string()).unwrap();
        let lowered = lowered(&document);
        assert_eq!(
            changed(&lowered, "date-time-parameter-as-text"),
            ["/paths/~1a/parameters/0/schema"]
        );
        let parameters = &lowered.spec["paths"]["/a"]["parameters"];
        assert_eq!(parameters[0]["schema"], json!({ "type": "string" }));
        assert_eq!(parameters[1]["schema"], time);
    }

    #[test]
    fn docs_say_what_is_deprecated_and_hold_no_commands() {
        let lowered = lowered(&spec(&json!({
            "Sent": { "type": "object", "properties": {
                "deprecated": { "deprecated": true },
                "text": { "description": "a\n ::error::b ##[error]c", "default": "::x" },
            } },
            "Received": {},
            "Fault": {},
        })));
        assert_eq!(
            changed(&lowered, "docs-text"),
            [
                "/components/schemas/Sent/properties/deprecated",
                "/components/schemas/Sent/properties/text/description",
            ]
        );
        assert_eq!(
            lowered.spec["components"]["schemas"]["Sent"]["properties"],
            json!({
                "deprecated": { "description": "Deprecated." },
                "text": { "description": "a\n \\::error::b ##\\[error]c", "default": "::x" },
            })
        );
    }

    #[test]
    fn responses_become_one_that_keeps_everything() {
        let lowered = lowered(&spec(&json!({ "Sent": {}, "Received": {}, "Fault": {} })));
        let changed = changed(&lowered, "response-as-received");
        assert_eq!(changed, ["/paths/~1a/get/responses"]);
        let operation = &lowered.spec["paths"]["/a"]["get"];
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
        assert_eq!(lowered.spec["components"].get("responses"), None);
    }

    #[test]
    fn lowering_lists_what_it_rewrote() {
        let lowered = lowered(&spec(
            &json!({ "Sent": {}, "Received": word(), "Fault": {} }),
        ));
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
        assert_eq!(lowered(&spec).rewrites.len(), 2);
    }
}
