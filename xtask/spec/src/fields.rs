//! The objects of OpenAPI 3.0.3 with their fields, as section 4.7 of the specification has them: the one
//! table that validation and comparison ask.

use crate::node::Node;

/// The HTTP methods that a Path Item Object has fields for.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Any value.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A whole number of 0 or more.
    Size,
    /// A string.
    Text,
    /// One of some strings.
    Word(&'static [&'static str]),
    /// An object.
    Object(&'static Object),
    /// An object, or `{ $ref: … }` to one.
    OrReference(&'static Object),
    /// `additionalProperties`: a boolean or a schema.
    BooleanOrSchema,
    /// A list.
    List(&'static Shape),
    /// A list whose order means nothing.
    Set(&'static Shape),
    /// A mapping of names to values.
    Map(Keys, &'static Shape),
}

/// Which keys a mapping may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Any.
    Any,
    /// Paths, which begin with `/`.
    Path,
    /// Statuses, ranges of them, and `default`.
    Status,
    /// Names of components.
    Component,
}

type Field = (&'static str, Shape);

/// An object of the specification. Extensions (`x-…`) are allowed in each.
#[derive(Debug)]
pub struct Object {
    /// Its name in the specification.
    pub name: &'static str,
    /// The section of `components` that references to it lead to; empty if there is none.
    pub section: &'static str,
    /// The fields that it must have.
    pub required: &'static [&'static str],
    fields: &'static [&'static [Field]],
    /// The shape of its fields with free names.
    others: Option<Shape>,
}

impl Object {
    const fn new(
        name: &'static str,
        section: &'static str,
        required: &'static [&'static str],
        fields: &'static [&'static [Field]],
    ) -> Self {
        Self {
            name,
            section,
            required,
            fields,
            others: None,
        }
    }

    /// The shape of a field; `None` for one that it doesn't have.
    pub fn field(&self, name: &str) -> Option<&Shape> {
        let mut fields = self.fields.iter().copied().flatten();
        let shape = fields.find(|(field, _)| *field == name);
        shape.map(|(_, shape)| shape).or(self.others.as_ref())
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().copied().flatten().map(|(name, _)| *name)
    }
}

impl Shape {
    /// Whether a value is of the right kind, whatever is in it.
    pub fn admits(&self, value: &Node) -> bool {
        let is_boolean = matches!(value.data, crate::Data::Bool(_));
        match self {
            Any => true,
            Boolean => is_boolean,
            BooleanOrSchema => is_boolean || value.is_map(),
            Number | Size => value.number().is_some(),
            Text | Word(_) => value.text().is_some(),
            Self::Object(_) | OrReference(_) | Map(..) => value.is_map(),
            List(_) | Set(_) => value.is_list(),
        }
    }
}

/// Whether a field of an object holds words, on which nothing on the wire and no code depends.
pub fn is_words(field: &str) -> bool {
    const WORDS: [&str; 7] = [
        "description",
        "summary",
        "example",
        "examples",
        "externalDocs",
        "tags",
        "info",
    ];
    WORDS.contains(&field) || is_extension(field)
}

/// Whether a field is an extension.
pub fn is_extension(field: &str) -> bool {
    field.starts_with("x-")
}

use Shape::{Any, Boolean, BooleanOrSchema, List, Map, Number, OrReference, Set, Size, Text, Word};

const SECURITY: Shape = List(&Map(Keys::Any, &Set(&Text)));

macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident $title:literal $(in $section:literal)? [$($required:literal),*]: $fields:expr;)*) => {
        $($(#[$doc])* pub static $name: Object =
            Object::new($title, concat!($($section)?), &[$($required),*], $fields);)*
    };
}

