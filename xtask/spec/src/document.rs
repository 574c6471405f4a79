//! From the text of an OpenAPI document, YAML or JSON, to values whose places in the text are known.

use std::path::Path;

use serde_json::Value;

use crate::finding::{BadInput, Finding, Place};
pub use crate::node::escape;
use crate::node::{Data, Node, unescape};
use crate::{workspace, yaml};

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
                Some(Place::after(&valid)),
                "is not UTF-8 text",
                "save the file as UTF-8",
            )
        })?;
        Self::parse(name, text)
    }

    /// Parses a text.
    pub fn parse(name: String, text: String) -> Result<Self, BadInput> {
        let (root, places) = yaml::read(&name, &text)?;
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
            (
                "a: &a {b: 1}\nc:\n  <<: *a\n",
                "spec.yaml:3:3: is a merge key",
            ),
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
    fn aliases_nest_no_deeper_than_what_is_written_out() {
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!("a: &a {open}{close}\nb: {open}*a{close}\n")
        };
        assert!(parse(&nested(64)).is_ok());
        let error = parse(&nested(65)).unwrap_err();
        assert!(
            error.contains("spec.yaml:2:69: is nested more than 128 levels deep"),
            "{error}"
        );
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
