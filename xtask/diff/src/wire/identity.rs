//! What an operation is, what it is called, and how long it will be there.

use xtask_spec::{Node, Operation};

use crate::context::{Context, Nodes, flags, ids, values};
use crate::rules;

/// Extensions that have rules of their own.
const STABILITY: &str = "x-unstable";
const SUNSET: &str = "x-sunset";

pub(super) fn compare(
    context: &mut Context<'_, '_>,
    base: &Operation<'_>,
    revision: &Operation<'_>,
) {
    let nodes = (base.node, revision.node);
    // The names of placeholders are not sent; they name arguments that go by their position.
    if base.shape() != revision.shape() {
        let what = format!("path changed from `{}` to `{}`", base.path, revision.path);
        let sites = (base.item.id, revision.item.id);
        context.note(&rules::OPERATION_PATH_CHANGED, sites, what);
    }
    if base.method != revision.method {
        let [old, new] = [base, revision].map(|it| it.method.to_uppercase());
        let what = format!("method changed from {old} to {new}");
        context.note(&rules::OPERATION_METHOD_CHANGED, ids(nodes), what);
    }
    context.words_but(nodes, &[STABILITY, SUNSET]);
    context.fields(
        &[
            ("operationId", &rules::OPERATION_ID_CHANGED),
            ("tags", &rules::TAGS_CHANGED),
            (STABILITY, &rules::STABILITY_CHANGED),
            (SUNSET, sunset(nodes)),
        ],
        nodes,
    );
    context.switched(
        flags(nodes, "deprecated"),
        [
            (&rules::OPERATION_DEPRECATED, "deprecated"),
            (
                &rules::OPERATION_UNDEPRECATED,
                "no longer deprecated (reactivated)",
            ),
        ],
        "operation",
        ids(nodes),
    );
}

/// The rule for a changed date.
fn sunset(nodes: Nodes<'_>) -> &'static rules::Rule {
    let (old, new) = values(nodes, SUNSET);
    match (old.map(date), new.map(date)) {
        (Some(Some(old)), Some(Some(new))) if new >= old => &rules::SUNSET_CHANGED,
        (None, Some(Some(_))) | (Some(_), None) => &rules::SUNSET_CHANGED,
        _ => &rules::SUNSET_EARLIER,
    }
}

/// The day of a date or a date with time, which compares as text.
fn date(node: &Node) -> Option<&str> {
    let day = node.text()?.get(..10)?;
    let is_date = day.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date.then_some(day)
}
