//! Parameters that progenitor would write in another way than the spec says, or not at all.

use xtask_spec::{Fault, Node, Spec};

pub(super) const COMBINED: [&str; 4] = ["allOf", "oneOf", "anyOf", "not"];

pub(super) fn check(spec: &Spec<'_>, site: &Node, parameter: &Node) -> Vec<Fault> {
    let field = |name| parameter.field(name).unwrap_or_default();
    let (location, name) = (field("in"), field("name"));
    let fault = |message: String, remedy: &str| Fault::new(site.id, message, remedy);
    if location == "cookie" {
        return vec![fault(
            "the generator can't send cookie parameters".to_owned(),
            "leave it out of the description, and set it on the HTTP client",
        )];
    }
    let Some(schema) = spec.get(parameter, "schema") else {
        return vec![fault(
            "the generator can't take a parameter that is described by `content`".to_owned(),
            "describe it with a `schema`",
        )];
    };
    let mut faults = Vec::new();
    let supported = if location == "query" {
        "form"
    } else {
        "simple"
    };
    if let Some(style) = parameter.field("style").filter(|it| *it != supported) {
        faults.push(fault(
            format!("the generator can't write a {location} parameter in the style `{style}`"),
            &format!("use the style `{supported}`"),
        ));
    }
    let items = spec.get(schema, "items");
    let is_list = schema.field("type") == Some("array") && location == "query";
    let written = if is_list {
        items.unwrap_or(schema)
    } else {
        schema
    };
    if !is_scalar(written) {
        let allowed = match location {
            "query" => "a string, number, integer, boolean or a list of these",
            _ => "a string, number, integer or boolean",
        };
        faults.push(fault(
            format!("the generator can't write the {location} parameter `{name}`: its schema is not {allowed}"),
            &format!("give it the `type` of {allowed}"),
        ));
    }
    // oxidecomputer/progenitor#724
    if is_list && parameter.get("explode").is_some_and(|it| !it.is_true()) {
        faults.push(fault(
            format!(
                "the generator ignores `explode: false`: it writes `{name}` once for each item"
            ),
            "remove `explode`, or describe the parameter as a string with commas",
        ));
    }
    if parameter.flag("allowReserved") {
        faults.push(fault(
            "the generator ignores `allowReserved`: it encodes all reserved characters".to_owned(),
            "remove `allowReserved`",
        ));
    }
    // By these names they are described elsewhere, and OpenAPI says to ignore such a parameter.
    let is_ignored = |it: &&str| it.eq_ignore_ascii_case(name);
    if location == "header"
        && ["Accept", "Content-Type", "Authorization"]
            .iter()
            .any(is_ignored)
    {
        faults.push(fault(
            format!("OpenAPI ignores a header parameter `{name}`"),
            "remove it; describe media types by `content`, and authorization by `security`",
        ));
    }
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if location == "header" && (name.is_empty() || !name.chars().all(is_token)) {
        faults.push(fault(
            format!("`{name}` is not the name of a header"),
            "use letters, digits and `-`",
        ));
    }
    faults
}

pub(super) fn is_scalar(schema: &Node) -> bool {
    let is_scalar = matches!(
        schema.field("type"),
        Some("string" | "number" | "integer" | "boolean")
    );
    is_scalar && !schema.flag("nullable") && COMBINED.iter().all(|it| schema.get(it).is_none())
}
