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
        let end = if self.one_in(10) {
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
        match self.below(22) {
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
            12 if self.one_in(4) => word(json!({ "pattern": "^[a-z]+$" }), "abc"),
            13 if self.one_in(4) => word(
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
            12 => {
                let [(first, example), (second, _)] = [0, 1].map(|_| match self.below(2) {
                    0 => self.scalar(),
                    _ => self.object(depth - 1, known),
                });
                let keyword = ["oneOf", "anyOf"][self.below(2)];
                (json!({ keyword: [first, second] }), example)
            }
            13 => {
                let ((first, mut example), (second, more)) =
                    (self.object(depth - 1, known), self.object(depth - 1, known));
                merge(&mut example, more);
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

    fn object(&mut self, depth: usize, known: &[(&str, Value)]) -> Described {
        let (mut properties, mut example, mut required) = (Map::new(), Map::new(), Vec::new());
        for _ in 0..=self.below(3) {
            let name = self.name(&NAMES, 4);
            let (schema, value) = self.schema(depth, known);
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
        let (mut schema, _) = self.scalar();
        if place == "query" && self.one_in(4) {
            schema = json!({ "type": "array", "items": schema });
        }
        let mut parameter = json!({ "name": self.name(&NAMES, 8), "in": place, "schema": schema });
        merge(
            &mut parameter,
            json!({ "required": self.one_in(2), "description": "A parameter." }),
        );
        if self.one_in(12) {
            merge(&mut parameter, json!({ "explode": false }));
        }
        parameter
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
        let parameters: Vec<Value> = (0..self.below(3)).map(|_| self.parameter()).collect();
        merge(&mut operation, json!({ "parameters": parameters }));
        if self.one_in(2) {
            let (schema, media_type) = match self.below(8) {
                0 => (
                    json!({ "type": "string", "format": "binary" }),
                    "application/octet-stream",
                ),
                1 => (json!({ "type": "string" }), "text/plain"),
                2 => (self.schema(1, known).0, "application/json"),
                _ => {
                    let name = known[self.below(known.len())].0;
                    (
                        json!({ "$ref": format!("#/components/schemas/{name}") }),
                        "application/json",
                    )
                }
            };
            let body = json!({ "required": true, "content": { media_type: { "schema": schema } } });
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
                if schema.get("$ref").is_none() {
                    merge(&mut schema, json!({ "example": example }));
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
            let in_path = json!([{
                "name": "thing_id",
                "in": "path",
                "required": true,
                "description": "Its id.",
                "schema": { "type": "string" },
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

/// Adds fields to an object.
fn merge(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}
