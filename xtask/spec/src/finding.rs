//! What is wrong with an input: one finding a fault, with its place and what to do about it.

use std::fmt;

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

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl Place {
    /// The place at which a text ends.
    pub fn after(text: &str) -> Self {
        Self {
            line: text.matches('\n').count() + 1,
            column: text.chars().rev().take_while(|c| *c != '\n').count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
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
            lines: vec![format!(
                "{}{place}: {}\n  help: {}",
                plain_lines(name),
                plain_lines(message),
                plain_lines(remedy)
            )],
        }
    }

    /// Several faults of the input `name`.
    pub fn several(name: &str, findings: &[(Option<Place>, &Finding)]) -> Self {
        let line = |(place, finding): &(Option<Place>, &Finding)| {
            let pointer = match finding.pointer.as_str() {
                "" => String::new(),
                pointer => format!("#{pointer}: "),
            };
            let message = format!("{pointer}{}", finding.message);
            Self::new(name, *place, &message, &finding.remedy).lines
        };
        Self {
            lines: findings.iter().flat_map(line).collect(),
        }
    }
}

/// A text without what a terminal or a page would take for a command.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(harmless).collect()
}

/// The same of a text that may have lines.
fn plain_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(plain).collect();
    lines.join("\n")
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
