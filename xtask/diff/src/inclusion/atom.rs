//! The normal form: a schema is a union of atoms, each of values of one JSON type.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::exact::Exact;

/// A schema in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SchemaId(pub(super) usize);

/// Any value.
pub(super) const ANY: SchemaId = SchemaId(0);
/// No value.
pub(super) const NONE: SchemaId = SchemaId(1);

/// The atoms of a schema.
pub(super) type Atoms = Rc<[Rc<Atom>]>;

/// Values of one type.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) kind: Kind,
    /// These only, if they are listed. They fit all that `kind` says.
    pub(super) values: Option<Vec<Value>>,
    /// Atoms that none of the values may fit.
    pub(super) except: Vec<Rc<Atom>>,
    /// Keywords whose meaning is unknown, with their values.
    pub(super) opaque: BTreeSet<String>,
}

/// A type, and what is said of its values.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    /// Which ones is in the values of the atom.
    Boolean,
    Number(Numbers),
    Text(Texts),
    List(Lists),
    Object(Objects),
}

/// An end of an interval.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) at: Exact,
    pub(super) exclusive: bool,
}

/// Numbers of an interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) low: Option<Bound>,
    pub(super) high: Option<Bound>,
    pub(super) whole: bool,
    /// A multiple of each of these.
    pub(super) steps: Vec<Exact>,
    /// Formats that are no intervals.
    pub(super) formats: BTreeSet<String>,
}

/// How many there may be: characters, items, properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

/// Strings.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pub(super) size: Size,
    pub(super) patterns: BTreeSet<String>,
    pub(super) formats: BTreeSet<String>,
}

/// Arrays.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    pub(super) size: Size,
    pub(super) items: SchemaId,
    pub(super) unique: bool,
}

/// Objects.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    pub(super) size: Size,
    pub(super) properties: BTreeMap<Rc<str>, Property>,
    /// What properties must fit that are not among these.
    pub(super) rest: SchemaId,
    /// Whether it says which properties there are, so that a sender sends no others.
    pub(super) declares: bool,
}

/// A property of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) schema: SchemaId,
    pub(super) required: bool,
}

impl Size {
    pub(super) fn meet(self, other: Self) -> Self {
        let max = match (self.max, other.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            min: self.min.max(other.min),
            max,
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.max.is_some_and(|max| max < self.min)
    }

    pub(super) fn is_within(self, outer: Self) -> bool {
        let below = |max| self.max.is_some_and(|own| own <= max);
        self.min >= outer.min && outer.max.is_none_or(below)
    }

    pub(super) fn has(self, count: usize) -> bool {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

impl Objects {
    pub(super) fn any() -> Self {
        Self {
            size: Size::default(),
            properties: BTreeMap::new(),
            rest: ANY,
            declares: false,
        }
    }

    /// Whether a sender leaves out what is not among its properties.
    pub(super) fn is_closed(&self) -> bool {
        self.rest == ANY && self.declares
    }
}

impl Kind {
    /// Each type with all of its values.
    pub(super) fn all() -> [Self; 6] {
        [
            Self::Null,
            Self::Boolean,
            Self::Number(Numbers::default()),
            Self::Text(Texts::default()),
            Self::List(Lists {
                size: Size::default(),
                items: ANY,
                unique: false,
            }),
            Self::Object(Objects::any()),
        ]
    }

    pub(super) fn is_same_type(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    pub(super) fn is_type_of(&self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Null, Value::Null)
                | (Self::Boolean, Value::Bool(_))
                | (Self::Number(_), Value::Number(_))
                | (Self::Text(_), Value::String(_))
                | (Self::List(_), Value::Array(_))
                | (Self::Object(_), Value::Object(_))
        )
    }
}

impl Atom {
    pub(super) fn new(kind: Kind) -> Self {
        let values =
            matches!(kind, Kind::Boolean).then(|| vec![Value::Bool(false), Value::Bool(true)]);
        Self {
            kind,
            values,
            except: Vec::new(),
            opaque: BTreeSet::new(),
        }
    }

    pub(super) fn object(&self) -> Option<&Objects> {
        match &self.kind {
            Kind::Object(objects) => Some(objects),
            _ => None,
        }
    }
}
