//! What is told of small documents that no patch of the base can be.

use crate::cases;

#[test]
fn what_is_new_or_gone_is_where_it_is_referred_to_and_not_in_the_component() {
    const REFERRED: [(&str, &str, &str, &str); 4] = [
        (
            "parameters: [{ $ref: '#/components/parameters/P' }]",
            "required-parameter-added",
            "parameter-removed",
            "/paths/~1a/get/parameters/0",
        ),
        (
            "requestBody: { $ref: '#/components/requestBodies/B' }",
            "required-request-body-added",
            "request-body-removed",
            "/paths/~1a/get/requestBody",
        ),
        (
            "responses: { '200': {}, '404': { $ref: '#/components/responses/R' } }",
            "response-error-added",
            "response-error-removed",
            "/paths/~1a/get/responses/404",
        ),
        (
            "responses: { '200': { headers: { X-H: { $ref: '#/components/headers/H' } } } }",
            "response-header-added",
            "response-header-removed",
            "/paths/~1a/get/responses/200/headers/X-H",
        ),
    ];
    let document = |operation: &str| {
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{ {operation} }} }} }}\n\
             components:\n  \
             parameters: {{ P: {{ name: p, in: query, required: true }} }}\n  \
             requestBodies: {{ B: {{ required: true }} }}\n  \
             responses: {{ R: {{ description: x }} }}\n  \
             headers: {{ H: {{ required: true }} }}\n"
        )
    };
    for (with, added, removed, pointer) in REFERRED {
        let without = match with {
            with if with.starts_with("responses") => "responses: { '200': {} }",
            _ => "",
        };
        let (with, without) = (document(with), document(without));
        let [change] = &cases::compare(&without, &with)[..] else {
            panic!("{added}");
        };
        assert_eq!(
            (change.rule.id, &*change.revision.pointer),
            (added, pointer)
        );
        let [change] = &cases::compare(&with, &without)[..] else {
            panic!("{removed}");
        };
        assert_eq!((change.rule.id, &*change.base.pointer), (removed, pointer));
    }
}

#[test]
fn a_callback_changes_with_what_it_refers_to() {
    let document = |kind: &str| {
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{ callbacks: {{ c: {{ /b: {{ post: {{ requestBody: \
             {{ $ref: '#/components/requestBodies/B' }} }} }} }} }} }} }} }}\n\
             components: {{ requestBodies: {{ B: {{ description: {kind} }} }} }}\n"
        )
    };
    let (base, words) = (document("x"), document("y"));
    let schema = document("x, content: { text/plain: {} }");
    let told = |revision: &str| match &cases::compare(&base, revision)[..] {
        [change] => (change.rule.id, change.message.clone()),
        changes => panic!("{changes:?}"),
    };
    let (rule, message) = told(&schema);
    assert_eq!(rule, "callback-changed");
    assert!(message.contains("in what it refers to"), "{message}");
    assert_eq!(told(&words).0, "description-changed");
    let listed = |values: &str| {
        document(&format!(
            "x, content: {{ a/b: {{ schema: {{ enum: [{values}] }} }} }}"
        ))
    };
    assert_eq!(cases::compare(&listed("a, b"), &listed("b, a")).len(), 0);
    assert_eq!(cases::compare(&listed("a, b"), &listed("a, c")).len(), 1);
}

/// What is told of a document in which a text is replaced, both ways.
fn told_both_ways(document: &str, from: &str, to: &str) -> [Vec<&'static str>; 2] {
    assert_eq!(document.matches(from).count(), 1, "{from}");
    let changed = document.replace(from, to);
    let rules = |base: &str, revision: &str| {
        let told = cases::compare(base, revision);
        told.iter().map(|it| it.rule.id).collect()
    };
    [rules(document, &changed), rules(&changed, document)]
}

const SMALL: &str = "\
openapi: 3.0.3
security: [{ key: [] }]
paths:
  /a/{id}:
    summary: A
    post:
      operationId: a
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: trace, in: header, schema: { type: string } }
      requestBody:
        content:
          application/json: { schema: { $ref: '#/components/schemas/Pet' } }
      responses:
        '200':
          description: A pet.
          headers: { X-A: { schema: { type: string } } }
          links: { next: { $ref: '#/components/links/Next' } }
          content:
            application/xml: { schema: { $ref: '#/components/schemas/Pet' } }
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
  links: { Next: { operationId: a } }
  schemas:
    Pet:
      oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }]
      discriminator: { propertyName: kind }
    Cat: { type: object, properties: { kind: { type: string }, lives: { type: integer, maximum: 9 } } }
    Dog: { type: object, properties: { kind: { type: string } } }
";

