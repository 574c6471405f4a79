//! The rule `response-as-received`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xtask_spec::{Node, Operation, Spec, names};

/// Every response reaches the caller as the server sent it. With the responses that the spec
/// describes, progenitor
/// - stops at an assertion if an operation's errors have two types (oxidecomputer/progenitor#344,
///   #950), as those of this API do;
/// - loses status and headers of a response whose body doesn't parse, and reads bodies of any size;
/// - drops the body of a response whose body isn't described.
///
/// One response for all of 2xx with a body of any kind keeps status, headers and body; any other
/// status is then unexpected, and comes with the whole response. What the spec says of the
/// responses goes into the docs of the operation.
pub(super) fn as_received(
    spec: &Spec<'_>,
    operations: &[Operation<'_>],
    value: &mut Value,
) -> Vec<String> {
    let mut pointers = Vec::new();
    for Operation { node, .. } in operations {
        let answers = documented_answers(spec, node);
        let description = match node.field("description") {
            Some(text) => format!("{text}\n\n{answers}"),
            None => answers,
        };
        let pointer = spec.document().pointer(node.id);
        let Some(Value::Object(operation)) = value.pointer_mut(&pointer) else {
            continue;
        };
        operation.insert("description".to_owned(), json!(description));
        operation.insert(
            "responses".to_owned(),
            json!({ "2XX": { "description": "Any success.", "content": { "*/*": {} } } }),
        );
        pointers.push(format!("{pointer}/responses"));
    }
    if let Some(Value::Object(components)) = value.get_mut("components") {
        components.remove("responses");
    }
    pointers
}

fn documented_answers(spec: &Spec<'_>, operation: &Node) -> String {
    let responses: BTreeMap<&str, &Node> = operation
        .map("responses")
        .iter()
        .map(|(status, response)| (&**status, spec.resolve(response)))
        .collect();
    let answers = responses.into_iter().map(|(status, response)| {
        let description = response.field("description").unwrap_or_default();
        let body = json_schema(response)
            .and_then(Node::reference)
            .map(|target| format!(" ([`types::{}`])", names::of_type_at(target)))
            .unwrap_or_default();
        format!("- `{status}`: {}{body}\n", description.replace('\n', " "))
    });
    format!("Documented answers:\n{}", answers.collect::<String>())
}

/// The schema of a response's JSON body.
pub(crate) fn json_schema(response: &Node) -> Option<&Node> {
    response
        .get("content")?
        .get("application/json")?
        .get("schema")
}
