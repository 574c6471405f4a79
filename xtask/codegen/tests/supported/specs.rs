//! Small specs of random parts: of what is supported, and of names and keywords that have broken code.

use proptest::prelude::Rng as _;
use proptest::test_runner::{TestRng, TestRunner};
use serde_json::{Map, Value, json};
use xtask_spec::fields::METHODS;

/// Names of properties and parameters. Some become one name in Rust, or one that is taken.
const NAMES: [&str; 24] = [
    "id",
    "name",
    "kind",
    "count",
    "user-id",
    "user_id",
    "type",
    "self",
    "Self",
    "page[size]",
    "body",
    "header_map",
    "client",
    "url",
    "request",
    "response",
    "result",
    "info",
    "1st",
    "a b",
    "naïve",
    "fn",
    "value",
    "X-Key",
];

const HEADERS: [&str; 8] = [
    "X-Key",
    "id",
    "If-Match",
    "accept",
    "Content-Type",
    "authorization",
    "header_map",
    "value",
];

/// Names of components. Some are those of Rust's prelude.
const COMPONENTS: [&str; 20] = [
    "Thing", "Item-1", "Part.Of", "Ok", "Err", "Some", "None", "String", "Option", "Vec", "Result",
    "Box", "Self", "Error", "Client", "From", "Default", "Map", "1st", "thing",
];

/// Names of operations. Some are methods that the client has.
const OPERATIONS: [&str; 10] = [
    "getThing",
    "get-thing",
    "list_things",
    "new",
    "client",
    "exec",
    "baseurl",
    "match",
    "a",
    "Make.Thing",
];

/// An endless row of specs, the same each time.
pub(crate) struct Specs {
    random: TestRng,
}

/// A schema with an example of it.
type Described = (Value, Value);