#[test]
fn a_field_that_openapi_does_not_have_is_told_wherever_it_stands() {
    for (from, to) in [
        ("    summary: A\n", "    summary: A\n    query: {}\n"),
        ("operationId: a\n", "operationId: a\n      consumes: [x]\n"),
        ("{ name: trace,", "{ name: trace, type: string,"),
        ("requestBody:\n", "requestBody:\n        requred: true\n"),
        ("application/json: {", "application/json: { type: object,"),
        ("A pet.\n", "A pet.\n          schema: {}\n"),
        ("X-A: {", "X-A: { type: string,"),
        ("application/xml: {", "application/xml: { type: object,"),
        (
            "in: header, name: X-Key",
            "in: header, prefix: x, name: X-Key",
        ),
    ] {
        let told = told_both_ways(SMALL, from, to);
        assert_eq!(told, [["field-changed"], ["field-changed"]], "{to}");
    }
}

#[test]
fn a_keyword_in_a_form_that_openapi_does_not_have_is_told() {
    for (from, to) in [
        ("maximum: 9", "maximum: 9, exclusiveMaximum: 9"),
        ("maximum: 9", "maximum: '9'"),
        ("maximum: 9", "maximum: 9, nullable: 'true'"),
        ("maximum: 9", "maximum: 9, required: true"),
        ("maximum: 9", "maximum: 9, enum: 9"),
        ("maximum: 9", "maximum: 9, items: [{}]"),
        ("type: integer", "type: [integer, 'null']"),
    ] {
        for told in told_both_ways(SMALL, from, to) {
            for id in ["request-keyword-changed", "response-keyword-changed"] {
                assert!(told.contains(&id), "{to}: {told:?}");
            }
        }
    }
}

#[test]
fn what_openapi_gives_no_meaning_is_no_change() {
    for (from, to) in [
        // Only forms have parts.
        (
            "application/json: {",
            "application/json: { encoding: { kind: { style: form } },",
        ),
        (
            "application/xml: {",
            "application/xml: { encoding: { kind: { style: form } },",
        ),
        // Of a single value, nothing can be spread.
        ("X-A: {", "X-A: { explode: true,"),
        // These are for the query.
        ("in: path,", "in: path, allowReserved: true,"),
        (
            "{ name: trace, in: header,",
            "{ name: trace, in: header, allowEmptyValue: true,",
        ),
        // What is listed leads where it leads unlisted.
        (
            "propertyName: kind",
            "propertyName: kind, mapping: { Cat: '#/components/schemas/Cat', Dog: Dog }",
        ),
    ] {
        let told = told_both_ways(SMALL, from, to);
        assert_eq!(told, [vec![""; 0], vec![]], "{to}");
    }
}

#[test]
fn a_link_changes_with_what_it_refers_to() {
    let told = told_both_ways(
        SMALL,
        "Next: { operationId: a }",
        "Next: { operationId: b }",
    );
    assert_eq!(told, [["links-changed"], ["links-changed"]]);
}

#[test]
fn the_largest_numbers_are_told_as_they_are() {
    let revision = SMALL.replace("maximum: 9", "maximum: 9223372036854775807");
    let changes = cases::compare(SMALL, &revision);
    for change in &changes {
        let told = "`Cat.lives`: maximum changed from 9 to 9223372036854775807";
        assert_eq!(change.message, told);
    }
    assert_eq!(changes.len(), 2);
}

#[test]
fn a_site_that_is_gone_or_new_is_where_it_is_listed() {
    let document = |sites: &str| {
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{}} }} }}\nservers:\n  - url: \
             https://{{site}}:{{port}}\n    variables:\n      site: {{ default: eu, enum: [{sites}] }}\n      \
             port: {{ default: '443' }}\n"
        )
    };
    let [change] = &cases::compare(&document("eu"), &document("eu, us"))[..] else {
        panic!("one site was added");
    };
    let place = "/servers/0/variables/site/enum/1";
    assert_eq!(change.revision.pointer, place);
}

#[test]
fn a_choice_of_one_is_not_null() {
    let told = told_both_ways(SMALL, ", { $ref: '#/components/schemas/Dog' }]", "]");
    assert_eq!(
        told,
        [
            [
                "request-alternative-removed",
                "response-alternative-removed"
            ],
            ["response-alternative-added", "request-alternative-added"],
        ]
    );
}

#[test]
fn words_in_an_encoding_are_words() {
    let form =
        "multipart/form-data: { encoding: { kind: { headers: { X-B: { description: one } } } },";
    let document = SMALL.replace("application/json: {", form);
    let told = told_both_ways(&document, "description: one", "description: two");
    assert_eq!(told, [["description-changed"], ["description-changed"]]);
}

