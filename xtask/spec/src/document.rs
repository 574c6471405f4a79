//! From the text of an OpenAPI document, YAML or JSON, to values whose places in the text are known.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::fault::{BadInput, Fault, Place};
use crate::node::{Node, NodeId};
use crate::{workspace, yaml};

/// The size up to which a document is read: several times that of the largest published ones.
pub const MAX_BYTES: u64 = 32 << 20;

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name in messages.
    pub name: String,
    /// The text that was parsed.
    pub text: String,
    /// The value of the text.
    pub root: Node,
    /// The place of each value by its id: of a value in a mapping, that of its key.
    places: Vec<Place>,
}

impl Document {
    /// Reads and parses a file.
    pub fn read(path: &Path) -> Result<Self, BadInput> {
        let name = workspace::name(path);
        let open = || {
            // Asked before it is opened: a named pipe without a writer would wait for ever.
            if path.metadata()?.is_file() {
                return File::open(path);
            }
            Err(io::Error::other("it is not a regular file"))
        };
        match open() {
            Ok(file) => Self::from_reader(name, file),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Reads and parses standard input.
    pub fn from_stdin() -> Result<Self, BadInput> {
        Self::from_reader("standard input".to_owned(), io::stdin().lock())
    }

    fn from_reader(name: String, reader: impl Read) -> Result<Self, BadInput> {
        let mut bytes = Vec::new();
        match reader.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            Ok(_) => Self::from_bytes(name, bytes),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Parses the bytes of a file.
    pub fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Self, BadInput> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(BadInput::new(
                &name,
                None,
                &format!("is larger than {} MiB", MAX_BYTES >> 20),
                "leave out what the client doesn't need",
            ));
        }
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

    /// Refuses the document for its faults, each with line and column; without faults, accepts it.
    pub fn refuse(&self, faults: &[Fault]) -> Result<(), BadInput> {
        BadInput::all(faults.iter().map(|fault| self.refused(fault)))
    }

    /// That the document can't be used, because of one fault.
    pub fn refused(&self, fault: &Fault) -> BadInput {
        let message = match self.pointer(fault.node) {
            pointer if pointer.is_empty() => fault.message.clone(),
            pointer => format!("#{pointer}: {}", fault.message),
        };
        BadInput::new(&self.name, self.place(fault.node), &message, &fault.remedy)
    }

    /// The place of a value.
    pub fn place(&self, id: NodeId) -> Option<Place> {
        self.places.get(id.index()).copied()
    }

    /// The JSON pointer to a value.
    pub fn pointer(&self, id: NodeId) -> String {
        self.root.pointer_to(id)
    }
}

fn unreadable(name: &str, error: &io::Error) -> BadInput {
    BadInput::new(
        name,
        None,
        &format!("can't be read: {error}"),
        "name a file with an OpenAPI 3.0 document in YAML or JSON, or pipe it into `-`",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn document(text: &str) -> Result<Document, String> {
        Document::parse("spec.yaml".to_owned(), text.to_owned()).map_err(|error| error.to_string())
    }

    fn parse(text: &str) -> Result<Value, String> {
        document(text).map(|document| document.root.to_value())
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
    fn json_escapes_characters_as_two_surrogates() {
        for json in [
            r#"{"a": "\ud83d\uDE00 \n \u00e9 \\ud83d\\ude00", "b": "\\\ud83d\ude00"}"#,
            r#"["\ud83d\ude00\ud83d\ude00"]"#,
        ] {
            let expected = serde_json::from_str::<Value>(json).unwrap();
            assert_eq!(parse(json).unwrap(), expected);
        }
        assert!(parse(r#"["\ud83d"]"#).is_err());
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
            ("a: 1\nb: 2\na: 3\n", "spec.yaml:3:1: duplicate key"),
            ("a: {200: 1, '200': 1}\n", "spec.yaml:1:13: duplicate key"),
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
    fn a_few_lines_of_nested_anchors_take_little_memory() {
        let levels = (1..40).map(|level| {
            let aliases = vec![format!("*a{}", level - 1); 40].join(",");
            format!("a{level}: &a{level} [{aliases}]\n")
        });
        let text = format!("a0: &a0 [~]\n{}", levels.collect::<String>());
        assert!(parse(&text).unwrap_err().contains("values"));
    }

    #[test]
    fn what_is_too_large_or_no_file_is_refused_at_once() {
        let size = usize::try_from(MAX_BYTES).unwrap() + 1;
        let error = Document::from_bytes("large.yaml".to_owned(), vec![b'x'; size]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("large.yaml: is larger than 32 MiB"),
            "{error}"
        );
        let folder = Document::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(
            folder.to_string().contains("it is not a regular file"),
            "{folder}"
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
            let node = document.root.pointer(pointer).unwrap();
            assert_eq!(document.place(node.id).unwrap().to_string(), place);
            assert_eq!(document.pointer(node.id), pointer);
        }
        assert!(document.root.pointer("/a/b~1c/7").is_none());
    }
}
