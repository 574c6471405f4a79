//! Each kind of bad spec is refused with its place and a remedy.

#![allow(clippy::too_many_lines, reason = "a table is long")]

use crate::{SPEC, Scratch, assert_refused, text};

#[test]
fn every_kind_of_bad_spec_is_refused_with_its_place_and_a_remedy() {
    let at_lock =
        |rest: &str| format!("#/paths/~1shops~1{{shop}}~1widgets~1{{widget}}~1lock{rest}: ");
    let first = SPEC
        .lines()
        .position(|line| line.starts_with("openapi"))
        .unwrap()
        + 1;
    let at_line = |line: usize| format!("spec.yaml:{line}:");
    // (what is replaced in the spec, by what, what the message must hold)
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "openapi: 3.0.3\n",
            "openapi: 3.0.3\n  x: [\n",
            &[&at_line(first + 1), "not valid YAML"],
        ),
        (
            "openapi: 3.0.3\n",
            "openapi: 3.0.3\nopenapi: 3.0.3\n",
            &[&(at_line(first + 1) + "1: "), "duplicate key"],
        ),
        (
            "openapi: 3.0.3\n",
            "openapi: 3.1.0\n",
            &[&(at_line(first) + "1: #/openapi: "), "only 3.0"],
        ),
        (
            "openapi: 3.0.3\n",
            "swagger: '2.0'\n",
            &["#/swagger: ", "only OpenAPI 3.0"],
        ),
        ("openapi: 3.0.3\n", "", &["is not an OpenAPI document"]),
        (
            "/widgets/{widget}/restore:",
            "/widgets/{widget}/../restore?all=true:",
            &["#/paths/", "an empty segment or a segment of dots"],
        ),
        (
            "/widgets/{widget}/restore:",
            "/widgets/{widget}/%2e%2E/restore:",
            &["#/paths/", "which URLs don't take unchanged as a path"],
        ),
        (
            "/widgets/{widget}/restore:",
            "/widgets/{widget}/a%09b:",
            &["#/paths/", "which URLs don't take unchanged as a path"],
        ),
        (
            "/widgets/{widget}/restore:",
            "/widgets/{widget}//restore:",
            &["#/paths/", "which URLs don't take unchanged as a path"],
        ),
        (
            "schemas/User'",
            "schemas/Usr'",
            &["doesn't exist", "did you mean '#/components/schemas/User'?"],
        ),
        (
            "'#/components/schemas/User'",
            "'other.yaml#/User'",
            &["leads out of this document"],
        ),
        (
            "'#/components/schemas/User'",
            "'#/components/responses/NotFound'",
            &["where one of `components/schemas` is needed"],
        ),
        (
            "'#/components/schemas/User'",
            "'#/components/schemas/Lock/properties/since'",
            &["doesn't lead to a component"],
        ),
        (
            "operationId: RestoreWidget",
            "operationId: LockWidget",
            &["the operationId `LockWidget` is also that of"],
        ),
        (
            "      operationId: LockWidget\n",
            "",
            &[&at_lock("/patch"), "has no operationId"],
        ),
        (
            "operationId: LockWidget",
            "operationId: ''",
            &["the operationId \"\" can't become the name of a method"],
        ),
        (
            "          format: date-time\n",
            "          pattern: (\n",
            &[
                "#/components/schemas/Lock/properties/since: ",
                "the schema can't be read",
            ],
        ),
        (
            "                $ref: '#/components/schemas/Lock'\n",
            "                type: object\n",
            &[&at_lock("/patch/responses/200"), "which gets no type"],
        ),
        (
            "{widget}/lock:",
            "{other}/lock:",
            &[
                "the placeholder `{other}`",
                "the path parameter `widget` has no placeholder",
            ],
        ),
        (
            "      in: path\n      required: true\n",
            "      in: path\n",
            &["not marked as required"],
        ),
        (
            "since: '2024-01-15T10:30:00Z'",
            "since: yesterday",
            &[
                "#/components/examples/Held/value/since: does not fit its schema",
                "\"yesterday\"",
            ],
        ),
        (
            "version: 1\n",
            "version: -1\n",
            &["does not fit its schema"],
        ),
        (
            "version: 1\n",
            "version: 3000000000\n",
            &["does not fit its schema"],
        ),
        ("kind: lock\n", "kind: key\n", &["does not fit its schema"]),
        (
            "        - since\n",
            "        - sinse\n",
            &["`sinse` is required"],
        ),
        (
            "          format: date-time\n",
            "          fromat: date-time\n",
            &["did you mean `format`?"],
        ),
        (
            "          format: int32\n",
            "          format: [int32]\n",
            &["expected a string, found a list"],
        ),
        (
            "          type: integer\n",
            "          type: int\n",
            &["write one of: array, boolean"],
        ),
        (
            "          minimum: 0\n",
            "          minLength: -1\n",
            &["expected a whole number of 0 or more, found a number"],
        ),
        (
            "        '500':\n",
            "        '5OO':\n",
            &["`5OO` is not a key for this place"],
        ),
        (
            "      summary: Lock",
            "      sumary: Lock",
            &["did you mean `summary`?"],
        ),
        ("  title: Widgets\n", "", &["the field `title` is missing"]),
        (
            "  - keyAuth: []\n",
            "  - key: []\n",
            &["the security scheme `key` doesn't exist"],
        ),
        (
            "        default: us.example\n",
            "        default: example\n",
            &["is not one of the variable's values"],
        ),
        (
            "https://api.{site}",
            "https://api.{region}",
            &["the variable `{region}` of the URL is not described"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            "          application/xml: {}\n          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            &["has 2 media types; the generator takes one"],
        ),
        (
            "          application/json:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            "          application/xml:\n            schema:\n              $ref: '#/components/schemas/Restore'",
            &["can't send a body of `application/xml`"],
        ),
        (
            "    User:\n",
            "    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n    User:\n",
            &["#/components/schemas/Loop: `Loop` is defined by itself"],
        ),
        (
            "    User:\n",
            "    Loop:\n      not:\n        $ref: '#/components/schemas/Loop'\n    User:\n",
            &["#/components/schemas/Loop: `Loop` is defined by itself"],
        ),
        (
            "    User:\n",
            "    user:\n      type: object\n      properties:\n        a: {type: string}\n    User:\n",
            &["#/components/schemas/User: two types become `User` in Rust"],
        ),
        (
            "    User:\n",
            "    Odd:\n      discriminator: {mapping: {}}\n    User:\n",
            &["the field `propertyName` is missing from this Discriminator Object"],
        ),
        (
            "    User:\n",
            "    Odd: {allOf: [{$ref: '#/components/schemas/User'}, {properties: {name: {type: integer}}, required: [name]}]}\n    User:\n",
            &["#/components/schemas/Odd: no value fits the schema"],
        ),
        (
            "    User:\n",
            "    UserName: {type: object, properties: {a: {type: string}}}\n    User:\n      oneOf: [{properties: {name: {enum: [Ada]}}}]\n    Other:\n",
            &["#/components/schemas/User/oneOf/0/properties/name: two types become `UserName`"],
        ),
        (
            "        name:\n          type: string\n",
            "        name: {title: Kind, type: string, enum: [Ada, b]}\n",
            &["#/components/schemas/User/properties/name: two types become `Kind`"],
        ),
        // Nothing of ours knows this one: progenitor stops with a panic.
        (
            "    User:\n",
            "    Odd:\n      not:\n        type: object\n        minProperties: 1\n    User:\n",
            &["#/components/schemas/Odd: the generator can't take the spec: not yet implemented"],
        ),
        (
            "              $ref: '#/components/schemas/Restore'\n",
            "              not: {type: string, minLength: 1}\n",
            &["~1restore/post: the generator can't take the spec: not yet implemented"],
        ),
        // What the generator drops or can't write.
        (
            "    patch:\n      operationId: LockWidget",
            "    get:\n      operationId: Lock Widget",
            &[
                "#/paths/",
                "the operationId \"Lock Widget\" can't become the name of a method",
            ],
        ),
        (
            "    patch:\n      operationId: LockWidget",
            "    patch:\n      servers: [{url: 'https://other.example'}]\n      operationId: LockWidget",
            &[
                &at_lock("/patch/servers"),
                "the generator ignores `servers`",
            ],
        ),
        (
            "    patch:\n      operationId: LockWidget",
            "    patch:\n      x-dropshot-websocket: {}\n      operationId: LockWidget",
            &[&at_lock("/patch/x-dropshot-websocket"), "remove it"],
        ),
        (
            "        '404':\n",
            "        '101': {description: Switched.}\n        '404':\n",
            &[
                &at_lock("/patch/responses/101"),
                "never sees a response `101`",
            ],
        ),
        (
            "        '200':\n          description: Restored.\n",
            "        '404':\n          description: Gone.\n",
            &["/post/responses: no response is a success"],
        ),
        (
            "          - us.example\n",
            "          - us.example\n          - us.example\n",
            &["#/servers/0/variables/site/enum/1: \"us.example\" is there twice"],
        ),
        (
            "        - lock\n",
            "        - lock\n        - lock\n",
            &["#/components/schemas/Kind/enum/1: \"lock\" is there twice"],
        ),
        (
            "  title: Widgets\n",
            "  title: \"Wid\\rgets\"\n",
            &["#/info/title: the text contains the control character U+000D"],
        ),
        (
            "          description: The lock.\n",
            "          description: \"The \\u202elock.\"\n",
            &["/responses/200/description: the text contains the control character U+202E"],
        ),
        (
            "          name: Ada\n",
            "          name: \"A\\eda\"\n",
            &[
                "#/components/examples/Held/value/user/name: the text contains the control character U+001B",
            ],
        ),
        (
            "        name:\n          type: string\n",
            "        \"na\\nme\":\n          type: string\n",
            &["the name `na me` contains the control character U+000A"],
        ),
        (
            "    User:\n",
            "    Odd:\n      oneOf: [{$ref: '#/components/schemas/User'}]\n      discriminator: {propertyName: kind}\n    User:\n",
            &["#/components/schemas/Odd/discriminator: the generator ignores `discriminator`"],
        ),
        (
            "    User:\n",
            "    Odd:\n      discriminator: {propertyName: kind, mapping: {a: '#/components/schemas/User'}}\n    User:\n",
            &["#/components/schemas/Odd/discriminator: the generator ignores `discriminator`"],
        ),
        (
            "          format: int32\n",
            "          format: int128\n",
            &[
                "#/components/schemas/Restore/properties/version/format: the generator ignores the format `int128`",
                "use one of: int8, ",
            ],
        ),
        (
            "          type: integer\n          format: int32\n",
            "          type: number\n          format: decimal\n",
            &[
                "/format: the generator ignores the format `decimal`",
                "use one of: float, double",
            ],
        ),
        // Schemas that the generator would merge for ever.
        (
            "        name:\n          type: string\n",
            "        parent: {allOf: [{$ref: '#/components/schemas/User'}, {type: object, required: [parent]}]}\n",
            &[
                "#/components/schemas/User/properties/parent: `allOf` combines a schema with one that contains it",
            ],
        ),
        // Names that become one, and crates that aren't there.
        (
            "          format: int32\n          minimum: 0\n",
            "          format: int32\n        Version:\n          type: integer\n",
            &["#/components/schemas/Restore: two fields become `version` in Rust"],
        ),
        (
            "          minimum: 0\n",
            "        key:\n          type: string\n          format: uuid\n",
            &[
                "#/components/schemas/Restore: needs the crate `uuid`",
                "add `uuid` with its feature `serde` to generated-client/Cargo.toml",
            ],
        ),
        (
            "          minimum: 0\n",
            "        key:\n          type: string\n          pattern: '^a'\n",
            &["#/components/schemas/Restore/properties/key: needs the crate `regress`"],
        ),
        (
            "    User:\n",
            "    String: {type: object}\n    User:\n",
            &["#/components/schemas/String: the generated code has a type `String` of its own"],
        ),
        (
            "    User:\n",
            "    Default: {type: object}\n    User:\n",
            &["#/components/schemas/Default: the generated code has a type `Default` of its own"],
        ),
        (
            "operationId: LockWidget",
            "operationId: client",
            &[&at_lock("/patch"), "has a method `client` of its own"],
        ),
        (
            "operationId: LockWidget",
            "operationId: restore-widget",
            &[
                &at_lock("/patch"),
                "two methods become `restore_widget` in Rust",
            ],
        ),
    ];
    for (old, new, expected) in cases {
        assert!(SPEC.contains(old), "the spec has no {old:?}");
        let scratch = Scratch::with_spec(SPEC.replacen(old, new, 1));
        for flags in [&[][..], &["--check"]] {
            assert_refused(&scratch, &scratch.run(flags), expected);
        }
    }
}

