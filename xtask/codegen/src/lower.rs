//! From the spec as the documentation has it to the spec that progenitor can take.
//!
//! The spec is never bent to the generator; this step is where the two differ. It is a pure
//! function. Each rule stands for one thing that progenitor or typify can't do, names it, and can be
//! deleted when they can.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};
use xtask_spec::names::{self, KNOWN, UNKNOWN};
use xtask_spec::{Node, Operation, Spec, escape};

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
const OF_RESPONSES: [(&str, Rule); 2] = [
    ("open-response-enum", open_response_enum),
    (
        "nullable-response-collection",
        nullable_response_collections,
    ),
];

/// Lowers a valid spec.
pub fn lower(spec: &Spec<'_>) -> Lowered {
    let mut value = spec.root().to_value();
    // One order for all documents that mean the same, so that they generate the same code.
    value.sort_all_objects();
    let mut operations = Operation::all(spec);
    operations.sort_by_key(|operation| operation.path);
    let received = response_schemas(spec, &operations);
    let mut rewrites = Vec::new();
    for (rule, rewrite) in OF_RESPONSES {
        for (pointer, schema) in &received {
            if let Some(Value::Object(object)) = value.pointer_mut(pointer) {
                let changed = rewrite(pointer, schema, object).into_iter();
                rewrites.extend(changed.map(|pointer| Rewrite { rule, pointer }));
            }
        }
    }
    let pointers = responses_as_received(spec, &operations, &mut value).into_iter();
    rewrites.extend(pointers.map(|pointer| Rewrite {
        rule: "response-as-received",
        pointer,
    }));
    Lowered {
        spec: value,
        rewrites,
    }
}

/// A value that the enum of a response doesn't list must not make the response unreadable: the
/// service may add values. typify emits closed enums only (it has no issue for open ones), and of
/// `anyOf: [enum, string]` it makes a struct that no string fits. Of `oneOf` it makes an untagged
/// enum, whose variants are named by what their titles do not share.
fn open_response_enum(pointer: &str, node: &Node, schema: &mut Map<String, Value>) -> Vec<String> {
    if node.field("type") != Some("string") || node.get("enum").is_none() {
        return Vec::new();
    }
    let name = names::of_type_at(pointer);
    let mut known = schema.clone();
    known.retain(|field, _| matches!(field.as_str(), "type" | "enum"));
    known.insert("title".to_owned(), json!(format!("{name}{KNOWN}")));
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
}

/// An optional list or map may also be `null` in a response. typify makes `#[serde(default)]` of
/// it, which allows it to be absent but not to be `null` (serde-rs/serde#2173), and which forgets
/// an empty one when it is written again.
fn nullable_response_collections(
    pointer: &str,
    node: &Node,
    schema: &mut Map<String, Value>,
) -> Vec<String> {
    let required: BTreeSet<&str> = node
        .list("required")
        .iter()
        .filter_map(Node::text)
        .collect();
    let is_optional_collection = |name: &str| {
        let property = node.get("properties").and_then(|it| it.get(name));
        let collection = property.is_some_and(|it| match it.field("type") {
            Some("array") => true,
            Some("object") => it.get("properties").is_none(),
            _ => false,
        });
        collection && !required.contains(name)
    };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return Vec::new();
    };
    let mut changed = Vec::new();
    for (name, property) in properties {
        if let (true, Value::Object(property)) = (is_optional_collection(name), property) {
            property.insert("nullable".to_owned(), json!(true));
            changed.push(format!("{pointer}/properties/{}", escape(name)));
        }
    }
    changed
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
fn responses_as_received(
    spec: &Spec<'_>,
    operations: &[Operation<'_>],
    value: &mut Value,
) -> Vec<String> {
    let mut pointers = Vec::new();
    for Operation { node, .. } in operations {
        let answers = documented_answers(spec, node);
        let description = match node.field("description") {
            Some(text) => format!("{text}\n\n{answers}"),
            None => answers,
        };
        let pointer = spec.document().pointer(node.id);
        let Some(Value::Object(operation)) = value.pointer_mut(&pointer) else {
            continue;
        };
        operation.insert("description".to_owned(), json!(description));
        operation.insert(
            "responses".to_owned(),
            json!({ "2XX": { "description": "Any success.", "content": { "*/*": {} } } }),
        );
        pointers.push(format!("{pointer}/responses"));
    }
    if let Some(Value::Object(components)) = value.get_mut("components") {
        components.remove("responses");
    }
    pointers
}

fn documented_answers(spec: &Spec<'_>, operation: &Node) -> String {
    let responses: BTreeMap<&str, &Node> = operation
        .map("responses")
        .iter()
        .map(|(status, response)| (&**status, spec.resolve(response)))
        .collect();
    let answers = responses.into_iter().map(|(status, response)| {
        let description = response.field("description").unwrap_or_default();
        let body = json_schema(response)
            .and_then(Node::reference)
            .map(|target| format!(" ([`types::{}`])", names::of_type_at(target)))
            .unwrap_or_default();
        format!("- `{status}`: {}{body}\n", description.replace('\n', " "))
    });
    format!("Documented answers:\n{}", answers.collect::<String>())
}

/// The schema of a response's JSON body.
pub(crate) fn json_schema(response: &Node) -> Option<&Node> {
    response
        .get("content")?
        .get("application/json")?
        .get("schema")
}

/// All schemas that a response may hold, through references and inner schemas, by their places.
fn response_schemas<'a>(
    spec: &Spec<'a>,
    operations: &[Operation<'a>],
) -> BTreeMap<String, &'a Node> {
    let mut found = BTreeMap::new();
    let responses = operations.iter().flat_map(|it| it.node.map("responses"));
    let contents = responses.flat_map(|(_, response)| spec.resolve(response).map("content"));
    let mut open: Vec<&Node> = contents.filter_map(|(_, it)| it.get("schema")).collect();
    while let Some(schema) = open.pop() {
        let schema = spec.resolve(schema);
        let pointer = spec.document().pointer(schema.id);
        if found.insert(pointer, schema).is_none() {
            open.extend(schemas_in(schema));
        }
    }
    found
}

/// The schemas directly in a schema.
fn schemas_in(schema: &Node) -> impl Iterator<Item = &Node> {
    let listed = ["allOf", "oneOf", "anyOf"].iter();
    let alone = ["not", "items", "additionalProperties"].iter();
    let properties = schema.map("properties").iter().map(|(_, it)| it);
    listed
        .flat_map(|keyword| schema.list(keyword))
        .chain(alone.filter_map(|keyword| schema.get(keyword)))
        .chain(properties)
        .filter(|it| it.is_map())
}

#[cfg(test)]
mod tests {
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
                    { "type": "string", "title": "GoodWordUnknown" },
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
