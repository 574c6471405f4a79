//! From the text of an OpenAPI document, YAML or JSON, to values whose places in the text are known.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use saphyr::{Marker, Scalar, ScalarStyle, ScanError, Tag};
use saphyr_parser::{Event, Parser};
use serde_json::{Number, Value};

use crate::finding::{BadInput, Finding, Place};
pub use crate::node::escape;
use crate::node::{Data, Node, unescape};
use crate::workspace;

/// Deeper nesting than any API description needs; it keeps recursive readers off the stack's end.
const MAX_DEPTH: usize = 128;

/// More values than any API description has; it bounds what aliases of aliases can grow to.
const MAX_VALUES: usize = 2_000_000;

/// The number up to which every whole number is exact as a floating-point one: 2 to the 53rd.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document {
    /// What messages call it.
    pub name: String,
    /// The text that was parsed.
    pub text: String,
    /// The value of the text.
    pub root: Node,
    /// Line and column of each value by its number: of a value in a mapping, those of its key.
    places: Vec<(u32, u32)>,
}

impl Document {
    /// Reads and parses a file.
    pub fn read(path: &Path) -> Result<Self, BadInput> {
        let name = workspace::name(path);
        let bytes = std::fs::read(path).map_err(|error| {
            BadInput::new(
                &name,
                None,
                &format!("can't be read: {error}"),
                "name a file with an OpenAPI 3.0 document in YAML or JSON",
            )
        })?;
        Self::from_bytes(name, bytes)
    }

    /// Parses the bytes of a file.
    pub fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Self, BadInput> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let valid = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default());
            BadInput::new(
                &name,
                Some(end_of(&valid)),
                "is not UTF-8 text",
                "save the file as UTF-8",
            )
        })?;
        Self::parse(name, text)
    }

    /// Parses a text.
    pub fn parse(name: String, text: String) -> Result<Self, BadInput> {
        let mut reader = Reader::new(&name);
        for event in Parser::new_from_str(&text) {
            let (event, span) = event.map_err(|error| reader.syntax(&error))?;
            reader.take(event, span.start)?;
        }
        let places = std::mem::take(&mut reader.places);
        let Some(root) = reader.root else {
            return Err(BadInput::new(
                &name,
                None,
                "is empty",
                "it must hold an OpenAPI 3.0 document",
            ));
        };
        Ok(Self {
            name,
            text,
            root,
            places,
        })
    }

    /// The document's value as `serde_json` has it.
    pub fn value(&self) -> Value {
        self.root.to_value()
    }

    /// That the document can't be used, with the line and column of each fault.
    pub fn refused(&self, findings: &[Finding]) -> BadInput {
        let located: Vec<_> = findings
            .iter()
            .map(|finding| (self.place(&finding.pointer), finding))
            .collect();
        BadInput::several(&self.name, &located)
    }

    /// The place of the value that a JSON pointer names. A pointer that leads past the document
    /// gives the last value on its way.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let mut node = &self.root;
        for segment in pointer.split('/').skip(1) {
            let segment = unescape(segment);
            let next = match &node.data {
                Data::List(items) => segment
                    .parse()
                    .ok()
                    .and_then(|index: usize| items.get(index)),
                _ => node.get(&segment),
            };
            let Some(next) = next else { break };
            node = next;
        }
        self.place_of(node.id)
    }

    /// The place of the value with a number.
    pub fn place_of(&self, id: u32) -> Option<Place> {
        let (line, column) = *self.places.get(id as usize)?;
        Some(Place {
            line: line as usize,
            column: column as usize,
        })
    }
}

