//! The objects of OpenAPI 3.0.3 with their fields, as section 4.7 of the specification has them.

/// What a value may be.
pub(super) enum Shape {
    Any,
    Boolean,
    Number,
    Size,
    Text,
    Word(&'static [&'static str]),
    Object(&'static Object),
    /// The object, or `{ $ref: … }` to one in `components`.
    OrReference(&'static Object),
    /// `additionalProperties`: a boolean or a schema.
    BooleanOrSchema,
    List(&'static Shape),
    Map(Keys, &'static Shape),
}

/// Which keys a map may have.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    Any,
    Path,
    Status,
    Component,
}

/// An object of the specification. Extensions (`x-…`) are allowed in each.
pub(super) struct Object {
    pub(super) name: &'static str,
    /// The section of `components` that references to it lead to; empty if there is none.
    pub(super) section: &'static str,
    pub(super) required: &'static [&'static str],
    pub(super) fields: &'static [(&'static str, Shape)],
}

pub(super) use Shape::{
    Any, Boolean, BooleanOrSchema, List, Map, Number, OrReference, Size, Text, Word,
};

pub(super) static DOCUMENT: Object = Object {
    name: "OpenAPI document",
    section: "",
    required: &["openapi", "info", "paths"],
    fields: &[
        ("openapi", Text),
        ("info", Shape::Object(&INFO)),
        ("servers", List(&Shape::Object(&SERVER))),
        ("paths", Map(Keys::Path, &Shape::Object(&PATH_ITEM))),
        ("components", Shape::Object(&COMPONENTS)),
        ("security", List(&Map(Keys::Any, &List(&Text)))),
        ("tags", List(&Shape::Object(&TAG))),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
    ],
};

static INFO: Object = Object {
    name: "Info Object",
    section: "",
    required: &["title", "version"],
    fields: &[
        ("title", Text),
        ("description", Text),
        ("termsOfService", Text),
        ("contact", Shape::Object(&CONTACT)),
        ("license", Shape::Object(&LICENSE)),
        ("version", Text),
    ],
};

static CONTACT: Object = Object {
    name: "Contact Object",
    section: "",
    required: &[],
    fields: &[("name", Text), ("url", Text), ("email", Text)],
};

static LICENSE: Object = Object {
    name: "License Object",
    section: "",
    required: &["name"],
    fields: &[("name", Text), ("url", Text)],
};

static SERVER: Object = Object {
    name: "Server Object",
    section: "",
    required: &["url"],
    fields: &[
        ("url", Text),
        ("description", Text),
        (
            "variables",
            Map(Keys::Any, &Shape::Object(&SERVER_VARIABLE)),
        ),
    ],
};

static SERVER_VARIABLE: Object = Object {
    name: "Server Variable Object",
    section: "",
    required: &["default"],
    fields: &[
        ("enum", List(&Text)),
        ("default", Text),
        ("description", Text),
    ],
};

