//! Which of some things of the base is which one of the revision.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A thing of the base, of the revision, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paired<T> {
    Removed(T),
    Added(T),
    Both(T, T),
}

/// Pairs things by a key; of several with one key, in their order. Those of the base come first.
pub(crate) fn paired<T, K: Eq + Hash>(
    base: impl IntoIterator<Item = T>,
    revision: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<Paired<T>> {
    let mut added: Vec<Option<T>> = revision.into_iter().map(Some).collect();
    let mut by_key: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, thing) in added.iter().enumerate() {
        if let Some(thing) = thing {
            by_key.entry(key(thing)).or_default().push_back(index);
        }
    }
    let mut all = Vec::new();
    for thing in base {
        let index = by_key.get_mut(&key(&thing)).and_then(VecDeque::pop_front);
        let other = index.and_then(|index| added.get_mut(index)?.take());
        all.push(match other {
            Some(other) => Paired::Both(thing, other),
            None => Paired::Removed(thing),
        });
    }
    all.extend(added.into_iter().flatten().map(Paired::Added));
    all
}

/// Pairs things by likeness: as many as possible by the first, those that are left by the next.
pub(crate) fn matched<T: Copy>(
    base: impl IntoIterator<Item = T>,
    revision: impl IntoIterator<Item = T>,
    likenesses: &[&dyn Fn(T, T) -> bool],
) -> Vec<Paired<T>> {
    let mut left: Vec<Option<T>> = revision.into_iter().map(Some).collect();
    let mut pairs: Vec<(T, Option<T>)> = base.into_iter().map(|old| (old, None)).collect();
    for alike in likenesses {
        for (old, partner) in pairs.iter_mut().filter(|pair| pair.1.is_none()) {
            let mut left = left.iter_mut();
            let found = left.find(|new| new.is_some_and(|new| alike(*old, new)));
            *partner = found.and_then(Option::take);
        }
    }
    let pairs = pairs.into_iter().map(|(old, partner)| match partner {
        Some(new) => Paired::Both(old, new),
        None => Paired::Removed(old),
    });
    let added = left.into_iter().flatten().map(Paired::Added);
    pairs.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_of_one_key_are_paired_in_their_order() {
        let (base, revision) = ([("a", 1), ("b", 2), ("a", 3)], [("a", 4), ("c", 5)]);
        assert_eq!(
            paired(base, revision, |(key, _)| *key),
            [
                Paired::Both(("a", 1), ("a", 4)),
                Paired::Removed(("b", 2)),
                Paired::Removed(("a", 3)),
                Paired::Added(("c", 5)),
            ]
        );
    }

    #[test]
    fn equal_things_are_paired_before_similar_ones() {
        assert_eq!(
            matched(
                [11, 12, 30],
                [12, 11, 13],
                &[&|a, b| a == b, &|a, b| a / 10 == b / 10]
            ),
            [
                Paired::Both(11, 11),
                Paired::Both(12, 12),
                Paired::Removed(30),
                Paired::Added(13),
            ]
        );
    }
}
