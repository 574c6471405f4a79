//! What has changed about an operation on the wire, but for its schemas, which are noted for later.

mod callbacks;
mod content;
pub(crate) mod document;
mod headers;
mod identity;
mod parameters;
mod request_body;
mod responses;
mod security;
mod servers;
mod value;

use xtask_spec::{Operation, fields};

use crate::context::Context;
use crate::schema::Roots;

/// Compares a pair of operations.
pub(crate) fn operation<'a>(
    context: &mut Context<'_, 'a>,
    roots: &mut Roots<'a>,
    (base, revision): (&Operation<'a>, &Operation<'a>),
) {
    let (items, nodes) = ((base.item, revision.item), (base.node, revision.node));
    identity::compare(context, base, revision);
    context.words(items);
    context.unknown_fields(&fields::PATH_ITEM, items);
    context.unknown_fields(&fields::OPERATION, nodes);
    callbacks::compare(context, nodes);
    parameters::compare(context, roots, (base, revision));
    request_body::compare(context, roots, nodes);
    responses::compare(context, roots, nodes);
    security::compare(context, nodes);
    servers::compare(context, items, nodes);
}