static TAG: Object = Object {
    name: "Tag Object",
    section: "",
    required: &["name"],
    fields: &[
        ("name", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
    ],
};

static EXTERNAL_DOCS: Object = Object {
    name: "External Documentation Object",
    section: "",
    required: &["url"],
    fields: &[("description", Text), ("url", Text)],
};

static COMPONENTS: Object = Object {
    name: "Components Object",
    section: "",
    required: &[],
    fields: &[
        ("schemas", Map(Keys::Component, &OrReference(&SCHEMA))),
        ("responses", Map(Keys::Component, &OrReference(&RESPONSE))),
        ("parameters", Map(Keys::Component, &OrReference(&PARAMETER))),
        ("examples", Map(Keys::Component, &OrReference(&EXAMPLE))),
        (
            "requestBodies",
            Map(Keys::Component, &OrReference(&REQUEST_BODY)),
        ),
        ("headers", Map(Keys::Component, &OrReference(&HEADER))),
        (
            "securitySchemes",
            Map(Keys::Component, &OrReference(&SECURITY_SCHEME)),
        ),
        ("links", Map(Keys::Component, &OrReference(&LINK))),
        ("callbacks", Map(Keys::Component, &OrReference(&CALLBACK))),
    ],
};

static PATH_ITEM: Object = Object {
    name: "Path Item Object",
    section: "",
    required: &[],
    fields: &[
        ("summary", Text),
        ("description", Text),
        ("get", Shape::Object(&OPERATION)),
        ("put", Shape::Object(&OPERATION)),
        ("post", Shape::Object(&OPERATION)),
        ("delete", Shape::Object(&OPERATION)),
        ("options", Shape::Object(&OPERATION)),
        ("head", Shape::Object(&OPERATION)),
        ("patch", Shape::Object(&OPERATION)),
        ("trace", Shape::Object(&OPERATION)),
        ("servers", List(&Shape::Object(&SERVER))),
        ("parameters", List(&OrReference(&PARAMETER))),
    ],
};

static OPERATION: Object = Object {
    name: "Operation Object",
    section: "",
    required: &["responses"],
    fields: &[
        ("tags", List(&Text)),
        ("summary", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        ("operationId", Text),
        ("parameters", List(&OrReference(&PARAMETER))),
        ("requestBody", OrReference(&REQUEST_BODY)),
        ("responses", Map(Keys::Status, &OrReference(&RESPONSE))),
        ("callbacks", Map(Keys::Any, &OrReference(&CALLBACK))),
        ("deprecated", Boolean),
        ("security", List(&Map(Keys::Any, &List(&Text)))),
        ("servers", List(&Shape::Object(&SERVER))),
    ],
};

static PARAMETER: Object = Object {
    name: "Parameter Object",
    section: "parameters",
    required: &["name", "in"],
    fields: &[
        ("name", Text),
        ("in", Word(&["query", "header", "path", "cookie"])),
        ("description", Text),
        ("required", Boolean),
        ("deprecated", Boolean),
        ("allowEmptyValue", Boolean),
        (
            "style",
            Word(&[
                "matrix",
                "label",
                "form",
                "simple",
                "spaceDelimited",
                "pipeDelimited",
                "deepObject",
            ]),
        ),
        ("explode", Boolean),
        ("allowReserved", Boolean),
        ("schema", OrReference(&SCHEMA)),
        ("example", Any),
        ("examples", Map(Keys::Any, &OrReference(&EXAMPLE))),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
    ],
};

static HEADER: Object = Object {
    name: "Header Object",
    section: "headers",
    required: &[],
    fields: &[
        ("description", Text),
        ("required", Boolean),
        ("deprecated", Boolean),
        ("allowEmptyValue", Boolean),
        ("style", Word(&["simple"])),
        ("explode", Boolean),
        ("allowReserved", Boolean),
        ("schema", OrReference(&SCHEMA)),
        ("example", Any),
        ("examples", Map(Keys::Any, &OrReference(&EXAMPLE))),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
    ],
};

static REQUEST_BODY: Object = Object {
    name: "Request Body Object",
    section: "requestBodies",
    required: &["content"],
    fields: &[
        ("description", Text),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
        ("required", Boolean),
    ],
};

static MEDIA_TYPE: Object = Object {
    name: "Media Type Object",
    section: "",
    required: &[],
    fields: &[
        ("schema", OrReference(&SCHEMA)),
        ("example", Any),
        ("examples", Map(Keys::Any, &OrReference(&EXAMPLE))),
        ("encoding", Map(Keys::Any, &Shape::Object(&ENCODING))),
    ],
};

static ENCODING: Object = Object {
    name: "Encoding Object",
    section: "",
    required: &[],
    fields: &[
        ("contentType", Text),
        ("headers", Map(Keys::Any, &OrReference(&HEADER))),
        ("style", Text),
        ("explode", Boolean),
        ("allowReserved", Boolean),
    ],
};

static RESPONSE: Object = Object {
    name: "Response Object",
    section: "responses",
    required: &["description"],
    fields: &[
        ("description", Text),
        ("headers", Map(Keys::Any, &OrReference(&HEADER))),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
        ("links", Map(Keys::Any, &OrReference(&LINK))),
    ],
};

static EXAMPLE: Object = Object {
    name: "Example Object",
    section: "examples",
    required: &[],
    fields: &[
        ("summary", Text),
        ("description", Text),
        ("value", Any),
        ("externalValue", Text),
    ],
};

static LINK: Object = Object {
    name: "Link Object",
    section: "links",
    required: &[],
    fields: &[
        ("operationRef", Text),
        ("operationId", Text),
        ("parameters", Map(Keys::Any, &Any)),
        ("requestBody", Any),
        ("description", Text),
        ("server", Shape::Object(&SERVER)),
    ],
};

// Callbacks are requests that a service makes; a client generator has no use for what is in them.
static CALLBACK: Object = Object {
    name: "Callback Object",
    section: "callbacks",
    required: &[],
    fields: &[],
};

static SECURITY_SCHEME: Object = Object {
    name: "Security Scheme Object",
    section: "securitySchemes",
    required: &["type"],
    fields: &[
        ("type", Word(&["apiKey", "http", "oauth2", "openIdConnect"])),
        ("description", Text),
        ("name", Text),
        ("in", Word(&["query", "header", "cookie"])),
        ("scheme", Text),
        ("bearerFormat", Text),
        ("flows", Any),
        ("openIdConnectUrl", Text),
    ],
};

pub(super) static SCHEMA: Object = Object {
    name: "Schema Object",
    section: "schemas",
    required: &[],
    fields: &[
        ("title", Text),
        ("multipleOf", Number),
        ("maximum", Number),
        ("exclusiveMaximum", Boolean),
        ("minimum", Number),
        ("exclusiveMinimum", Boolean),
        ("maxLength", Size),
        ("minLength", Size),
        ("pattern", Text),
        ("maxItems", Size),
        ("minItems", Size),
        ("uniqueItems", Boolean),
        ("maxProperties", Size),
        ("minProperties", Size),
        ("required", List(&Text)),
        ("enum", List(&Any)),
        (
            "type",
            Word(&["array", "boolean", "integer", "number", "object", "string"]),
        ),
        ("allOf", List(&OrReference(&SCHEMA))),
        ("oneOf", List(&OrReference(&SCHEMA))),
        ("anyOf", List(&OrReference(&SCHEMA))),
        ("not", OrReference(&SCHEMA)),
        ("items", OrReference(&SCHEMA)),
        ("properties", Map(Keys::Any, &OrReference(&SCHEMA))),
        ("additionalProperties", BooleanOrSchema),
        ("description", Text),
        ("format", Text),
        ("default", Any),
        ("nullable", Boolean),
        ("discriminator", Any),
        ("readOnly", Boolean),
        ("writeOnly", Boolean),
        ("xml", Any),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        ("example", Any),
        ("deprecated", Boolean),
    ],
};
