//! From YAML, and JSON with it, to a tree of values: in one pass over the parser's events.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr::{Marker, Scalar, ScalarStyle, ScanError, Tag};
use saphyr_parser::{Event, Parser};
use serde_json::Number;

use crate::fault::{BadInput, Place};
use crate::node::{Data, Node, NodeId};

/// Deeper nesting than any API description needs; it keeps recursive readers off the stack's end.
const MAX_DEPTH: usize = 128;

/// More values than any API description has, with the copies that are kept for aliases; it bounds what
/// aliases of aliases can grow to.
const MAX_VALUES: usize = 2_000_000;

/// The number up to which every whole number is exact as a floating-point one: 2 to the 53rd.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The place of each value by its id: of a value in a mapping, that of its key.
type Places = Vec<Place>;

/// Reads the one document of a text.
pub(crate) fn read(name: &str, text: &str) -> Result<(Node, Places), BadInput> {
    let mut reader = Reader::new(name);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| reader.syntax(&error))?;
        reader.take(event, span.start)?;
    }
    match reader.root {
        Some(root) => Ok((root, reader.places)),
        None => Err(BadInput::new(
            name,
            None,
            "is empty",
            "it must hold an OpenAPI 3.0 document",
        )),
    }
}

/// A list or a mapping that has begun and not ended.
struct Open {
    id: NodeId,
    anchor: usize,
    data: OpenData,
}

enum OpenData {
    List(Vec<Node>),
    /// The entries, and the key whose value is to come.
    Map(Vec<(Box<str>, Node)>, Option<(Box<str>, Marker)>),
}

