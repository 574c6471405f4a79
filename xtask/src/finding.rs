//! What is wrong with an input: one finding a fault, with its place and what to do about it.

use std::fmt;

use crate::document::{Document, Place};

/// A fault of a document, before its place in the text is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer to the value at fault; empty for the document as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A fault of the value at `pointer`.
    pub fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

/// An input that can't be used, with all that is wrong with it. Ends the program with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    lines: Vec<String>,
}

impl BadInput {
    /// One fault of the input `name`, at a place of its text if the parser knew one.
    pub fn new(name: &str, place: Option<Place>, message: &str, remedy: &str) -> Self {
        let place = place.map(|place| format!(":{place}")).unwrap_or_default();
        Self {
            lines: vec![format!("{name}{place}: {message}\n  help: {remedy}")],
        }
    }

    /// The faults of a parsed document, each with its line and column.
    pub fn in_document(document: &Document, findings: &[Finding]) -> Self {
        let places = document.places();
        let lines = findings
            .iter()
            .map(|finding| {
                let place = places
                    .of(&finding.pointer)
                    .map(|place| format!(":{place}"))
                    .unwrap_or_default();
                let pointer = match finding.pointer.as_str() {
                    "" => String::new(),
                    pointer => format!("#{pointer}: "),
                };
                format!(
                    "{}{place}: {pointer}{}\n  help: {}",
                    document.name, finding.message, finding.remedy
                )
            })
            .collect();
        Self { lines }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "error: {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BadInput {}
