//! Parameters that progenitor would write in another way than the spec says, or not at all.

use xtask_spec::{Fault, Node, Spec};

use super::failed;

pub(super) const COMBINED: [&str; 4] = ["allOf", "oneOf", "anyOf", "not"];

/// OpenAPI ignores header parameters of these names, because other parts of a spec describe them.
const IGNORED: [&str; 3] = ["Accept", "Content-Type", "Authorization"];

pub(super) fn check(spec: &Spec<'_>, site: &Node, parameter: &Node) -> Vec<Fault> {
    let field = |name| parameter.field(name).unwrap_or_default();
    let (location, name) = (field("in"), field("name"));
    let (in_query, in_header) = (location == "query", location == "header");
    let schema = spec.get(parameter, "schema");
    let Some(schema) = schema.filter(|_| location != "cookie") else {
        let (message, remedy) = match location {
            "cookie" => (
                "the generator can't send cookie parameters",
                "leave it out of the description, and set it on the HTTP client",
            ),
            _ => (
                "the generator can't take a parameter that is described by `content`",
                "describe it with a `schema`",
            ),
        };
        return vec![Fault::new(site.id, message, remedy)];
    };
    let (supported, allowed) = match location {
        "query" => (
            "form",
            "a string, number, integer, boolean or a list of these",
        ),
        _ => ("simple", "a string, number, integer or boolean"),
    };
    let style = parameter.field("style").unwrap_or(supported);
    let is_list = in_query && schema.field("type") == Some("array");
    let items = spec.get(schema, "items").filter(|_| is_list);
    // oxidecomputer/progenitor#724
    let is_joined = is_list && parameter.get("explode").is_some_and(|it| !it.is_true());
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    failed(
        site,
        [
            (
                style != supported,
                format!("the generator can't write a {location} parameter in the style `{style}`"),
                &*format!("use the style `{supported}`"),
            ),
            (
                !is_scalar(items.unwrap_or(schema)),
                format!(
                    "the generator can't write the {location} parameter `{name}`: its schema is not {allowed}"
                ),
                &*format!("give it the `type` of {allowed}"),
            ),
            (
                is_joined,
                format!(
                    "the generator ignores `explode: false`: it writes `{name}` once for each item"
                ),
                "remove `explode`, or describe the parameter as a string with commas",
            ),
            (
                parameter.flag("allowReserved"),
                "the generator ignores `allowReserved`: it encodes all reserved characters"
                    .to_owned(),
                "remove `allowReserved`",
            ),
            (
                in_header && IGNORED.iter().any(|it| it.eq_ignore_ascii_case(name)),
                format!("OpenAPI ignores a header parameter `{name}`"),
                "remove it; describe media types by `content`, and authorization by `security`",
            ),
            (
                in_header && (name.is_empty() || !name.chars().all(is_token)),
                format!("`{name}` is not the name of a header"),
                "use letters, digits and `-`",
            ),
        ],
    )
}

pub(super) fn is_scalar(schema: &Node) -> bool {
    let is_scalar = matches!(
        schema.field("type"),
        Some("string" | "number" | "integer" | "boolean")
    );
    is_scalar && !schema.flag("nullable") && COMBINED.iter().all(|it| schema.get(it).is_none())
}