#[test]
fn servers_of_one_template_and_tags_of_one_name_are_paired_as_they_are() {
    const FREE: &str =
        "{ url: 'https://{s}', variables: { s: { default: a, description: Any. } } }";
    const LISTED: &str = "{ url: 'https://{s}', variables: { s: { default: a, enum: [a, b] } } }";
    let document = |servers: [&str; 2], tags: [&str; 2]| {
        let ([first, second], [one, two]) = (servers, tags);
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{}} }} }}\nservers: [{first}, {second}]\n\
             tags: [{{ name: t, description: {one} }}, {{ name: t, description: {two} }}]\n"
        )
    };
    let base = document([FREE, LISTED], ["x", "y"]);
    let swapped = document([LISTED, FREE], ["y", "x"]);
    assert_eq!(cases::compare(&base, &base).len(), 0);
    assert_eq!(cases::compare(&base, &swapped).len(), 0);
}

#[test]
fn a_site_that_is_listed_is_told_though_another_server_takes_any_host() {
    let document = |sites: &str| {
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{}} }} }}\nservers: [{{ url: 'https://{{s}}', variables: \
             {{ s: {{ default: a, enum: [{sites}] }} }} }}, {{ url: 'https://{{any}}', variables: {{ any: \
             {{ default: a }} }} }}]\n"
        )
    };
    let [change] = &cases::compare(&document("a"), &document("a, uk1"))[..] else {
        panic!("one site was listed");
    };
    assert_eq!(change.rule.id, "server-added");
    assert!(
        change.message.contains("`https://uk1`"),
        "{}",
        change.message
    );
}

#[test]
fn a_host_that_only_variables_allow_has_moved() {
    let document = |servers: &str, own: &str| {
        format!(
            "openapi: 3.0.3\nservers: [{servers}]\npaths: {{ /a: {{ get: {{ responses: {{}} {own} }} }} }}\n"
        )
    };
    let server = |host: &str| {
        format!("{{ url: 'https://{{h}}.example', variables: {{ h: {{ default: {host} }} }} }}")
    };
    let (base, moved) = (
        document(&server("api"), ""),
        document(&server("intake"), ""),
    );
    let own = document(
        &server("api"),
        &format!(", servers: [{}]", server("intake")),
    );
    for (from, to) in [
        (&base, &moved),
        (&moved, &base),
        (&base, &own),
        (&own, &base),
    ] {
        let told = cases::compare(from, to);
        let rules: Vec<&str> = told.iter().map(|it| it.rule.id).collect();
        assert_eq!(rules, ["server-moved"]);
    }
}

#[test]
fn references_lead_to_a_component_however_they_are_encoded() {
    let document = |name: &str| {
        format!(
            "openapi: 3.0.3\npaths: {{ /a: {{ get: {{ responses: {{ '200': {{ content: {{ a/b: {{ schema: \
             {{ $ref: '#/components/schemas/{name}' }} }} }} }} }} }} }} }}\n\
             components: {{ schemas: {{ 'Pet[x]': {{ type: string }} }} }}\n"
        )
    };
    let plain = document("Pet[x]");
    assert_eq!(cases::compare(&plain, &document("Pet%5Bx%5D")).len(), 0);
}

/// A document with a parent that others inherit from, which a body is.
fn with_family(members: &str) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{ title: T, version: '1' }}\npaths:\n  /a:\n    post:\n      \
         operationId: a\n      requestBody: {{ content: {{ application/json: {{ schema: {{ $ref: \
         '#/components/schemas/Pet' }} }} }} }}\n      responses:\n        '200': {{ description: ok, \
         content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Pet' }} }} }} }}\n\
         components:\n  schemas:\n    Pet: {{ type: object, required: [kind], properties: {{ kind: {{ \
         type: string }} }}, discriminator: {{ propertyName: kind }} }}\n{members}"
    )
}

#[test]
fn a_kind_that_inherits_is_a_value_of_its_parent() {
    let child = |name: &str, age: &str| {
        let pet = "{ $ref: '#/components/schemas/Pet' }";
        let own = format!("{{ type: object, properties: {{ age: {{ type: {age} }} }} }}");
        format!("    {name}: {{ allOf: [{pet}, {own}] }}\n")
    };
    let told = |from: &str, to: &str| {
        let changes = cases::compare(&with_family(from), &with_family(to));
        let told = changes.iter().map(|it| {
            let witness = it.witness.clone().unwrap_or_default();
            format!("{} {} {witness}", it.rule.wire, it.rule.id)
        });
        told.collect::<Vec<_>>()
    };
    let (cat, dog) = (child("Cat", "integer"), child("Dog", "string"));
    assert_eq!(
        told(&cat, &(cat.clone() + &dog)),
        [
            r#"breaking response-schema-changed {"kind":"Dog"}"#,
            "non-breaking request-schema-changed ",
        ]
    );
    assert_eq!(
        told(&cat, &child("Cat", "string")),
        [
            r#"breaking request-schema-changed {"age":0,"kind":"Cat"}"#,
            r#"breaking response-schema-changed {"age":"","kind":"Cat"}"#,
        ]
    );
    assert_eq!(told(&dog, &dog), Vec::<String>::new());
}
