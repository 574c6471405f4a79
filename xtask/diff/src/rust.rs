//! What has changed about the generated code, and from which change of the document each part comes.

pub(crate) mod api;
mod changes;
mod methods;
mod verdict;

use self::api::Api;
use self::methods::Methods;
use crate::change::Change;
use crate::context::Specs;
use crate::finding::Sites;

/// Puts what has changed in Rust to the changes of the document that it comes from.
pub(crate) fn apply(
    specs: Specs<'_, '_>,
    renamed: &[Sites],
    changes: &mut Vec<Change>,
    (base, revision): (&Api, &Api),
) {
    let methods = Methods::of(specs);
    let mut found = changes::compare(&methods, (base, revision));
    found.extend(methods.taken_over);
    verdict::apply(specs, renamed, changes, found);
}