/// A list or a mapping that has begun and not ended.
struct Open {
    id: u32,
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
    places: Vec<(u32, u32)>,
    root: Option<Node>,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            open: Vec::new(),
            anchors: HashMap::new(),
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
                self.value(Node { id, data }, anchor);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(OpenData::List(Vec::new()), anchor, tag.as_deref(), at)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(OpenData::Map(Vec::new(), None), anchor, tag.as_deref(), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
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
                self.renumber(&mut node, at)?;
                self.value(node, 0);
                Ok(())
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

    /// The number of the next value. Its place is that of its key, if it has one.
    fn number(&mut self, at: Marker) -> Result<u32, BadInput> {
        let at = match self.open.last() {
            Some(Open {
                data: OpenData::Map(_, Some((_, key))),
                ..
            }) => *key,
            _ => at,
        };
        let id = self.places.len();
        if id >= MAX_VALUES {
            return Err(self.fault(
                at,
                &format!("the document has more than {MAX_VALUES} values, aliases resolved"),
                "describe what is repeated once, in `components`",
            ));
        }
        let column = u32::try_from(at.col()).unwrap_or(u32::MAX);
        let line = u32::try_from(at.line()).unwrap_or(u32::MAX);
        self.places.push((line, column.saturating_add(1)));
        Ok(u32::try_from(id).unwrap_or(u32::MAX))
    }

    fn renumber(&mut self, node: &mut Node, at: Marker) -> Result<(), BadInput> {
        node.id = self.number(at)?;
        match &mut node.data {
            Data::List(items) => items
                .iter_mut()
                .try_for_each(|item| self.renumber(item, at)),
            Data::Map(entries) => entries
                .iter_mut()
                .try_for_each(|(_, value)| self.renumber(value, at)),
            _ => Ok(()),
        }
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
        if self.open.len() > MAX_DEPTH {
            return Err(self.fault(
                at,
                &format!("is nested more than {MAX_DEPTH} levels deep"),
                "move inner schemas to `components`",
            ));
        }
        let id = self.number(at)?;
        self.open.push(Open { id, anchor, data });
        Ok(())
    }

    fn end(&mut self) -> Result<(), BadInput> {
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
        self.value(Node { id, data }, anchor);
        Ok(())
    }

    fn unique(&self, entries: &[(Box<str>, Node)]) -> Result<(), BadInput> {
        let mut sorted: Vec<_> = entries.iter().map(|(key, value)| (key, value.id)).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find_map(|pair| match pair {
            [(first, _), (second, id)] if first == second => Some(*id),
            _ => None,
        });
        let Some(id) = twice else { return Ok(()) };
        let place = self.places.get(id as usize).map(|(line, column)| Place {
            line: *line as usize,
            column: *column as usize,
        });
        Err(BadInput::new(
            self.name,
            place,
            "the same key stands twice in one mapping",
            "remove or rename one of the two",
        ))
    }

    fn value(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.data) {
            Some(OpenData::List(items)) => items.push(node),
            Some(OpenData::Map(entries, key)) => {
                entries.extend(key.take().map(|(key, _)| (key, node)));
            }
            None => self.root = Some(node),
        }
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
        Self {
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
}

fn end_of(text: &str) -> Place {
    Place {
        line: text.matches('\n').count() + 1,
        column: text.chars().rev().take_while(|c| *c != '\n').count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<Document, String> {
        Document::parse("spec.yaml".to_owned(), text.to_owned()).map_err(|error| error.to_string())
    }

    fn parse(text: &str) -> Result<Value, String> {
        document(text).map(|document| document.value())
    }

    #[test]
    fn yaml_and_json_give_the_same_value() {
        let yaml = "a: 1\nb: [x, '2', 3.5, true, null]\n'200':\n  c: |-\n    two\n    lines\n";
        let json = r#"{"a":1,"b":["x","2",3.5,true,null],"200":{"c":"two\nlines"}}"#;
        assert_eq!(parse(yaml).unwrap(), parse(json).unwrap());
        assert_eq!(
            parse(json).unwrap(),
            serde_json::from_str::<Value>(json).unwrap()
        );
    }

    #[test]
    fn one_value_has_one_form_however_it_is_spelled() {
        assert_eq!(parse("200: 1.0\n"), parse("'200': 1\n"));
        assert_eq!(parse("a: 1e3\n"), parse("a: 1000\n"));
        assert_ne!(parse("a: '1'\n"), parse("a: 1\n"));
        assert_eq!(parse("a: ! 1\nb: !!str 1\n"), parse("a: '1'\nb: '1'\n"));
        assert_eq!(parse("a: !!int '1'\nb: !!map {}\n"), parse("a: 1\nb: {}\n"));
        assert_eq!(
            document("a: 1\nb: 2\n").unwrap().root,
            document("b: 2\na: 1\n").unwrap().root
        );
    }

    #[test]
    fn anchors_are_resolved() {
        let value = parse("a: &x {k: 1}\nb: *x\n").unwrap();
        assert_eq!(value["a"], value["b"]);
    }

    #[test]
    fn aliases_of_aliases_come_to_an_end() {
        let levels = (1..7).map(|level| {
            let items = [format!("*a{}", level - 1).as_str(); 10].join(", ");
            format!("a{level}: &a{level} [{items}]\n")
        });
        let text = format!(
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{}",
            levels.collect::<String>()
        );
        assert!(
            parse(&text)
                .unwrap_err()
                .contains("more than 2000000 values")
        );
        assert!(
            parse("a: &a [*a]\n")
                .unwrap_err()
                .contains("defined by itself")
        );
    }

    #[test]
    fn faults_of_the_text_name_their_place() {
        let cases = [
            (
                "a: 1\nb: 2\na: 3\n",
                "spec.yaml:3:1: the same key stands twice",
            ),
            (
                "a: {200: 1, '200': 1}\n",
                "spec.yaml:1:13: the same key stands twice",
            ),
            ("a: [1\nb: 2\n", "spec.yaml:2:"),
            ("", "spec.yaml: is empty"),
            (
                "a: 1\n---\nb: 1\n",
                "spec.yaml:2:1: holds more than one YAML document",
            ),
            ("a:\n  2.5: x\n", "spec.yaml:2:3: the key is not a string"),
            ("a:\n  [b]: x\n", "spec.yaml:2:3: the key is not a string"),
            (
                "a: .nan\n",
                "spec.yaml:1:4: is a number that JSON doesn't have",
            ),
            ("a: !tag x\n", "spec.yaml:1:"),
        ];
        for (text, expected) in cases {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{text:?} gave {message:?}");
            assert!(message.contains("\n  help: "), "{message:?} has no remedy");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_name_their_place() {
        let error = Document::from_bytes("spec.yaml".to_owned(), b"a: 1\nb: \xff\n".to_vec())
            .unwrap_err()
            .to_string();
        assert!(error.contains("spec.yaml:2:4: is not UTF-8"), "{error}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (depth, limit) in [
            (200, "more than 128 levels deep"),
            (5000, "recursion limit"),
        ] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(parse(&text).unwrap_err().contains(limit));
        }
    }

    #[test]
    fn values_are_found_by_pointer_and_pointers_by_value() {
        let document = document("a:\n  b/c:\n    - x\n    -   y\nd: 1\n").unwrap();
        for (pointer, place) in [
            ("/a", "1:1"),
            ("/a/b~1c", "2:3"),
            ("/a/b~1c/1", "4:9"),
            ("/d", "5:1"),
        ] {
            assert_eq!(document.place(pointer).unwrap().to_string(), place);
            let node = document.root.pointer(pointer).unwrap();
            assert_eq!(document.root.pointer_to(node.id), pointer);
        }
        assert_eq!(document.place("/a/b~1c/7").unwrap().to_string(), "2:3");
        assert!(document.root.pointer("/a/b~1c/7").is_none());
    }
}
