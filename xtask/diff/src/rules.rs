//! The table of rules: the name of each kind of change, its verdict on the wire, and the reason.
//!
//! A rule about schemas stands here twice, for what the client sends (`request-…`) and for what it
//! receives (`response-…`), because the direction decides: what is sent may be loosened, and what
//! is received may be narrowed.

use std::fmt;

/// What a change means for a client of the base that talks to a server of the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// Nothing: the wire is the same, and only the Rust code that is generated differs.
    None,
    /// Nothing: only words, examples or tags differ.
    Docs,
    /// The client works as before.
    NonBreaking,
    /// The client may fail, or it cannot be shown that it doesn't.
    Breaking,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Docs => "docs",
            Self::NonBreaking => "non-breaking",
            Self::Breaking => "breaking",
        })
    }
}

/// A kind of change.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which stays what it is: reviews and `openapi/accepted-changes.toml` refer to it.
    pub id: &'static str,
    /// The verdict.
    pub wire: Wire,
    /// What has happened.
    pub what: &'static str,
    /// The reason for the verdict.
    pub why: &'static str,
}

/// A kind of change to a schema: one rule a direction, with the verdict by keywords alone. Whether every value
/// that was fine still is decides, by `inclusion`.
#[derive(Debug)]
pub struct SchemaRule {
    /// For what the client sends.
    pub request: Rule,
    /// For what the client receives.
    pub response: Rule,
    /// The same where every value is shown to be fine.
    pub(crate) fine: [Rule; 2],
    /// The same where one is shown not to be.
    pub(crate) refuted: [Rule; 2],
    /// The same where neither can be shown.
    pub(crate) open: [Rule; 2],
    /// Whether the verdict is one of policy: more than values depends on it.
    pub(crate) is_policy: bool,
}

