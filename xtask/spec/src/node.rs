//! The values of a document: those of JSON, each with an id by which its place is found again.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Number, Value};

/// Identifies a value of a document. Ids are in the order of the text: that of a value is less than
/// those of the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The id of the value that comes after `index` others.
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value of a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// The value.
    pub data: Data,
}

/// A value without its id.
#[derive(Clone, Debug)]
pub enum Data {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, of which there is one spelling: `1.0` is `1`.
    Number(Number),
    /// A string.
    Text(Box<str>),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text, without duplicate keys.
    Map(Vec<(Box<str>, Node)>),
}

/// The entries of a mapping.
pub type Entries = [(Box<str>, Node)];

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.entries().iter().find(|(name, _)| **name == *key)?;
        Some(value)
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &Entries {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of the mapping under a key; none if there is no such mapping.
    pub fn map(&self, key: &str) -> &Entries {
        self.get(key).map(Self::entries).unwrap_or_default()
    }

    /// The items of the list under a key; none if there is no such list.
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).map(Self::items).unwrap_or_default()
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the string under a key.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.data, Data::Bool(true))
    }

    /// Whether the value under a key is `true`.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(Self::is_true)
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.data, Data::Map(_))
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.data, Data::List(_))
    }

    /// The value of a number.
    pub fn number(&self) -> Option<f64> {
        match &self.data {
            Data::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The target of its `$ref`.
    pub fn reference(&self) -> Option<&str> {
        self.field("$ref")
    }

    /// Follows a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut segments = pointer.split('/').skip(1);
        segments.try_fold(self, |node, segment| {
            let segment = unescape(segment);
            match &node.data {
                Data::List(items) => items.get(segment.parse::<usize>().ok()?),
                _ => node.get(&segment),
            }
        })
    }

    /// The JSON pointer to the value with an id.
    pub(crate) fn pointer_to(&self, id: NodeId) -> String {
        let mut pointer = String::new();
        let mut node = self;
        while node.id != id {
            let next = match &node.data {
                Data::List(items) => {
                    let index = items.partition_point(|item| item.id <= id).checked_sub(1);
                    index.and_then(|index| Some((index.to_string(), items.get(index)?)))
                }
                Data::Map(entries) => {
                    let after = entries.partition_point(|(_, value)| value.id <= id);
                    let entry = after.checked_sub(1).and_then(|index| entries.get(index));
                    entry.map(|(key, value)| (escape(key), value))
                }
                _ => None,
            };
            let Some((segment, value)) = next else { break };
            pointer.push('/');
            pointer.push_str(&segment);
            node = value;
        }
        pointer
    }

    /// The value as `serde_json` has it.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::Text(text) => Value::String(text.to_string()),
            Data::List(items) => items.iter().map(Self::to_value).collect(),
            Data::Map(entries) => {
                let entries = entries.iter();
                let values = entries.map(|(key, value)| (key.to_string(), value.to_value()));
                Value::Object(values.collect::<Map<_, _>>())
            }
        }
    }
}

/// As JSON.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_value().fmt(f)
    }
}

/// Equal as JSON values: the order of keys means nothing.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Null, Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Number(a), Data::Number(b)) => a == b,
            (Data::Text(a), Data::Text(b)) => a == b,
            (Data::List(a), Data::List(b)) => a == b,
            (Data::Map(a), Data::Map(b)) => a.len() == b.len() && by_key(a) == by_key(b),
            _ => false,
        }
    }
}

/// Entries by their keys: to look up each in a list would take the square of their number.
pub(crate) fn by_key(entries: &Entries) -> BTreeMap<&str, &Node> {
    let entries = entries.iter();
    entries.map(|(key, value)| (&**key, value)).collect()
}

/// Escapes one segment of a JSON pointer.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// Undoes [`escape`].
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}