impl Specs {
    pub(crate) fn new() -> Self {
        let random = TestRunner::deterministic().new_rng();
        Self { random }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.next_u32() as usize % end
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    /// One of the first, which are ordinary, or now and then one of the rest.
    fn name<'n>(&mut self, names: &[&'n str], ordinary: usize) -> &'n str {
        let end = if self.one_in(12) {
            names.len()
        } else {
            ordinary
        };
        names[self.below(end)]
    }

    fn scalar(&mut self) -> Described {
        let word = |extra: Value, example: &str| {
            let mut schema = json!({ "type": "string" });
            merge(&mut schema, extra);
            (schema, json!(example))
        };
        match self.below(23) {
            0..=4 => word(json!({}), "some text"),
            5 => word(json!({ "enum": ["a", "b-c", "1"] }), "b-c"),
            6 => word(json!({ "format": "date-time" }), "2024-01-15T10:30:00Z"),
            7 => word(json!({ "format": "date" }), "2024-01-15"),
            8 => word(json!({ "format": "ipv4" }), "127.0.0.1"),
            9 => word(json!({ "minLength": 1, "maxLength": 9 }), "abc"),
            10 => word(json!({ "default": "x" }), "abc"),
            11 => word(
                json!({ "format": (["byte", "password"][self.below(2)]) }),
                "YWJj",
            ),
            12 if self.one_in(8) => word(json!({ "pattern": "^[a-z]+$" }), "abc"),
            13 if self.one_in(8) => word(
                json!({ "format": "uuid" }),
                "b0e7a1c2-0d6e-4a8e-9d1a-2f7b3c4d5e6f",
            ),
            14 => (json!({ "type": "integer", "minimum": 1 }), json!(7)),
            15 => (json!({ "type": "integer", "enum": [1, 2] }), json!(2)),
            16 => (
                json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": 9 }),
                json!(9),
            ),
            17 => (
                json!({ "type": "number", "exclusiveMinimum": true, "minimum": 0 }),
                json!(0.5),
            ),
            18 => (json!({ "type": "integer", "default": 5 }), json!(6)),
            19 => (json!({ "type": "boolean" }), json!(true)),
            20 => {
                let format = self.name(&["uint8", "uint64", "int16", "int128"], 3);
                (json!({ "type": "integer", "format": format }), json!(8))
            }
            _ => (json!({ "type": "integer", "format": "int64" }), json!(1)),
        }
    }

    fn schema(&mut self, depth: usize, known: &[(&str, Value)]) -> Described {
        let (mut schema, example) = match self.below(if depth == 0 { 8 } else { 20 }) {
            0..=5 => self.scalar(),
            6 | 7 if !known.is_empty() => {
                let (name, example) = &known[self.below(known.len())];
                // A reference has no other fields.
                return (
                    json!({ "$ref": format!("#/components/schemas/{name}") }),
                    example.clone(),
                );
            }
            8 | 9 => {
                let (items, example) = self.schema(depth - 1, known);
                let mut schema = json!({ "type": "array", "items": items });
                match self.below(6) {
                    0 => merge(&mut schema, json!({ "minItems": 1, "maxItems": 1 })),
                    1 => merge(&mut schema, json!({ "uniqueItems": true })),
                    _ => {}
                }
                (schema, json!([example]))
            }
            10 => {
                let (values, example) = self.schema(depth - 1, known);
                (
                    json!({ "type": "object", "additionalProperties": values }),
                    json!({ "k": example }),
                )
            }
            11 => (json!({ "type": "object" }), json!({ "any": [1, "x"] })),
            12 | 16 => self.alternatives(depth, known),
            13 => {
                let [(mut first, ours), (mut second, mut example)] =
                    [0, 1].map(|_| self.object(depth - 1, known));
                for member in [&mut first, &mut second] {
                    if let Value::Object(member) = member {
                        member.remove("additionalProperties");
                    }
                }
                // Two schemas of one property most often fit no value.
                if let (Some(first), Some(second)) = (
                    first["properties"].as_object(),
                    second["properties"].as_object_mut(),
                ) {
                    second.retain(|name, _| !first.contains_key(name));
                }
                merge(&mut example, ours);
                (json!({ "allOf": [first, second] }), example)
            }
            14 if !known.is_empty() => {
                let (name, example) = &known[self.below(known.len())];
                let target = json!({ "$ref": format!("#/components/schemas/{name}") });
                (json!({ "allOf": [target] }), example.clone())
            }
            15 if self.one_in(3) => (
                json!({ "not": { "type": "string", "minLength": 1 } }),
                json!(1),
            ),
            _ if depth > 0 => self.object(depth - 1, known),
            _ => self.scalar(),
        };
        merge(
            &mut schema,
            json!({ "description": "Some *words*, `code` and </tags>." }),
        );
        if self.one_in(8) {
            merge(&mut schema, json!({ "nullable": true }));
        }
        if self.one_in(12) {
            merge(&mut schema, json!({ "deprecated": true }));
        }
        (schema, example)
    }

    /// Two alternatives, with an example of one of them.
    fn alternatives(&mut self, depth: usize, known: &[(&str, Value)]) -> Described {
        let keyword = ["oneOf", "anyOf"][self.below(2)];
        let mut alternatives = match self.below(8) {
            // These are told apart.
            0 | 1 => ["a", "b"].map(|tag| {
                let (mut schema, mut example) = self.object(depth - 1, known);
                let tagged = json!({ "type": "string", "enum": [tag], "description": "A tag." });
                schema["properties"]["tag"] = tagged;
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                schema["required"] = [vec![json!("tag")], required].concat().into();
                example["tag"] = json!(tag);
                (schema, example)
            }),
            2 => [self.scalar(), self.object(depth - 1, known)],
            3 => {
                let (items, example) = self.schema(depth - 1, known);
                let list = json!({ "type": "array", "items": items });
                [(list, json!([example])), self.object(depth - 1, known)]
            }
            // And these most often aren't.
            4..=6 => [self.object(depth - 1, known), self.object(depth - 1, known)],
            _ => [self.scalar(), self.scalar()],
        };
        if self.one_in(6) {
            alternatives.reverse();
        }
        let [(first, example), (second, other)] = alternatives;
        let example = [example, other][self.below(2)].clone();
        (json!({ keyword: [first, second] }), example)
    }

    fn object(&mut self, depth: usize, known: &[(&str, Value)]) -> Described {
        let (mut properties, mut example, mut required) = (Map::new(), Map::new(), Vec::new());
        for _ in 0..=self.below(3) {
            let (mut schema, value) = self.schema(depth, known);
            let name = match self.below(16) {
                // A reference has no other fields.
                0 | 1 if schema.get("$ref").is_none() => {
                    let mark = ["readOnly", "writeOnly"][self.below(2)];
                    merge(&mut schema, json!({ mark: true }));
                    mark
                }
                _ => self.name(&NAMES, 4),
            };
            properties.insert(name.to_owned(), schema);
            example.insert(name.to_owned(), value);
            if self.one_in(2) && !required.contains(&name) {
                required.push(name);
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            merge(&mut schema, json!({ "required": required }));
        }
        if self.one_in(6) {
            merge(&mut schema, json!({ "additionalProperties": false }));
        }
        (schema, example.into())
    }

    fn parameter(&mut self) -> Value {
        let place = ["query", "query", "header"][self.below(3)];
        let (mut schema, mut example) = self.scalar();
        if place == "query" && self.one_in(4) {
            schema = json!({ "type": "array", "items": schema });
            example = json!([example, example]);
        }
        let name = match place {
            "header" => self.name(&HEADERS, 3),
            _ => self.name(&NAMES, 8),
        };
        let mut parameter =
            json!({ "name": name, "in": place, "schema": schema, "example": example });
        merge(
            &mut parameter,
            json!({ "required": self.one_in(2), "description": "A parameter." }),
        );
        if self.one_in(12) {
            merge(&mut parameter, json!({ "explode": false }));
        }
        parameter
    }

    /// The schema of a request's body, with an example and a media type.
    fn body(&mut self, known: &[(&str, Value)]) -> (Value, Value, &'static str) {
        let text = json!("some text");
        match self.below(10) {
            0 => {
                let binary = json!({ "type": "string", "format": "binary" });
                (binary, text, "application/octet-stream")
            }
            1 => {
                let charset = ["text/plain", "text/plain; charset=latin1"][self.below(6) / 5];
                (json!({ "type": "string" }), text, charset)
            }
            2 | 3 => {
                // Objects of depth 0 have values of scalars, and of the components.
                let none = if self.one_in(3) { known } else { &[] };
                let (form, example) = self.object(0, none);
                (form, example, "application/x-www-form-urlencoded")
            }
            4 => {
                let (schema, example) = self.schema(1, known);
                (schema, without_read_only(example), "application/json")
            }
            _ => {
                let (name, example) = &known[self.below(known.len())];
                let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
                (
                    schema,
                    without_read_only(example.clone()),
                    "application/json",
                )
            }
        }
    }

    fn operation(&mut self, id: &str, known: &[(&str, Value)]) -> Value {
        let name = known[self.below(known.len())].0;
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        let mut operation = json!({
            "operationId": id,
            "summary": "Does something",
            "responses": { "200": { "description": "Done.", "content": {
                "application/json": { "schema": schema },
            } } },
        });
        let mut parameters: Vec<Value> = (0..self.below(3)).map(|_| self.parameter()).collect();
        parameters.dedup_by_key(|it| it["name"].clone());
        merge(&mut operation, json!({ "parameters": parameters }));
        if self.one_in(2) {
            let (schema, example, media_type) = self.body(known);
            let content = json!({ media_type: { "schema": schema, "example": example } });
            let body = json!({ "required": !self.one_in(30), "content": content });
            merge(&mut operation, json!({ "requestBody": body }));
        }
        if self.one_in(10) {
            merge(&mut operation, json!({ "deprecated": true }));
        }
        operation
    }
}

