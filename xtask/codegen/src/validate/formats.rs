//! Formats that typify doesn't know, and ignores.

use xtask_spec::{Fault, Node, Spec};

/// The formats that OpenAPI and JSON Schema define for a type, or that typify knows.
fn known(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "integer" => &[
            "int8", "uint8", "int16", "uint16", "int", "int32", "uint", "uint32", "int64", "uint64",
        ],
        "number" => &["float", "double"],
        "string" => &[
            "binary",
            "byte",
            "date",
            "date-time",
            "email",
            "hostname",
            "ip",
            "ipv4",
            "ipv6",
            "password",
            "uri",
            "uriref",
            "uuid",
        ],
        _ => return None,
    })
}

/// Unknown formats of numbers: the type may be too small for them.
pub(super) fn of_numbers(spec: &Spec<'_>) -> Vec<Fault> {
    unknown(spec, |kind| kind != "string")
}

/// Unknown formats of strings, which hold any text, but most often are misspelt.
pub(super) fn of_strings(spec: &Spec<'_>) -> Vec<Fault> {
    unknown(spec, |kind| kind == "string")
}

fn unknown(spec: &Spec<'_>, is_asked: fn(&str) -> bool) -> Vec<Fault> {
    let fault = |schema: &&Node| {
        let (kind, format) = (schema.field("type")?, schema.field("format")?);
        let known = known(kind).filter(|it| is_asked(kind) && !it.contains(&format))?;
        Some(Fault::new(
            schema.get("format")?.id,
            format!(
                "the generator ignores the format `{format}`, which it doesn't know for {kind}s"
            ),
            format!("remove it, or use one of: {}", known.join(", ")),
        ))
    };
    spec.schemas().iter().filter_map(fault).collect()
}
