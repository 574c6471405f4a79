//! Sets and maps in JSON that refuse duplicates, which serde would drop silently.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a set. The error doesn't show the duplicate, which may be a key.
pub(crate) fn set<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<String>, D::Error> {
    let mut set = BTreeSet::new();
    for (at, value) in Vec::deserialize(from)?.into_iter().enumerate() {
        if !set.insert(value) {
            return Err(D::Error::custom(format!(
                "duplicate of an earlier value at {at}; remove it"
            )));
        }
    }
    Ok(set)
}

/// Reads a map whose values are maps.
pub(crate) fn map_of_maps<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    from: D,
) -> Result<BTreeMap<String, BTreeMap<String, V>>, D::Error> {
    let maps: Map<Map<V>> = Map::deserialize(from)?;
    Ok(maps
        .0
        .into_iter()
        .map(|(name, map)| (name, map.0))
        .collect())
}

struct Map<V>(BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Entries(PhantomData)).map(Self)
    }
}

struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(name) = entries.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "duplicate key {name:?}; remove it"
                )));
            }
            let value = entries.next_value()?;
            map.insert(name, value);
        }
        Ok(map)
    }
}
