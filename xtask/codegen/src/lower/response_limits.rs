//! The rule `response-without-limits`.

use serde_json::{Map, Value};
use xtask_spec::Node;

/// Formats whose types read every value that the format allows.
const FORMATS: [&str; 7] = [
    "date",
    "date-time",
    "int32",
    "int64",
    "uint64",
    "float",
    "double",
];

const LIMITS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "not",
];

/// A limit in a response must not make the response unreadable. typify enforces limits when it reads,
/// as `NonZeroU64`, `[T; 2]`, `deny_unknown_fields` and checked strings do, and has no setting to leave
/// reading alone. An enum of numbers is a limit, too: unlike a string, it has no names to keep.
pub(super) fn remove(pointer: &str, _: &Node, schema: &mut Map<String, Value>) -> Vec<String> {
    let before = schema.len();
    schema.retain(|field, value| match field.as_str() {
        "format" => value.as_str().is_some_and(|it| FORMATS.contains(&it)),
        "additionalProperties" => *value != false,
        // Enums of strings were opened by the rule before.
        "enum" => false,
        field => !LIMITS.contains(&field),
    });
    let changed = schema.len() < before;
    changed.then(|| pointer.to_owned()).into_iter().collect()
}