/// (a parameter of lock besides those of the path, what the message must contain)
#[test]
fn parameters_that_would_be_written_in_another_way_are_refused() {
    let cases = [
        (
            "name: a, in: query, explode: false, schema: {type: array, items: {type: string}}",
            "ignores `explode: false`",
        ),
        (
            "name: a, in: query, style: spaceDelimited, schema: {type: array, items: {type: string}}",
            "in the style `spaceDelimited`",
        ),
        (
            "name: a, in: query, allowReserved: true, schema: {type: string}",
            "ignores `allowReserved`",
        ),
        (
            "name: a, in: query, schema: {type: object}",
            "the query parameter `a`: its schema is not",
        ),
        (
            "name: a, in: query, schema: {type: array, items: {type: object}}",
            "the query parameter `a`: its schema is not",
        ),
        (
            "name: a, in: query, schema: {oneOf: [{type: string}]}",
            "the query parameter `a`: its schema is not",
        ),
        (
            "name: a, in: header, schema: {type: array, items: {type: string}}",
            "the header parameter `a`: its schema is not",
        ),
        (
            "name: a b, in: header, schema: {type: string}",
            "`a b` is not the name of a header",
        ),
        (
            "name: ACCEPT, in: header, schema: {type: string}",
            "OpenAPI ignores a header parameter `ACCEPT`",
        ),
        (
            "name: content-type, in: header, schema: {type: string}",
            "OpenAPI ignores a header parameter `content-type`",
        ),
        (
            "name: Authorization, in: header, schema: {type: string}",
            "OpenAPI ignores a header parameter `Authorization`",
        ),
        (
            "name: a, in: cookie, schema: {type: string}",
            "can't send cookie parameters",
        ),
        (
            "name: a, in: query, content: {application/json: {schema: {}}}",
            "described by `content`",
        ),
        (
            "name: Widget, in: query, schema: {type: string}",
            "two parameters become `widget` in Rust",
        ),
        (
            "name: header_map, in: header, schema: {type: string}",
            "becomes `header_map`, as does a variable",
        ),
        (
            "name: a, in: query, schema: {type: string, format: uuid}",
            "needs the crate `uuid`",
        ),
    ];
    for (parameter, expected) in cases {
        let lock = "      operationId: LockWidget\n";
        let spec = SPEC.replacen(
            lock,
            &format!("{lock}      parameters: [{{{parameter}}}]\n"),
            1,
        );
        let scratch = Scratch::with_spec(spec);
        let place = "#/paths/~1shops~1{shop}~1widgets~1{widget}~1lock/patch";
        assert_refused(&scratch, &scratch.run(&[]), &[expected, place]);
    }
}

