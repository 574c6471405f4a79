//! From YAML, and JSON with it, to a tree of values: in one pass over the parser's events.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr::{Marker, Scalar, ScalarStyle, ScanError, Tag};
use saphyr_parser::{Event, Parser};

use crate::fault::{BadInput, Place};
use crate::node::{Data, Node, NodeId};
use crate::scalar::{self, Refusal};

/// Deeper nesting than any API description needs; it keeps recursive readers off the stack's end.
const MAX_DEPTH: usize = 128;

/// More values than any API description has, with the copies that are kept for aliases; it bounds what
/// aliases of aliases can grow to.
const MAX_VALUES: usize = 2_000_000;

const SECOND: Refusal<'_> = (
    "holds more than one YAML document",
    "keep one document a file, without a `---` between",
);
const BY_ITSELF: Refusal<'_> = (
    "is defined by itself",
    "write out what the alias stands for",
);
const NOT_A_KEY: Refusal<'_> = (
    "the key is not a string",
    "quote it: OpenAPI keys are strings",
);
const MERGE_KEY: Refusal<'_> = (
    "is a merge key, which YAML 1.2 doesn't have",
    "write out what it stands for, or refer to it with `$ref`",
);

/// The place of each value by its id: of a value in a mapping, that of its key.
type Places = Vec<Place>;

/// Reads the one document of a text.
pub(crate) fn read(name: &str, text: &str) -> Result<(Node, Places), BadInput> {
    let mut reader = Reader {
        name,
        ..Reader::default()
    };
    for event in Parser::new_from_str(&whole_characters(text)) {
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

/// JSON with the characters that it escapes as two surrogates written as YAML does: with one escape.
fn whole_characters(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[']) || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let unit = |escape: &str| u32::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let units = (unit(escape), escape.get(6..).and_then(unit));
        let (taken, written) = match units {
            (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..0xE000)) => {
                let scalar = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (12, format!("\\U{scalar:08X}"))
            }
            // An escaped backslash begins no other escape.
            _ if escape.starts_with("\\\\") => (2, "\\\\".to_owned()),
            _ => (1, "\\".to_owned()),
        };
        whole.push_str(&written);
        rest = escape.get(taken..).unwrap_or_default();
    }
    whole.push_str(rest);
    Cow::Owned(whole)
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
#[derive(Default)]
struct Reader<'a> {
    name: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many values the anchors hold.
    kept: usize,
    places: Places,
    root: Option<Node>,
}

impl Reader<'_> {
    fn fault(&self, at: Marker, (message, remedy): Refusal) -> BadInput {
        BadInput::new(self.name, Some(at.into()), message, remedy)
    }

    fn syntax(&self, error: &ScanError) -> BadInput {
        let message = format!("is not valid YAML: {}", error.info());
        let remedy = "correct the syntax at this place";
        self.fault(*error.marker(), (&message, remedy))
    }

    fn take(&mut self, event: Event<'_>, at: Marker) -> Result<(), BadInput> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(self.fault(at, SECOND)),
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(&text, style, at);
                }
                let data = scalar::read(&text, style, tag.as_deref());
                let data = data.map_err(|why| self.fault(at, why))?;
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
                    return Err(self.fault(at, NOT_A_KEY));
                }
                let node = self.anchors.get(&anchor).cloned();
                let mut node = node.ok_or_else(|| self.fault(at, BY_ITSELF))?;
                self.renumber(&mut node, self.open.len(), at)?;
                self.value(node, 0, at)
            }
            _ => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        let open = self.open.last().map(|open| &open.data);
        matches!(open, Some(OpenData::Map(_, None)))
    }

    /// Status codes are so often written without quotes (`200:`) that whole numbers are taken for
    /// the strings that are meant.
    fn key(&mut self, text: &str, style: ScalarStyle, at: Marker) -> Result<(), BadInput> {
        if text == "<<" && style == ScalarStyle::Plain {
            return Err(self.fault(at, MERGE_KEY));
        }
        let key = match Scalar::parse_from_cow_and_metadata(text.into(), style, None) {
            Some(Scalar::String(_) | Scalar::Integer(_)) => text.into(),
            _ => return Err(self.fault(at, NOT_A_KEY)),
        };
        if let Some(OpenData::Map(_, next)) = self.open.last_mut().map(|open| &mut open.data) {
            *next = Some((key, at));
        }
        Ok(())
    }

    /// The id of the next value. Its place is that of its key, if it has one.
    fn number(&mut self, at: Marker) -> Result<NodeId, BadInput> {
        let at = match self.open.last().map(|open| &open.data) {
            Some(OpenData::Map(_, Some((_, key)))) => *key,
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
        let message = format!("the document has more than {MAX_VALUES} values, aliases resolved");
        let remedy = "describe what is repeated once, in `components`";
        Err(self.fault(at, (&message, remedy)))
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
        let message = format!("is nested more than {MAX_DEPTH} levels deep");
        Err(self.fault(at, (&message, "move inner schemas to `components`")))
    }

    fn begin(
        &mut self,
        data: OpenData,
        anchor: usize,
        tag: Option<&Tag>,
        at: Marker,
    ) -> Result<(), BadInput> {
        if self.wants_key() {
            return Err(self.fault(at, NOT_A_KEY));
        }
        if tag.is_some_and(|tag| !scalar::is_known(tag)) {
            return Err(self.fault(at, scalar::TAGGED));
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
        let remedy = "remove or rename one of the two";
        Err(BadInput::new(self.name, place, "duplicate key", remedy))
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

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self::from_zero(marker.line().saturating_sub(1), marker.col())
    }
}