/// The verdict, and its reason, on what is sent and on what is received.
type Effect = [(Wire, &'static str); 2];

impl SchemaRule {
    const fn new(ids: [&'static str; 2], what: &'static str, effect: Effect) -> Self {
        let [(sent, because), (received, since)] = effect;
        Self {
            request: rule(ids[0], sent, what, because),
            response: rule(ids[1], received, what, since),
            fine: both(ids, Wire::NonBreaking, what, FINE),
            refuted: both(ids, Wire::Breaking, what, REFUTED),
            open: both(ids, Wire::Breaking, what, OPEN),
            is_policy: false,
        }
    }

    const fn policy(ids: [&'static str; 2], what: &'static str, effect: Effect) -> Self {
        let mut rule = Self::new(ids, what, effect);
        rule.is_policy = true;
        rule
    }
}

const fn both(
    ids: [&'static str; 2],
    wire: Wire,
    what: &'static str,
    why: &'static str,
) -> [Rule; 2] {
    [rule(ids[0], wire, what, why), rule(ids[1], wire, what, why)]
}

const fn rule(id: &'static str, wire: Wire, what: &'static str, why: &'static str) -> Rule {
    Rule {
        id,
        wire,
        what,
        why,
    }
}

const TIGHTENS: Effect = [(Wire::Breaking, TIGHTENED), (Wire::NonBreaking, NARROWED)];
const LOOSENS: Effect = [(Wire::NonBreaking, LOOSENED), (Wire::Breaking, WIDENED)];
const BREAKS: Effect = [(Wire::Breaking, UNPROVEN), (Wire::Breaking, UNPROVEN)];

const TIGHTENED: &str = "requests may not become stricter: one that was fine may be refused";
const NARROWED: &str = "responses may become stricter: the client can parse more than will come";
const LOOSENED: &str = "requests may become looser: each one that was fine still is";
const WIDENED: &str = "responses may not become looser: the client may fail to parse them";
const UNPROVEN: &str =
    "cannot be shown to be compatible: neither the old form nor the new contains the other";
const FINE: &str = "all keywords taken together, each value that was fine still is";
const REFUTED: &str = "all keywords taken together, a value that was fine no longer is";
const OPEN: &str =
    "cannot be shown to be compatible: it is not known whether each value that was fine still is";
const WORDS: &str = "words only; nothing on the wire depends on it";

macro_rules! rules {
    ($($name:ident $id:literal $wire:ident: $what:literal, because $why:expr;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $what)]
            pub static $name: Rule = rule($id, Wire::$wire, $what, $why);
        )*
        /// The rules that don't depend on the direction.
        static PLAIN: &[&Rule] = &[$(&$name),*];
    };
}

macro_rules! schema_rules {
    ($($name:ident $id:literal $kind:ident $effect:expr, $what:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $what)]
            pub static $name: SchemaRule = SchemaRule::$kind(
                [concat!("request-", $id), concat!("response-", $id)], $what, $effect,
            );
        )*
        /// The rules that depend on the direction.
        static SIDED: &[&SchemaRule] = &[$(&$name),*];
    };
}

rules! {
    OPERATION_REMOVED "operation-removed" Breaking: "an operation is gone", because "its callers get an error";
    OPERATION_ADDED "operation-added" NonBreaking: "an operation is new", because "nobody calls it yet";
    OPERATION_PATH_CHANGED "operation-path-changed" Breaking: "an operation has another path", because "requests go to the old one";
    OPERATION_METHOD_CHANGED "operation-method-changed" Breaking: "an operation has another method", because "requests are made with the old one";
    OPERATION_ID_CHANGED "operation-id-changed" NonBreaking: "an operationId was added, removed or renamed", because "it is not sent; but it is the name of the generated method";
    OPERATION_DEPRECATED "operation-deprecated" NonBreaking: "an operation is deprecated", because "it still works; look for what replaces it";
    OPERATION_UNDEPRECATED "operation-undeprecated" NonBreaking: "an operation is no longer deprecated", because "it works as before";
    SUNSET_EARLIER "sunset-earlier" Breaking: "an operation will be gone earlier than announced, or at a date that can't be read", because "its users were promised more time";
    SUNSET_CHANGED "sunset-changed" NonBreaking: "the date at which an operation will be gone was announced, put off or taken back", because "nobody has less time than was promised";
    STABILITY_CHANGED "operation-stability-changed" NonBreaking: "the mark that an operation is in preview (`x-unstable`) was added, removed or reworded", because "the wire is the same; what is promised about it isn't";
    CALLBACK_CHANGED "callback-changed" Breaking: "what the service calls back was changed or removed", because "cannot be shown to be compatible: callbacks are not compared further";
    CALLBACK_ADDED "callback-added" NonBreaking: "the service offers to call back", because "nobody asked it to yet";

    PARAMETER_REMOVED "parameter-removed" Breaking: "a parameter is gone", because "the client still sends it, and the service may refuse it, or ignore what its user asked for";
    PARAMETER_ADDED_REQUIRED "required-parameter-added" Breaking: "a required parameter is new", because "the client doesn't send it";
    PARAMETER_ADDED_OPTIONAL "optional-parameter-added" NonBreaking: "an optional parameter is new", because "it may be left out";
    PARAMETER_MOVED "parameter-moved" Breaking: "a parameter is sent in another part of the request", because "the client sends it in the old one";
    PARAMETER_REGROUPED "parameter-regrouped" NonBreaking: "parameters of a query became properties of an object that is spread, or the reverse", because "the query string is the same";
    PARAMETER_BECAME_REQUIRED "parameter-became-required" Breaking: "an optional parameter is required", because TIGHTENED;
    PARAMETER_BECAME_OPTIONAL "parameter-became-optional" NonBreaking: "a required parameter is optional", because LOOSENED;
    PARAMETER_SERIALIZATION_CHANGED "parameter-serialization-changed" Breaking: "the style of a parameter's value was changed, or what else decides how it is written", because "the client writes it the old way";
    PARAMETER_SERIALIZATION_LOOSENED "parameter-serialization-loosened" NonBreaking: "a parameter may be written in more ways, or a value became a list of such values", because LOOSENED;
    PARAMETER_DEPRECATED "parameter-deprecated" NonBreaking: "a parameter is deprecated, or no longer", because "it still works";

    REQUEST_BODY_REMOVED "request-body-removed" Breaking: "the request has no body any more", because "the client still sends one, and the service may refuse it";
    REQUEST_BODY_ADDED_REQUIRED "required-request-body-added" Breaking: "the request must have a body", because "the client doesn't send one";
    REQUEST_BODY_ADDED_OPTIONAL "optional-request-body-added" NonBreaking: "the request may have a body", because "it may be left out";
    REQUEST_BODY_BECAME_REQUIRED "request-body-became-required" Breaking: "the body of the request is required", because TIGHTENED;
    REQUEST_BODY_BECAME_OPTIONAL "request-body-became-optional" NonBreaking: "the body of the request is optional", because LOOSENED;
    REQUEST_MEDIA_TYPE_REMOVED "request-media-type-removed" Breaking: "a media type of the request is no longer accepted", because "the client may send it";
    REQUEST_MEDIA_TYPE_ADDED "request-media-type-added" NonBreaking: "more media types of the request are accepted, or one is listed beside a range that covers it", because LOOSENED;
    REQUEST_ENCODING_CHANGED "request-encoding-changed" Breaking: "the parts of the body are to be written in another way", because "the client writes them the old way";

    RESPONSE_SUCCESS_REMOVED "response-success-removed" Breaking: "the last success status is gone", because "the client waits for it";
    RESPONSE_STATUS_NARROWED "response-status-narrowed" NonBreaking: "a success status is gone and others stay, or a range became one of its statuses", because NARROWED;
    RESPONSE_STATUS_SPLIT "response-status-split" NonBreaking: "a status that a range or the default described is described by itself", because "it could come before; what it looks like is compared";
    RESPONSE_STATUS_MERGED "response-status-merged" NonBreaking: "a status that was described by itself is described by a range or the default", because "it may come as before; what it looks like is compared";
    RESPONSE_SUCCESS_ADDED "response-success-added" Breaking: "a status below 400 is new that no range or default covered", because "the client was not made to take it for a success";
    RESPONSE_ERROR_REMOVED "response-error-removed" NonBreaking: "an error status is gone", because NARROWED;
    RESPONSE_ERROR_ADDED "response-error-added" NonBreaking: "an error status is new", because "a client must expect any error status, including unknown ones";
    RESPONSE_DEFAULT_REMOVED "default-response-removed" NonBreaking: "other statuses are no longer described", because NARROWED;
    RESPONSE_DEFAULT_ADDED "default-response-added" NonBreaking: "the other statuses are described", because "they could come before as well";
    RESPONSE_BODY_REMOVED "response-body-removed" Breaking: "a response has no body any more", because "the client reads one";
    RESPONSE_BODY_ADDED "response-body-added" NonBreaking: "a response has a body", because "the client doesn't read it";
    RESPONSE_MEDIA_TYPE_REMOVED "response-media-type-removed" Breaking: "a response doesn't come in a media type any more", because "the client may ask for it, or tell by it what form an error has";
    RESPONSE_MEDIA_TYPE_NARROWED "response-media-type-narrowed" NonBreaking: "a response comes in fewer media types, and JSON or a part of a range stays; or one is listed beside a range that covers it", because NARROWED;
    RESPONSE_MEDIA_TYPE_ADDED "response-media-type-added" Breaking: "a response may come in a media type of another kind, or in any of a range", because WIDENED;
    RESPONSE_JSON_TYPE_ADDED "response-json-type-added" NonBreaking: "a response may come in another media type of JSON", because "whoever reads one kind of JSON reads them all";
    MEDIA_TYPE_PARAMETER_CHANGED "media-type-parameter-changed" NonBreaking: "the parameters of a media type, such as `charset`, were changed", because "the type is the same, and JSON has one encoding";
    RESPONSE_HEADER_REMOVED "response-header-removed" Breaking: "a header that always came is gone", because "the client may rely on it";
    RESPONSE_OPTIONAL_HEADER_REMOVED "response-optional-header-removed" NonBreaking: "a header that could come is gone", because NARROWED;
    RESPONSE_HEADER_ADDED "response-header-added" NonBreaking: "a header is new", because "the client ignores headers that it doesn't know";
    RESPONSE_HEADER_BECAME_OPTIONAL "response-header-became-optional" Breaking: "a header that always came may be absent", because WIDENED;
    RESPONSE_HEADER_BECAME_REQUIRED "response-header-became-required" NonBreaking: "a header that could come always comes", because NARROWED;

    RESPONSE_HEADER_SERIALIZATION_CHANGED "response-header-serialization-changed" Breaking: "the value of a header is written in another way", because "the client reads it the old way";
    RESPONSE_HEADER_DEPRECATED "response-header-deprecated" NonBreaking: "a header is deprecated, or no longer", because "it still comes";
    FIELD_CHANGED "field-changed" Breaking: "a field was changed that isn't one of OpenAPI 3.0", because "cannot be shown to be compatible: its meaning is unknown";

    SECURITY_TIGHTENED "security-tightened" Breaking: "a way to authorize that was enough is not any more", because "the client sends what was enough";
    SECURITY_LOOSENED "security-loosened" NonBreaking: "there is one more way to authorize, or less is needed", because LOOSENED;
    SECURITY_SCHEME_CHANGED "security-scheme-changed" Breaking: "a security scheme that is in use works in another way", because "the client sends its credential the old way";
    OAUTH_FLOW_CHANGED "oauth-flow-changed" Breaking: "a flow or a scope of OAuth is gone, or one of its URLs has changed", because "the client asks for its token the old way";
    OAUTH_FLOW_ADDED "oauth-flow-added" NonBreaking: "a flow or a scope of OAuth is new", because "the old ones work as before";

    SERVER_REMOVED "server-removed" Breaking: "a server is gone, or one of the sites that its variables stand for", because "clients that use it lose it";
    SERVER_ADDED "server-added" NonBreaking: "a server is new, or a site that its variables stand for", because "the others are as before";
    SERVER_UNLISTED "server-unlisted" NonBreaking: "a server or a site is no longer listed, and variables of another server cover it", because "it is described as before, in general terms";
    SERVER_MOVED "server-moved" Breaking: "the only documented host moved: variables take any value, and their defaults changed", because "the client calls the old host, which nothing documents any more";
    SERVER_DEFAULT_CHANGED "server-default-changed" NonBreaking: "the default of a server variable was changed", because "clients of the base keep the old one; but look: who names no server goes to another once regenerated";

    DOCUMENT_VERSION_CHANGED "document-version-changed" Docs: "the version of the document (`info.version`, `openapi`) was changed", because WORDS;
    DESCRIPTION_CHANGED "description-changed" Docs: "a title, summary or description was changed", because WORDS;
    EXAMPLE_CHANGED "example-changed" Docs: "an example was changed", because WORDS;
    INFO_CHANGED "info-changed" Docs: "contact, licence or terms of service were changed", because WORDS;
    EXTERNAL_DOCS_CHANGED "external-docs-changed" Docs: "a link to further documentation was changed", because WORDS;
    TAGS_CHANGED "tags-changed" Docs: "tags were changed", because WORDS;
    LINKS_CHANGED "links-changed" Docs: "links from a response to other operations were changed", because "they tell what can be done next; nothing that is sent or received depends on them";
    EXTENSION_CHANGED "extension-changed" Docs: "an extension (`x-…`) was changed that nothing here gives a meaning", because WORDS;
    XML_CHANGED "xml-changed" Docs: "how a value looks in XML was changed", because "bodies are JSON";
    ACCESS_CHANGED "read-or-write-only-changed" Docs: "`readOnly` or `writeOnly` was changed where it means nothing", because "it says something about the other direction";
    PROPERTY_DEPRECATED "property-deprecated" NonBreaking: "a schema is deprecated, or no longer", because "it still works";

    COMPONENT_RENAMED "component-renamed" None: "a component has another name and the same shape", because "names of components are not sent; but they are the names of the generated types";
    RUST_ITEM_REMOVED "rust-item-removed" None: "a public item of the generated crate is gone or renamed", because "the wire is the same; code that names the item doesn't compile";
    RUST_ITEM_CHANGED "rust-item-changed" None: "a public item of the generated crate has another type or signature", because "the wire is the same; code that uses the item may not compile";
    RUST_ITEM_ADDED "rust-item-added" None: "a type of the generated crate has one more public field, or an enum one more variant", because "the wire is the same; code that builds the type or matches all of it doesn't compile";
}

schema_rules! {
    TYPE_NARROWED "type-narrowed" new TIGHTENS, "fewer types are allowed, such as integers in place of numbers";
    TYPE_WIDENED "type-widened" new LOOSENS, "more types are allowed, such as numbers in place of integers";
    TYPE_CHANGED "type-changed" new BREAKS, "the value is of another type";
    FORMAT_NARROWED "format-narrowed" new TIGHTENS, "a format was added, or is a part of the old one, as `int32` is of `int64`";
    FORMAT_WIDENED "format-widened" new LOOSENS, "a format was dropped, or contains the old one";
    FORMAT_CHANGED "format-changed" new BREAKS, "the value is of another format";
    NULL_ALLOWED "null-allowed" new LOOSENS, "the value may be null";
    NULL_REFUSED "null-refused" new TIGHTENS, "the value may not be null any more";
    ENUM_ADDED "enum-added" new TIGHTENS, "only listed values are allowed";
    ENUM_DROPPED "enum-dropped" new LOOSENS, "values need not be listed any more";
    ENUM_VALUE_ADDED "enum-value-added" new LOOSENS, "a value was added to an enum";
    ENUM_VALUE_REMOVED "enum-value-removed" new TIGHTENS, "a value was removed from an enum";
    MINIMUM_RAISED "minimum-raised" new TIGHTENS, "a lower bound was added, raised, or made exclusive";
    MINIMUM_LOWERED "minimum-lowered" new LOOSENS, "a lower bound was removed, lowered, or made inclusive";
    MAXIMUM_LOWERED "maximum-lowered" new TIGHTENS, "an upper bound was added, lowered, or made exclusive";
    MAXIMUM_RAISED "maximum-raised" new LOOSENS, "an upper bound was removed, raised, or made inclusive";
    MULTIPLE_OF_TIGHTENED "multiple-of-tightened" new TIGHTENS, "fewer multiples are allowed";
    MULTIPLE_OF_LOOSENED "multiple-of-loosened" new LOOSENS, "more multiples are allowed";
    MULTIPLE_OF_CHANGED "multiple-of-changed" new BREAKS, "the value is a multiple of another number";
    MIN_SIZE_RAISED "min-size-raised" new TIGHTENS, "`minLength`, `minItems` or `minProperties` was added or raised";
    MIN_SIZE_LOWERED "min-size-lowered" new LOOSENS, "`minLength`, `minItems` or `minProperties` was removed or lowered";
    MAX_SIZE_LOWERED "max-size-lowered" new TIGHTENS, "`maxLength`, `maxItems` or `maxProperties` was added or lowered";
    MAX_SIZE_RAISED "max-size-raised" new LOOSENS, "`maxLength`, `maxItems` or `maxProperties` was removed or raised";
    UNIQUE_ITEMS_ADDED "unique-items-added" new TIGHTENS, "items must differ";
    UNIQUE_ITEMS_REMOVED "unique-items-removed" new LOOSENS, "items may be equal";
    PATTERN_ADDED "pattern-added" new TIGHTENS, "a pattern was added";
    PATTERN_REMOVED "pattern-removed" new LOOSENS, "a pattern was removed";
    PATTERN_CHANGED "pattern-changed" new BREAKS, "a pattern was changed";
    PROPERTY_BECAME_REQUIRED "property-became-required" new TIGHTENS, "an optional property is required";
    PROPERTY_BECAME_OPTIONAL "property-became-optional" new LOOSENS, "a required property is optional";
    ADDITIONAL_PROPERTIES_CLOSED "additional-properties-closed" policy TIGHTENS, "properties that are not described are not allowed any more";
    ADDITIONAL_PROPERTIES_OPENED "additional-properties-opened" policy LOOSENS, "properties that are not described are allowed";
    ALTERNATIVE_ADDED "alternative-added" new LOOSENS, "an alternative was added to `oneOf` or `anyOf`";
    ALTERNATIVE_REMOVED "alternative-removed" new TIGHTENS, "an alternative was removed from `oneOf` or `anyOf`";
    ALTERNATIVES_EXCLUSIVE "alternatives-exclusive" new TIGHTENS, "`anyOf` became `oneOf`: only one alternative may fit";
    ALTERNATIVES_SHARED "alternatives-shared" new LOOSENS, "`oneOf` became `anyOf`: several alternatives may fit";
    COMPOSITION_ADDED "composition-added" new TIGHTENS, "the value must fit a `oneOf`, `anyOf` or `not` besides";
    COMPOSITION_REMOVED "composition-removed" new LOOSENS, "the value need not fit a `oneOf`, `anyOf` or `not` any more";
    NOT_CHANGED "not-changed" new BREAKS, "a `not` was changed";
    DISCRIMINATOR_ADDED "discriminator-added" new TIGHTENS, "a discriminator was added: a property selects the alternative";
    DISCRIMINATOR_REMOVED "discriminator-removed" new LOOSENS, "the discriminator was removed: no property selects the alternative";
    DISCRIMINATOR_CHANGED "discriminator-changed" new BREAKS, "another property selects the alternative";
    DISCRIMINATOR_VALUE_ADDED "discriminator-value-added" new LOOSENS, "one more value of the discriminator names an alternative";
    DISCRIMINATOR_VALUE_REMOVED "discriminator-value-removed" new TIGHTENS, "a value of the discriminator names no alternative any more";
    KEYWORD_CHANGED "keyword-changed" new BREAKS, "a keyword was changed that OpenAPI 3.0 doesn't have, or not in this form: its meaning is unknown";
    SCHEMA_CHANGED "schema-changed" new BREAKS, "other values fit, which no other rule explains";
    REQUIRED_PROPERTY_ADDED "required-property-added" new [
        (Wire::Breaking, "the client doesn't send it"),
        (Wire::NonBreaking, "the client ignores properties that it doesn't know"),
    ], "a required property is new";
    OPTIONAL_PROPERTY_ADDED "optional-property-added" policy [
        (Wire::NonBreaking, "it may be left out"),
        (Wire::NonBreaking, "the client ignores properties that it doesn't know"),
    ], "an optional property is new";
    UNEXPECTED_PROPERTY_ADDED "unexpected-property-added" new [
        (Wire::NonBreaking, "it may be left out"),
        (Wire::Breaking, "the client refuses properties that it doesn't know, as it was told to"),
    ], "a property is new where properties that are not described were not allowed";
    REQUIRED_PROPERTY_REMOVED "required-property-removed" policy [
        (Wire::Breaking, "the client still sends it, and the service may refuse it, or ignore what its user asked for"),
        (Wire::Breaking, "the client relies on it"),
    ], "a required property is gone";
    OPTIONAL_PROPERTY_REMOVED "optional-property-removed" policy [
        (Wire::Breaking, "the client may still send it, and the service may refuse it, or ignore what its user asked for"),
        (Wire::NonBreaking, "the client can do without it"),
    ], "an optional property is gone";
    DEFAULT_ADDED "default-added" policy [
        (Wire::NonBreaking, "what a request without the value means is now said; it was open before"),
        (Wire::NonBreaking, "the value may be absent as before"),
    ], "a default was added";
    DEFAULT_CHANGED "default-changed" policy [
        (Wire::Breaking, "cannot be shown to be compatible: a request without the value means something else"),
        (Wire::NonBreaking, "the service says what a value is, if it matters"),
    ], "a default was changed or removed";
}

/// All rules, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let sided = SIDED.iter();
    let sided = sided.flat_map(|rule| [&rule.request, &rule.response]);
    PLAIN.iter().copied().chain(sided)
}