#[test]
fn what_only_requests_require_is_refused_in_a_schema_of_both_sides() {
    let restored = "          description: Restored.\n";
    let content =
        "          content: {application/json: {schema: {$ref: '#/components/schemas/Restore'}}}\n";
    let spec = SPEC.replacen(restored, &format!("{restored}{content}"), 1);
    let read_only = spec.replacen("          minimum: 0\n", "          readOnly: true\n", 1);
    let read_only = read_only.replacen("example:\n              version: 1\n", "example: {}\n", 1);
    let output = Scratch::with_spec(&read_only).run(&[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let write_only = spec.replacen("          minimum: 0\n", "          writeOnly: true\n", 1);
    let scratch = Scratch::with_spec(write_only);
    let expected =
        "#/components/schemas/Restore/required/0: \"version\" is required and `writeOnly`";
    assert_refused(&scratch, &scratch.run(&[]), &[expected]);
}

/// (a schema, the alternative that would be read as an earlier one, if there is one)
#[test]
fn alternatives_that_are_not_told_apart_are_refused() {
    let cases = [
        ("oneOf: [{type: string}, {type: integer}]", None),
        ("oneOf: [{type: number}, {type: integer}]", Some("oneOf/1")),
        (
            "oneOf: [{type: string}, {type: string, format: date}]",
            Some("oneOf/1"),
        ),
        ("oneOf: [{type: boolean}, {}]", Some("oneOf/1")),
        (
            "oneOf: [{$ref: '#/components/schemas/User'}, {type: string}]",
            None,
        ),
        // A struct is also read from a list.
        (
            "oneOf: [{type: array, items: {}}, {$ref: '#/components/schemas/User'}]",
            None,
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/User'}, {type: array, items: {}}]",
            Some("oneOf/1"),
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/User'}, {$ref: '#/components/schemas/Problem'}]",
            Some("oneOf/1"),
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/Restore'}, {$ref: '#/components/schemas/User'}]",
            None,
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/User'}, {$ref: '#/components/schemas/Restore'}]",
            Some("oneOf/1"),
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/Restore'}, {type: object}]",
            Some("oneOf/1"),
        ),
        (
            "oneOf: [{type: boolean}, {$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]",
            None,
        ),
        (
            "oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/C'}]",
            Some("oneOf/1"),
        ),
        (
            "oneOf: [{allOf: [{$ref: '#/components/schemas/A'}]}, {allOf: [{$ref: '#/components/schemas/B'}]}]",
            None,
        ),
        ("anyOf: [{type: string, enum: [a]}, {type: string}]", None),
        (
            "anyOf: [{type: string}, {type: integer}, {type: number}]",
            Some("anyOf/2"),
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/User'}, {$ref: '#/components/schemas/Problem'}]",
            None,
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]",
            None,
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/C'}]",
            Some("anyOf/1"),
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/User'}, {type: object, properties: {a: {type: string, default: x}}}]",
            Some("anyOf/1"),
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/User'}, {type: object}]",
            Some("anyOf/1"),
        ),
        (
            "anyOf: [{$ref: '#/components/schemas/Restore'}, {$ref: '#/components/schemas/User'}, {type: string}]",
            Some("anyOf/1"),
        ),
    ];
    for (schema, expected) in cases {
        let tagged = |name: &str, more: &str| {
            format!(
                "    {name}: {{type: object, required: [kind], properties: {{kind: {{type: string, enum: [{name}]{more}}}}}}}\n"
            )
        };
        let (a, b, c) = (
            tagged("A", ""),
            tagged("B", ""),
            tagged("C", ", nullable: true"),
        );
        let schemas = format!("    Odd: {{{schema}}}\n{a}{b}{c}    User:\n");
        let scratch = Scratch::with_spec(SPEC.replacen("    User:\n", &schemas, 1));
        let output = scratch.run(&[]);
        match expected {
            None => assert!(
                output.status.success(),
                "{schema}: {}",
                text(&output.stderr)
            ),
            Some(place) => {
                let expected =
                    format!("#/components/schemas/Odd/{place}: the generator can't tell");
                assert_refused(&scratch, &output, &[&expected]);
            }
        }
    }
}

/// (the request body of restore, what the message must contain)
#[test]
fn request_bodies_that_would_be_sent_in_another_way_are_refused() {
    let form = |schema: &str| {
        format!(
            "required: true, content: {{application/x-www-form-urlencoded: {{schema: {schema}}}}}"
        )
    };
    let optional = "ignores that the request body is optional";
    let part = "can't write `a` in a form: its schema is not";
    let cases = [
        (
            "content: {application/json: {schema: {}}}".to_owned(),
            optional,
        ),
        (
            "required: false, content: {application/json: {schema: {}}}".to_owned(),
            optional,
        ),
        (
            "required: true, content: {text/plain; charset=latin1: {schema: {type: string}}}"
                .to_owned(),
            "ignores `charset=latin1`",
        ),
        (
            "required: true, content: {text/plain; format=flowed: {schema: {type: string}}}"
                .to_owned(),
            "ignores `format=flowed`",
        ),
        (
            form("{type: object, properties: {a: {type: array, items: {type: string}}}}"),
            part,
        ),
        (
            form("{type: object, properties: {a: {$ref: '#/components/schemas/User'}}}"),
            part,
        ),
        (
            form("{type: object, properties: {a: {type: string, nullable: true}}}"),
            part,
        ),
        (
            form("{type: object, additionalProperties: {type: object}}"),
            "can't write a form",
        ),
        (
            form("{type: array, items: {type: string}}"),
            "can't write a form",
        ),
        (
            form("{allOf: [{$ref: '#/components/schemas/User'}]}"),
            "can't write a form",
        ),
        (form("{}"), "can't write a form"),
        (form("{type: object}"), "can't write a form"),
        (
            form("{type: object, properties: {b: {type: string}}, additionalProperties: true}"),
            "can't write a form",
        ),
        (
            form("{type: object, properties: {b: {type: string}}, oneOf: [{}]}"),
            "can't write a form",
        ),
    ];
    let (before, rest) = SPEC.split_once("      requestBody:\n").unwrap();
    let (_, after) = rest.split_once("      responses:\n").unwrap();
    for (body, expected) in cases {
        let spec = format!("{before}      requestBody: {{{body}}}\n      responses:\n{after}");
        let scratch = Scratch::with_spec(spec);
        let place = "#/paths/~1shops~1{shop}~1widgets~1{widget}~1restore/post/requestBody";
        assert_refused(&scratch, &scratch.run(&[]), &[expected, place]);
    }
}
