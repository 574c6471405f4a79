//! What progenitor can't take, found before it is asked: most of it would end in a panic there.

use xtask_spec::{Fault, Node, Operation, Spec};

use super::{bodies, failed, formats, parameters, types};
use crate::lower::json_schema;
use crate::{alternatives, sides};

pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let operations = Operation::all(spec);
    for operation in &operations {
        faults.extend(fields(operation));
        faults.extend(statuses(operation));
        faults.extend(bodies::check(spec, operation));
        faults.extend(responses(spec, operation));
        for (site, parameter) in operation.parameters(spec) {
            faults.extend(parameters::check(spec, site, parameter));
        }
    }
    faults.extend(spec.schemas().iter().filter_map(|it| discriminator(it)));
    faults.extend(
        spec.schemas()
            .iter()
            .flat_map(|it| alternatives::check(spec, it)),
    );
    faults.extend(formats::of_numbers(spec));
    faults.extend(two_sided(spec, &operations));
    faults.extend(types::check(spec, &operations));
    faults.sort();
    faults.dedup();
    faults
}

fn discriminator(schema: &Node) -> Option<Fault> {
    let site = schema.get("discriminator")?;
    let message = "the generator ignores `discriminator`: it takes the first alternative that fits";
    let remedy = "remove it; so that only one alternative fits, give each a required property with an `enum` of one value";
    Some(Fault::new(site.id, message, remedy))
}

/// Properties that only requests have to have, in a type for both sides.
fn two_sided(spec: &Spec<'_>, operations: &[Operation<'_>]) -> Vec<Fault> {
    let received = sides::received(spec, operations);
    let sent = sides::sent(spec, operations).into_iter();
    let both = sent.filter(|(place, _)| received.contains_key(place));
    let faults = both.flat_map(|(_, schema)| {
        let parts = sides::parts(spec, schema);
        let marked = sides::marked(spec, &parts, "writeOnly");
        let required = parts.into_iter().flat_map(|it| it.list("required"));
        let required = required.filter(move |it| it.text().is_some_and(|it| marked.contains(it)));
        required.map(|name| {
            let message = format!(
                "{name} is required and `writeOnly`, in a schema of requests and responses"
            );
            Fault::new(name.id, message, "give requests a schema of their own")
        })
    });
    faults.collect()
}

/// Fields that the generator ignores, or takes as an instruction of its own.
fn fields(operation: &Operation<'_>) -> Vec<Fault> {
    let fault = |node: &Node, message: &str, remedy| Fault::new(node.id, message, remedy);
    let holders = [operation.item, operation.node].into_iter();
    let servers = holders.filter_map(|it| it.get("servers")).map(|node| {
        let message = "the generator ignores `servers` of a path or an operation";
        fault(
            node,
            message,
            "move it to the top of the document, or to a spec of its own",
        )
    });
    let own = operation.node.entries().iter();
    let own = own.filter(|(field, _)| field.starts_with("x-dropshot-"));
    let own = own.map(|(field, node)| {
        let message = format!("the generator would change the method because of `{field}`");
        fault(node, &message, "remove it")
    });
    servers.chain(own).collect()
}

/// The client knows responses to a request that succeeded or failed.
fn statuses(operation: &Operation<'_>) -> Vec<Fault> {
    let statuses = operation.node.map("responses");
    let is_success = |status: &str| status.starts_with('2') || status == "default";
    let informational = statuses.iter().flat_map(|(status, node)| {
        let message = format!("the generated client never sees a response `{status}`");
        failed(node, [(status.starts_with('1'), message, "remove it")])
    });
    let is_failure = !statuses.iter().any(|(status, _)| is_success(status));
    let node = operation.node.get("responses").unwrap_or(operation.node);
    let failure = (
        is_failure,
        "no response is a success".to_owned(),
        "add a 2xx",
    );
    informational.chain(failed(node, [failure])).collect()
}

/// Responses are lowered away, and with them any schema that isn't a component: see `crate::lower`.
fn responses(spec: &Spec<'_>, operation: &Operation<'_>) -> Vec<Fault> {
    let unnamed = |response: &Node| {
        let schema = json_schema(spec.resolve(response))?;
        schema.reference().is_none().then(|| {
            Fault::new(
                response.id,
                "the body of the response has a schema without a name, which gets no type",
                "move the schema to `components/schemas` and refer to it",
            )
        })
    };
    let responses = operation.node.map("responses").iter();
    responses
        .filter_map(|(_, response)| unnamed(response))
        .collect()
}