objects! {
    /// The document as a whole.
    DOCUMENT "OpenAPI document" ["openapi", "info", "paths"]: &[&[
        ("openapi", Text),
        ("info", Shape::Object(&INFO)),
        ("servers", List(&Shape::Object(&SERVER))),
        ("paths", Map(Keys::Path, &OrReference(&PATH_ITEM))),
        ("components", Shape::Object(&COMPONENTS)),
        ("security", SECURITY),
        ("tags", List(&Shape::Object(&TAG))),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
    ]];
    /// `info`.
    INFO "Info Object" ["title", "version"]: &[&[
        ("title", Text),
        ("description", Text),
        ("termsOfService", Text),
        ("contact", Shape::Object(&CONTACT)),
        ("license", Shape::Object(&LICENSE)),
        ("version", Text),
    ]];
    /// `info.contact`.
    CONTACT "Contact Object" []: &[&[("name", Text), ("url", Text), ("email", Text)]];
    /// `info.license`.
    LICENSE "License Object" ["name"]: &[&[("name", Text), ("url", Text)]];
    /// One of `servers`.
    SERVER "Server Object" ["url"]: &[&[
        ("url", Text),
        ("description", Text),
        ("variables", Map(Keys::Any, &Shape::Object(&SERVER_VARIABLE))),
    ]];
    /// A variable of a server's URL.
    SERVER_VARIABLE "Server Variable Object" ["default"]: &[&[
        ("enum", Set(&Text)),
        ("default", Text),
        ("description", Text),
    ]];
    /// One of the document's `tags`.
    TAG "Tag Object" ["name"]: &[&[
        ("name", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
    ]];
    /// `externalDocs`.
    EXTERNAL_DOCUMENTATION "External Documentation Object" ["url"]: &[&[
        ("description", Text),
        ("url", Text),
    ]];
    /// `components`.
    COMPONENTS "Components Object" []: &[&[
        ("schemas", Map(Keys::Component, &OrReference(&SCHEMA))),
        ("responses", Map(Keys::Component, &OrReference(&RESPONSE))),
        ("parameters", Map(Keys::Component, &OrReference(&PARAMETER))),
        ("examples", Map(Keys::Component, &OrReference(&EXAMPLE))),
        ("requestBodies", Map(Keys::Component, &OrReference(&REQUEST_BODY))),
        ("headers", Map(Keys::Component, &OrReference(&HEADER))),
        ("securitySchemes", Map(Keys::Component, &OrReference(&SECURITY_SCHEME))),
        ("links", Map(Keys::Component, &OrReference(&LINK))),
        ("callbacks", Map(Keys::Component, &OrReference(&CALLBACK))),
    ]];
    /// One of `paths`.
    PATH_ITEM "Path Item Object" []: &[&[
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
    ]];
    /// An operation.
    OPERATION "Operation Object" ["responses"]: &[&[
        ("tags", List(&Text)),
        ("summary", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
        ("operationId", Text),
        ("parameters", List(&OrReference(&PARAMETER))),
        ("requestBody", OrReference(&REQUEST_BODY)),
        ("responses", Map(Keys::Status, &OrReference(&RESPONSE))),
        ("callbacks", Map(Keys::Any, &OrReference(&CALLBACK))),
        ("deprecated", Boolean),
        ("security", SECURITY),
        ("servers", List(&Shape::Object(&SERVER))),
    ]];
    /// A parameter.
    PARAMETER "Parameter Object" in "parameters" ["name", "in"]: &[&VALUE, &[
        ("name", Text),
        ("in", Word(&["query", "header", "path", "cookie"])),
        ("style", Word(&[
            "matrix", "label", "form", "simple", "spaceDelimited", "pipeDelimited", "deepObject",
        ])),
    ]];
    /// A header of a response or of a part of a body.
    HEADER "Header Object" in "headers" []: &[&VALUE, &[("style", Word(&["simple"]))]];
    /// The body of a request.
    REQUEST_BODY "Request Body Object" in "requestBodies" ["content"]: &[&[
        ("description", Text),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
        ("required", Boolean),
    ]];
    /// A body in one media type.
    MEDIA_TYPE "Media Type Object" []: &[&[
        ("schema", OrReference(&SCHEMA)),
        ("example", Any),
        ("examples", Map(Keys::Any, &OrReference(&EXAMPLE))),
        ("encoding", Map(Keys::Any, &Shape::Object(&ENCODING))),
    ]];
    /// How a part of a body is written.
    ENCODING "Encoding Object" []: &[&[
        ("contentType", Text),
        ("headers", Map(Keys::Any, &OrReference(&HEADER))),
        ("style", Text),
        ("explode", Boolean),
        ("allowReserved", Boolean),
    ]];
    /// A response.
    RESPONSE "Response Object" in "responses" ["description"]: &[&[
        ("description", Text),
        ("headers", Map(Keys::Any, &OrReference(&HEADER))),
        ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
        ("links", Map(Keys::Any, &OrReference(&LINK))),
    ]];
    /// An example.
    EXAMPLE "Example Object" in "examples" []: &[&[
        ("summary", Text),
        ("description", Text),
        ("value", Any),
        ("externalValue", Text),
    ]];
    /// A link from a response to an operation.
    LINK "Link Object" in "links" []: &[&[
        ("operationRef", Text),
        ("operationId", Text),
        ("parameters", Map(Keys::Any, &Any)),
        ("requestBody", Any),
        ("description", Text),
        ("server", Shape::Object(&SERVER)),
    ]];
    /// A security scheme.
    SECURITY_SCHEME "Security Scheme Object" in "securitySchemes" ["type"]: &[&[
        ("type", Word(&["apiKey", "http", "oauth2", "openIdConnect"])),
        ("description", Text),
        ("name", Text),
        ("in", Word(&["query", "header", "cookie"])),
        ("scheme", Text),
        ("bearerFormat", Text),
        ("flows", Shape::Object(&OAUTH_FLOWS)),
        ("openIdConnectUrl", Text),
    ]];
    /// The flows of OAuth.
    OAUTH_FLOWS "OAuth Flows Object" []: &[&[
        ("implicit", Shape::Object(&OAUTH_FLOW)),
        ("password", Shape::Object(&OAUTH_FLOW)),
        ("clientCredentials", Shape::Object(&OAUTH_FLOW)),
        ("authorizationCode", Shape::Object(&OAUTH_FLOW)),
    ]];
    /// A flow of OAuth.
    OAUTH_FLOW "OAuth Flow Object" ["scopes"]: &[&[
        ("authorizationUrl", Text),
        ("tokenUrl", Text),
        ("refreshUrl", Text),
        ("scopes", Map(Keys::Any, &Text)),
    ]];
    /// What tells alternatives apart.
    DISCRIMINATOR "Discriminator Object" ["propertyName"]: &[&[
        ("propertyName", Text),
        ("mapping", Map(Keys::Any, &Text)),
    ]];
    /// How a value is written in XML.
    XML "XML Object" []: &[&[
        ("name", Text),
        ("namespace", Text),
        ("prefix", Text),
        ("attribute", Boolean),
        ("wrapped", Boolean),
    ]];
    /// A schema.
    SCHEMA "Schema Object" in "schemas" []: &[&[
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
        ("required", Set(&Text)),
        ("enum", Set(&Any)),
        ("type", Word(&["array", "boolean", "integer", "number", "object", "string"])),
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
        ("discriminator", Shape::Object(&DISCRIMINATOR)),
        ("readOnly", Boolean),
        ("writeOnly", Boolean),
        ("xml", Shape::Object(&XML)),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
        ("example", Any),
        ("deprecated", Boolean),
    ]];
}

/// The fields that parameters and headers have in common.
static VALUE: [Field; 10] = [
    ("description", Text),
    ("required", Boolean),
    ("deprecated", Boolean),
    ("allowEmptyValue", Boolean),
    ("explode", Boolean),
    ("allowReserved", Boolean),
    ("schema", OrReference(&SCHEMA)),
    ("example", Any),
    ("examples", Map(Keys::Any, &OrReference(&EXAMPLE))),
    ("content", Map(Keys::Any, &Shape::Object(&MEDIA_TYPE))),
];

/// The shape of the document.
pub static WHOLE_DOCUMENT: Shape = Shape::Object(&DOCUMENT);

/// The shape of one of an operation's `callbacks`.
pub static ONE_CALLBACK: Shape = OrReference(&CALLBACK);

/// The shape of the `encoding` of a media type.
pub static ALL_ENCODINGS: Shape = Map(Keys::Any, &Shape::Object(&ENCODING));

pub(crate) static SCHEMA_OR_REFERENCE: Shape = OrReference(&SCHEMA);

/// Requests that a service makes, by the expressions of their URLs.
pub static CALLBACK: Object = Object {
    others: Some(OrReference(&PATH_ITEM)),
    ..Object::new("Callback Object", "callbacks", &[], &[])
};