impl Iterator for Specs {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let mut schemas = Map::new();
        let mut known: Vec<(&str, Value)> = Vec::new();
        for _ in 0..=self.below(3) {
            let name = self.name(&COMPONENTS, 3);
            if known.iter().all(|(other, _)| *other != name) {
                let (mut schema, example) = self.schema(2, &known);
                // Of alternatives, an example must fit one alone, which could hide that two are mistaken.
                let is_union = ["oneOf", "anyOf"].iter().any(|it| schema.get(it).is_some());
                let field = if is_union { "x-example" } else { "example" };
                if schema.get("$ref").is_none() {
                    merge(&mut schema, json!({ field: example }));
                }
                schemas.insert(name.to_owned(), schema);
                known.push((name, example));
            }
        }
        let mut paths = Map::new();
        for index in 0..=self.below(2) {
            let id = match self.name(&OPERATIONS, 1) {
                "getThing" => format!("getThing{index}"),
                name => name.to_owned(),
            };
            let operation = self.operation(&id, &known);
            let method = METHODS[self.below(METHODS.len())];
            let (schema, example) = self.scalar();
            let in_path = json!([{
                "name": "thing_id",
                "in": "path",
                "required": true,
                "description": "Its id.",
                "schema": schema,
                "example": example,
            }]);
            let path = format!("/things{index}/{{thing_id}}");
            paths.insert(path, json!({ "parameters": in_path, method: operation }));
        }
        Some(json!({
            "openapi": "3.0.3",
            "info": { "title": "Things", "version": "1.0.0" },
            "paths": paths,
            "components": { "schemas": schemas },
        }))
    }
}

/// An example for a request, which doesn't send what is `readOnly`.
fn without_read_only(mut example: Value) -> Value {
    match &mut example {
        Value::Object(object) => {
            object.remove("readOnly");
            for value in object.values_mut() {
                *value = without_read_only(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_read_only(item.take());
            }
        }
        _ => {}
    }
    example
}

/// Adds fields to an object.
fn merge(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}
