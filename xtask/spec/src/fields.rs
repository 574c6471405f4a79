//! The objects of OpenAPI 3.0.3 with their fields, as section 4.7 of the specification has them: the one
//! table that validation and comparison ask.

use crate::node::{Data, Node};

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

/// An object of the specification. Extensions (`x-…`) are allowed in each.
#[derive(Debug)]
pub struct Object {
    /// Its name in the specification.
    pub name: &'static str,
    /// The section of `components` that references to it lead to; empty if there is none.
    pub section: &'static str,
    /// The fields that it must have.
    pub required: &'static [&'static str],
    fields: &'static [(&'static str, Shape)],
    /// The shape of its fields with free names.
    others: Option<Shape>,
}

impl Object {
    /// The shape of a field; `None` for one that it doesn't have.
    pub fn field(&self, name: &str) -> Option<&Shape> {
        let shape = self.fields.iter().find(|(field, _)| *field == name);
        shape.map(|(_, shape)| shape).or(self.others.as_ref())
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }
}

impl Shape {
    /// Whether a value is of the right kind, whatever is in it.
    pub fn admits(&self, value: &Node) -> bool {
        let is_boolean = matches!(value.data, Data::Bool(_));
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
    let is_text = matches!(field, "description" | "summary" | "tags" | "info");
    is_text || matches!(field, "example" | "examples" | "externalDocs") || is_extension(field)
}

/// Whether a field is an extension.
pub fn is_extension(field: &str) -> bool {
    field.starts_with("x-")
}

use Shape::{Any, Boolean, BooleanOrSchema, List, Map, Number, OrReference, Set, Size, Text, Word};

/// Objects: doc, name in the code, name in the specification, section of `components`, required fields,
/// and the fields of each shape.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident $title:literal $(in $section:literal)? [$($required:literal),*]
        { $($shape:expr => $($field:literal),+;)* })*) => {
        $($(#[$doc])* pub static $name: Object = Object {
            name: $title,
            section: concat!($($section)?),
            required: &[$($required),*],
            fields: &[$($(($field, $shape)),+),*],
            others: None,
        };)*
    };
}

