//! The values of a document: those of JSON, each with a number by which its place is found again.

use serde_json::{Map, Number, Value};

/// A value of a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its number, in the order of the text: that of a value is less than those of the values in it.
    pub id: u32,
    /// What it is.
    pub data: Data,
}

/// What a value is.
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

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let (_, value) = self.entries().iter().find(|(name, _)| **name == *key)?;
        Some(value)
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(Box<str>, Node)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.data, Data::Bool(true))
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.data, Data::Map(_))
    }

    /// The text of a key's value, if this is a mapping and that a string.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether a key's value is `true`.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(Self::is_true)
    }

    /// Follows a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, segment| {
            let segment = unescape(segment);
            match &node.data {
                Data::List(items) => items.get(segment.parse::<usize>().ok()?),
                _ => node.get(&segment),
            }
        })
    }

    /// The JSON pointer to the value with a number.
    pub fn pointer_to(&self, id: u32) -> String {
        let mut pointer = String::new();
        let mut node = self;
        while node.id != id {
            let next = match &node.data {
                Data::List(items) => {
                    let after = items.partition_point(|item| item.id <= id);
                    after
                        .checked_sub(1)
                        .and_then(|index| Some((index.to_string(), items.get(index)?)))
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
            Data::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_value()))
                .collect::<Map<_, _>>()
                .into(),
        }
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
            (Data::Map(a), Data::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| other.get(key) == Some(value))
            }
            _ => false,
        }
    }
}

/// Escapes one segment of a JSON pointer.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// What a segment of a JSON pointer stands for.
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}