/// The table as Markdown, as `xtask/diff/rules.md` holds it.
pub fn table() -> String {
    let mut table = "\
# The rules of `cargo xtask diff`

What a change to the spec is called, what it means for a client of the base that talks to a server of
the revision, and why. Printed by `cargo xtask diff --rules`; made from `xtask/diff/src/rules.rs`.

The effect on Rust code is in no table: it is read from the generated code.

A rule that inclusion decides has its verdict where nothing more is known. A change is non-breaking where each
value that was fine is shown to be fine still, it is none where both schemas have the same values, and it is
breaking where one is found that no longer is, which is then shown. What can be shown neither way keeps the
verdict of its rule. Policy decides where more than values matters.

| rule | wire | decided by | what has happened | why the verdict |
|---|---|---|---|---|
"
    .to_owned();
    let sided = SIDED.iter().flat_map(|rule| {
        let by = if rule.is_policy {
            "policy"
        } else {
            "inclusion"
        };
        [(&rule.request, by), (&rule.response, by)]
    });
    for (rule, by) in PLAIN.iter().map(|rule| (*rule, "the rule")).chain(sided) {
        let wire = rule.wire.to_string();
        for cell in [
            "| `", rule.id, "` | ", &wire, " | ", by, " | ", rule.what, " | ", rule.why, " |\n",
        ] {
            table.push_str(cell);
        }
    }
    table
}
