//! Which operation of the base is which one of the revision.

use xtask_spec::Operation;

use crate::context::Specs;
use crate::paired::{Paired, paired};

/// Pairs operations by method and path, then whatever placeholders are called, then by operationId.
pub(crate) fn operations<'a>((base, revision): Specs<'_, 'a>) -> Vec<Paired<Operation<'a>>> {
    type Key = Option<(String, &'static str)>;
    let keys: [fn(&Operation<'_>) -> Key; 3] = [
        |it| Some((it.path.to_owned(), it.method)),
        |it| Some((it.shape(), it.method)),
        |it| Some((it.id()?.to_owned(), "")),
    ];
    let mut pairs = Vec::new();
    let (mut removed, mut added) = (Operation::all(base), Operation::all(revision));
    for key in keys {
        let left = (std::mem::take(&mut removed), std::mem::take(&mut added));
        // Without a key, an operation is none of the others.
        let key = |it: &Operation<'_>| key(it).ok_or((it.node.id, it.method));
        for pair in paired(left.0, left.1, key) {
            match pair {
                Paired::Removed(it) => removed.push(it),
                Paired::Added(it) => added.push(it),
                Paired::Both(old, new) => pairs.push((old, new)),
            }
        }
    }
    pairs.sort_by_key(|(operation, _)| operation.node.id);
    let pairs = pairs.into_iter().map(|(old, new)| Paired::Both(old, new));
    let removed = removed.into_iter().map(Paired::Removed);
    let added = added.into_iter().map(Paired::Added);
    pairs.chain(removed).chain(added).collect()
}