/// Makes a tree of the parser's events.
struct Reader<'a> {
    name: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many values the anchors hold.
    kept: usize,
    places: Places,
    root: Option<Node>,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            open: Vec::new(),
            anchors: HashMap::new(),
            kept: 0,
            places: Vec::new(),
            root: None,
        }
    }

    fn fault(&self, at: Marker, message: &str, remedy: &str) -> BadInput {
        BadInput::new(self.name, Some(at.into()), message, remedy)
    }

    fn syntax(&self, error: &ScanError) -> BadInput {
        self.fault(
            *error.marker(),
            &format!("is not valid YAML: {}", error.info()),
            "correct the syntax at this place",
        )
    }

    fn take(&mut self, event: Event<'_>, at: Marker) -> Result<(), BadInput> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(self.fault(
                at,
                "holds more than one YAML document",
                "keep one document a file, without a `---` between",
            )),
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(&text, style, at);
                }
                let tag = tag.as_deref();
                let data = self.scalar(&text, style, tag, at)?;
                let id = self.number(at)?;
                self.value(Node { id, data }, anchor, at)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(OpenData::List(Vec::new()), anchor, tag.as_deref(), at)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(OpenData::Map(Vec::new(), None), anchor, tag.as_deref(), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => {
                if self.wants_key() {
                    return Err(self.not_a_key(at));
                }
                let Some(mut node) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.fault(
                        at,
                        "is defined by itself",
                        "write out what the alias stands for",
                    ));
                };
                self.renumber(&mut node, self.open.len(), at)?;
                self.value(node, 0, at)
            }
            _ => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                data: OpenData::Map(_, None),
                ..
            })
        )
    }

    fn not_a_key(&self, at: Marker) -> BadInput {
        self.fault(
            at,
            "the key is not a string",
            "quote it: OpenAPI keys are strings",
        )
    }

    /// Status codes are so often written without quotes (`200:`) that whole numbers are taken for
    /// the strings that are meant.
    fn key(&mut self, text: &str, style: ScalarStyle, at: Marker) -> Result<(), BadInput> {
        if text == "<<" && style == ScalarStyle::Plain {
            return Err(self.fault(
                at,
                "is a merge key, which YAML 1.2 doesn't have",
                "write out what it stands for, or refer to it with `$ref`",
            ));
        }
        let key = match Scalar::parse_from_cow_and_metadata(text.into(), style, None) {
            Some(Scalar::String(_) | Scalar::Integer(_)) => text.into(),
            _ => return Err(self.not_a_key(at)),
        };
        if let Some(Open {
            data: OpenData::Map(_, next),
            ..
        }) = self.open.last_mut()
        {
            *next = Some((key, at));
        }
        Ok(())
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: Marker,
    ) -> Result<Data, BadInput> {
        // A tag decides, whatever the quotes: `! 1` and `!!str 1` are strings, `!!int "1"` is a number.
        let (style, tag) = match tag {
            None => (style, None),
            Some(tag) if is_string(tag) => (ScalarStyle::DoubleQuoted, None),
            Some(tag) if tag.is_yaml_core_schema() => {
                (ScalarStyle::Plain, Some(Cow::Borrowed(tag)))
            }
            Some(_) => return Err(self.tagged(at)),
        };
        match Scalar::parse_from_cow_and_metadata(text.into(), style, tag.as_ref()) {
            Some(Scalar::Null) => Ok(Data::Null),
            Some(Scalar::Boolean(value)) => Ok(Data::Bool(value)),
            Some(Scalar::Integer(value)) => Ok(Data::Number(value.into())),
            Some(Scalar::FloatingPoint(value)) => {
                number(value.into_inner()).map(Data::Number).ok_or_else(|| {
                    self.fault(
                        at,
                        "is a number that JSON doesn't have",
                        "write a finite number, or quote it",
                    )
                })
            }
            Some(Scalar::String(text)) => Ok(Data::Text(text.into())),
            None => Err(self.tagged(at)),
        }
    }

    fn tagged(&self, at: Marker) -> BadInput {
        self.fault(
            at,
            "is not a value that JSON has",
            "write it without a YAML tag",
        )
    }

    /// The id of the next value. Its place is that of its key, if it has one.
    fn number(&mut self, at: Marker) -> Result<NodeId, BadInput> {
        let at = match self.open.last() {
            Some(Open {
                data: OpenData::Map(_, Some((_, key))),
                ..
            }) => *key,
            _ => at,
        };
        let id = NodeId::new(self.places.len());
        self.places.push(at.into());
        self.bound(at)?;
        Ok(id)
    }

    fn bound(&self, at: Marker) -> Result<(), BadInput> {
        if self.places.len() + self.kept <= MAX_VALUES {
            return Ok(());
        }
        Err(self.fault(
            at,
            &format!("the document has more than {MAX_VALUES} values, aliases resolved"),
            "describe what is repeated once, in `components`",
        ))
    }

    fn renumber(&mut self, node: &mut Node, depth: usize, at: Marker) -> Result<(), BadInput> {
        node.id = self.number(at)?;
        let inner: Vec<&mut Node> = match &mut node.data {
            Data::List(items) => items.iter_mut().collect(),
            Data::Map(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
            _ => return Ok(()),
        };
        self.limit(depth, at)?;
        inner
            .into_iter()
            .try_for_each(|inner| self.renumber(inner, depth + 1, at))
    }

    /// Refuses a list or a mapping that has too many around it.
    fn limit(&self, depth: usize, at: Marker) -> Result<(), BadInput> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        Err(self.fault(
            at,
            &format!("is nested more than {MAX_DEPTH} levels deep"),
            "move inner schemas to `components`",
        ))
    }

    fn begin(
        &mut self,
        data: OpenData,
        anchor: usize,
        tag: Option<&Tag>,
        at: Marker,
    ) -> Result<(), BadInput> {
        if self.wants_key() {
            return Err(self.not_a_key(at));
        }
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema() && !is_string(tag)) {
            return Err(self.tagged(at));
        }
        self.limit(self.open.len(), at)?;
        let id = self.number(at)?;
        self.open.push(Open { id, anchor, data });
        Ok(())
    }

    fn end(&mut self, at: Marker) -> Result<(), BadInput> {
        let Some(Open { id, anchor, data }) = self.open.pop() else {
            return Ok(());
        };
        let data = match data {
            OpenData::List(items) => Data::List(items),
            OpenData::Map(entries, _) => {
                self.unique(&entries)?;
                Data::Map(entries)
            }
        };
        self.value(Node { id, data }, anchor, at)
    }

    fn unique(&self, entries: &[(Box<str>, Node)]) -> Result<(), BadInput> {
        let mut sorted: Vec<_> = entries.iter().map(|(key, value)| (key, value.id)).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find_map(|pair| match pair {
            [(first, _), (second, id)] if first == second => Some(*id),
            _ => None,
        });
        let Some(id) = twice else { return Ok(()) };
        let place = self.places.get(id.index()).copied();
        Err(BadInput::new(
            self.name,
            place,
            "duplicate key",
            "remove or rename one of the two",
        ))
    }

    fn value(&mut self, node: Node, anchor: usize, at: Marker) -> Result<(), BadInput> {
        if anchor != 0 {
            self.kept += self.places.len() - node.id.index();
            self.bound(at)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.data) {
            Some(OpenData::List(items)) => items.push(node),
            Some(OpenData::Map(entries, key)) => {
                entries.extend(key.take().map(|(key, _)| (key, node)));
            }
            None => self.root = Some(node),
        }
        Ok(())
    }
}

fn is_string(tag: &Tag) -> bool {
    (tag.handle.as_str(), tag.suffix.as_str()) == ("", "!")
        || (tag.is_yaml_core_schema() && tag.suffix == "str")
}

/// A JSON number. A whole one has one spelling, because JSON knows no other kind of it.
fn number(value: f64) -> Option<Number> {
    if value.fract() == 0.0 && value.abs() < MAX_EXACT {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "whole, and below 2 to the 53rd"
        )]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self::from_zero(marker.line().saturating_sub(1), marker.col())
    }
}
