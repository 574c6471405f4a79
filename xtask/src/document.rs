//! From the text of an OpenAPI document, YAML or JSON, to a value whose places in the text are known.

use std::path::Path;

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Number, Value};

use crate::finding::{BadInput, Finding, Place};
use crate::workspace;

/// Deeper nesting than any API description needs; it keeps recursive readers off the stack's end.
const MAX_DEPTH: usize = 128;

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document {
    /// What messages call it.
    pub name: String,
    /// The text that was parsed.
    pub text: String,
    /// The value of the text.
    pub root: Value,
}

impl From<saphyr::Marker> for Place {
    fn from(marker: saphyr::Marker) -> Self {
        Self {
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
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
        let root = {
            let documents = MarkedYaml::load_from_str(&text).map_err(|error| {
                let (message, remedy) = if error.info().starts_with("duplicated key") {
                    (
                        "the same key stands twice in one mapping".to_owned(),
                        "remove or rename one of the two",
                    )
                } else {
                    (
                        format!("is not valid YAML: {}", error.info()),
                        "correct the syntax at this place",
                    )
                };
                BadInput::new(&name, Some((*error.marker()).into()), &message, remedy)
            })?;
            match documents.as_slice() {
                [document] => to_value(&name, document, 0)?,
                [] => {
                    return Err(BadInput::new(
                        &name,
                        None,
                        "is empty",
                        "it must hold an OpenAPI 3.0 document",
                    ));
                }
                [_, second, ..] => {
                    return Err(BadInput::new(
                        &name,
                        Some(second.span.start.into()),
                        "holds more than one YAML document",
                        "keep one document a file, without a `---` between",
                    ));
                }
            }
        };
        Ok(Self { name, text, root })
    }

    /// That the document can't be used, with the line and column of each fault.
    pub fn refused(&self, findings: &[Finding]) -> BadInput {
        let places = self.places();
        let located: Vec<_> = findings
            .iter()
            .map(|finding| (places.of(&finding.pointer), finding))
            .collect();
        BadInput::several(&self.name, &located)
    }

    /// The places of the document's values. They are read from the text anew, because only
    /// documents with faults need them.
    pub fn places(&self) -> Places<'_> {
        Places {
            root: MarkedYaml::load_from_str(&self.text)
                .ok()
                .and_then(|documents| documents.into_iter().next()),
        }
    }
}

/// Where the values of a document stand in its text.
#[derive(Debug)]
pub struct Places<'text> {
    root: Option<MarkedYaml<'text>>,
}

impl Places<'_> {
    /// The place of the value that a JSON pointer names: its key in a mapping, its start in a
    /// sequence. A pointer that leads past the document gives the last value on its way.
    pub fn of(&self, pointer: &str) -> Option<Place> {
        let mut node = self.root.as_ref()?;
        let mut place = Place::from(node.span.start);
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            let next = match &node.data {
                YamlData::Mapping(mapping) => mapping
                    .iter()
                    .find(|(key, _)| matches!(&key.data, YamlData::Value(Scalar::String(text)) if *text == segment))
                    .map(|(key, value)| (key.span.start, value)),
                YamlData::Sequence(items) => segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item.span.start, item)),
                _ => None,
            };
            let Some((start, value)) = next else { break };
            place = start.into();
            node = value;
        }
        Some(place)
    }
}

/// Escapes one segment of a JSON pointer.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn to_value(name: &str, node: &MarkedYaml<'_>, depth: usize) -> Result<Value, BadInput> {
    let fault = |message: &str, remedy: &str| {
        BadInput::new(name, Some(node.span.start.into()), message, remedy)
    };
    if depth > MAX_DEPTH {
        return Err(fault(
            &format!("is nested more than {MAX_DEPTH} levels deep"),
            "move inner schemas to `components`",
        ));
    }
    match &node.data {
        YamlData::Value(Scalar::Null) => Ok(Value::Null),
        YamlData::Value(Scalar::Boolean(value)) => Ok(Value::Bool(*value)),
        YamlData::Value(Scalar::Integer(value)) => Ok(Value::Number((*value).into())),
        YamlData::Value(Scalar::FloatingPoint(value)) => Number::from_f64(value.into_inner())
            .map(Value::Number)
            .ok_or_else(|| {
                fault(
                    "is a number that JSON doesn't have",
                    "write a finite number, or quote it",
                )
            }),
        YamlData::Value(Scalar::String(text)) => Ok(Value::String(text.to_string())),
        YamlData::Sequence(items) => items
            .iter()
            .map(|item| to_value(name, item, depth + 1))
            .collect(),
        YamlData::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| match &key.data {
                YamlData::Value(Scalar::String(key)) => {
                    Ok((key.to_string(), to_value(name, value, depth + 1)?))
                }
                _ => Err(BadInput::new(
                    name,
                    Some(key.span.start.into()),
                    "the key is not a string",
                    "quote it: OpenAPI keys are strings, status codes too (`'200'`)",
                )),
            })
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        YamlData::Tagged(..)
        | YamlData::Representation(..)
        | YamlData::Alias(_)
        | YamlData::BadValue => Err(fault(
            "is not a value that JSON has",
            "write it without a YAML tag",
        )),
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

    fn parse(text: &str) -> Result<Value, String> {
        Document::parse("spec.yaml".to_owned(), text.to_owned())
            .map(|document| document.root)
            .map_err(|error| error.to_string())
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
    fn anchors_are_resolved() {
        let value = parse("a: &x {k: 1}\nb: *x\n").unwrap();
        assert_eq!(value["a"], value["b"]);
    }

    #[test]
    fn faults_of_the_text_name_their_place() {
        let cases = [
            (
                "a: 1\nb: 2\na: 3\n",
                "spec.yaml:3:1: the same key stands twice",
            ),
            ("a: [1\nb: 2\n", "spec.yaml:2:"),
            ("", "spec.yaml: is empty"),
            (
                "a: 1\n---\nb: 1\n",
                "spec.yaml:3:1: holds more than one YAML document",
            ),
            ("a:\n  200: x\n", "spec.yaml:2:3: the key is not a string"),
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
    fn places_follow_pointers() {
        let text = "a:\n  b/c:\n    - x\n    -   y\n";
        let document = Document::parse("d".to_owned(), text.to_owned()).unwrap();
        let places = document.places();
        let at = |pointer| places.of(pointer).unwrap().to_string();
        assert_eq!(at("/a"), "1:1");
        assert_eq!(at("/a/b~1c"), "2:3");
        assert_eq!(at("/a/b~1c/1"), "4:9");
        assert_eq!(at("/a/b~1c/7"), "2:3");
    }
}