objects! {
    /// The document as a whole.
    DOCUMENT "OpenAPI document" ["openapi", "info", "paths"] {
        Text => "openapi";
        Shape::Object(&INFO) => "info";
        List(&Shape::Object(&SERVER)) => "servers";
        Map(Keys::Path, &OrReference(&PATH_ITEM)) => "paths";
        Shape::Object(&COMPONENTS) => "components";
        List(&Map(Keys::Any, &Set(&Text))) => "security";
        List(&Shape::Object(&TAG)) => "tags";
        Shape::Object(&EXTERNAL_DOCS) => "externalDocs";
    }
    /// `info`.
    INFO "Info Object" ["title", "version"] {
        Text => "title", "description", "termsOfService", "version";
        Shape::Object(&CONTACT) => "contact";
        Shape::Object(&LICENSE) => "license";
    }
    /// `info.contact`.
    CONTACT "Contact Object" [] { Text => "name", "url", "email"; }
    /// `info.license`.
    LICENSE "License Object" ["name"] { Text => "name", "url"; }
    /// One of `servers`.
    SERVER "Server Object" ["url"] {
        Text => "url", "description";
        Map(Keys::Any, &Shape::Object(&SERVER_VARIABLE)) => "variables";
    }
    /// A variable of a server's URL.
    SERVER_VARIABLE "Server Variable Object" ["default"] {
        Set(&Text) => "enum";
        Text => "default", "description";
    }
    /// One of the document's `tags`.
    TAG "Tag Object" ["name"] {
        Text => "name", "description";
        Shape::Object(&EXTERNAL_DOCS) => "externalDocs";
    }
    /// `externalDocs`.
    EXTERNAL_DOCS "External Documentation Object" ["url"] { Text => "description", "url"; }
    /// `components`.
    COMPONENTS "Components Object" [] {
        Map(Keys::Component, &OrReference(&SCHEMA)) => "schemas";
        Map(Keys::Component, &OrReference(&RESPONSE)) => "responses";
        Map(Keys::Component, &OrReference(&PARAMETER)) => "parameters";
        Map(Keys::Component, &OrReference(&EXAMPLE)) => "examples";
        Map(Keys::Component, &OrReference(&REQUEST_BODY)) => "requestBodies";
        Map(Keys::Component, &OrReference(&HEADER)) => "headers";
        Map(Keys::Component, &OrReference(&SECURITY_SCHEME)) => "securitySchemes";
        Map(Keys::Component, &OrReference(&LINK)) => "links";
        Map(Keys::Component, &OrReference(&CALLBACK)) => "callbacks";
    }
    /// One of `paths`.
    PATH_ITEM "Path Item Object" [] {
        Text => "summary", "description";
        Shape::Object(&OPERATION) =>
            "get", "put", "post", "delete", "options", "head", "patch", "trace";
        List(&Shape::Object(&SERVER)) => "servers";
        List(&OrReference(&PARAMETER)) => "parameters";
    }
    /// An operation.
    OPERATION "Operation Object" ["responses"] {
        List(&Text) => "tags";
        Text => "summary", "description", "operationId";
        Shape::Object(&EXTERNAL_DOCS) => "externalDocs";
        List(&OrReference(&PARAMETER)) => "parameters";
        OrReference(&REQUEST_BODY) => "requestBody";
        Map(Keys::Status, &OrReference(&RESPONSE)) => "responses";
        Map(Keys::Any, &OrReference(&CALLBACK)) => "callbacks";
        Boolean => "deprecated";
        List(&Map(Keys::Any, &Set(&Text))) => "security";
        List(&Shape::Object(&SERVER)) => "servers";
    }
    /// A parameter.
    PARAMETER "Parameter Object" in "parameters" ["name", "in"] {
        Text => "name", "description";
        Word(&["query", "header", "path", "cookie"]) => "in";
        Word(&["matrix", "label", "form", "simple", "spaceDelimited", "pipeDelimited", "deepObject"]) =>
            "style";
        Boolean => "required", "deprecated", "allowEmptyValue", "explode", "allowReserved";
        OrReference(&SCHEMA) => "schema";
        Any => "example";
        Map(Keys::Any, &OrReference(&EXAMPLE)) => "examples";
        Map(Keys::Any, &Shape::Object(&MEDIA_TYPE)) => "content";
    }
    /// A header of a response or of a part of a body.
    HEADER "Header Object" in "headers" [] {
        Text => "description";
        Word(&["simple"]) => "style";
        Boolean => "required", "deprecated", "allowEmptyValue", "explode", "allowReserved";
        OrReference(&SCHEMA) => "schema";
        Any => "example";
        Map(Keys::Any, &OrReference(&EXAMPLE)) => "examples";
        Map(Keys::Any, &Shape::Object(&MEDIA_TYPE)) => "content";
    }
    /// The body of a request.
    REQUEST_BODY "Request Body Object" in "requestBodies" ["content"] {
        Text => "description";
        Map(Keys::Any, &Shape::Object(&MEDIA_TYPE)) => "content";
        Boolean => "required";
    }
    /// A body in one media type.
    MEDIA_TYPE "Media Type Object" [] {
        OrReference(&SCHEMA) => "schema";
        Any => "example";
        Map(Keys::Any, &OrReference(&EXAMPLE)) => "examples";
        Map(Keys::Any, &Shape::Object(&ENCODING)) => "encoding";
    }
    /// How a part of a body is written.
    ENCODING "Encoding Object" [] {
        Text => "contentType", "style";
        Map(Keys::Any, &OrReference(&HEADER)) => "headers";
        Boolean => "explode", "allowReserved";
    }
    /// A response.
    RESPONSE "Response Object" in "responses" ["description"] {
        Text => "description";
        Map(Keys::Any, &OrReference(&HEADER)) => "headers";
        Map(Keys::Any, &Shape::Object(&MEDIA_TYPE)) => "content";
        Map(Keys::Any, &OrReference(&LINK)) => "links";
    }
    /// An example.
    EXAMPLE "Example Object" in "examples" [] {
        Text => "summary", "description", "externalValue";
        Any => "value";
    }
    /// A link from a response to an operation.
    LINK "Link Object" in "links" [] {
        Text => "operationRef", "operationId", "description";
        Map(Keys::Any, &Any) => "parameters";
        Any => "requestBody";
        Shape::Object(&SERVER) => "server";
    }
    /// A security scheme.
    SECURITY_SCHEME "Security Scheme Object" in "securitySchemes" ["type"] {
        Word(&["apiKey", "http", "oauth2", "openIdConnect"]) => "type";
        Text => "description", "name", "scheme", "bearerFormat", "openIdConnectUrl";
        Word(&["query", "header", "cookie"]) => "in";
        Shape::Object(&OAUTH_FLOWS) => "flows";
    }
    /// The flows of OAuth.
    OAUTH_FLOWS "OAuth Flows Object" [] {
        Shape::Object(&OAUTH_FLOW) => "implicit", "password", "clientCredentials", "authorizationCode";
    }
    /// A flow of OAuth.
    OAUTH_FLOW "OAuth Flow Object" ["scopes"] {
        Text => "authorizationUrl", "tokenUrl", "refreshUrl";
        Map(Keys::Any, &Text) => "scopes";
    }
    /// `discriminator`: the property whose value selects an alternative.
    DISCRIMINATOR "Discriminator Object" ["propertyName"] {
        Text => "propertyName";
        Map(Keys::Any, &Text) => "mapping";
    }
    /// How a value is written in XML.
    XML "XML Object" [] {
        Text => "name", "namespace", "prefix";
        Boolean => "attribute", "wrapped";
    }
    /// A schema.
    SCHEMA "Schema Object" in "schemas" [] {
        Text => "title", "description", "format", "pattern";
        Number => "multipleOf", "maximum", "minimum";
        Size => "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties";
        Boolean => "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable", "readOnly",
            "writeOnly", "deprecated";
        Set(&Text) => "required";
        Set(&Any) => "enum";
        Word(&["array", "boolean", "integer", "number", "object", "string"]) => "type";
        List(&OrReference(&SCHEMA)) => "allOf", "oneOf", "anyOf";
        OrReference(&SCHEMA) => "not", "items";
        Map(Keys::Any, &OrReference(&SCHEMA)) => "properties";
        BooleanOrSchema => "additionalProperties";
        Shape::Object(&DISCRIMINATOR) => "discriminator";
        Shape::Object(&XML) => "xml";
        Shape::Object(&EXTERNAL_DOCS) => "externalDocs";
        Any => "default", "example";
    }
}

/// The shape of the document.
pub static WHOLE_DOCUMENT: Shape = Shape::Object(&DOCUMENT);

/// The shape of one of an operation's `callbacks`.
pub static ONE_CALLBACK: Shape = OrReference(&CALLBACK);

/// The shape of the `encoding` of a media type.
pub static ALL_ENCODINGS: Shape = Map(Keys::Any, &Shape::Object(&ENCODING));

/// The shape of a schema.
pub static SCHEMA_OR_REFERENCE: Shape = OrReference(&SCHEMA);

/// Requests that a service makes, by the expressions of their URLs.
pub static CALLBACK: Object = Object {
    name: "Callback Object",
    section: "callbacks",
    required: &[],
    fields: &[],
    others: Some(OrReference(&PATH_ITEM)),
};
