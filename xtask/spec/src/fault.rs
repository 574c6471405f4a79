//! What is wrong with an input: each fault with its place and a remedy.

use std::fmt;

use crate::node::NodeId;

/// A fault of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The value at fault, or the one that lacks something.
    pub node: NodeId,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub remedy: String,
}

impl Fault {
    /// A fault of a value.
    pub fn new(node: NodeId, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            node,
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl Place {
    /// A place as parsers count it, from 0.
    pub(crate) fn from_zero(line: usize, column: usize) -> Self {
        let count =
            |from_zero| u32::try_from(from_zero).map_or(u32::MAX, |it| it.saturating_add(1));
        Self {
            line: count(line),
            column: count(column),
        }
    }

    /// The place at which a text ends.
    pub fn after(text: &str) -> Self {
        let line = text.bytes().filter(|byte| *byte == b'\n').count();
        let column = text.chars().rev().take_while(|c| *c != '\n').count();
        Self::from_zero(line, column)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// An input that can't be used, with all that is wrong with it. Ends the program with exit code 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadInput {
    faults: Vec<String>,
}

impl BadInput {
    /// One fault of the input `name`, at a place of its text if one is known.
    pub fn new(name: &str, place: Option<Place>, message: &str, remedy: &str) -> Self {
        let place = place.map(|place| format!(":{place}")).unwrap_or_default();
        let (name, message, remedy) = (plain(name), plain(message), plain(remedy));
        Self {
            faults: vec![format!("error: {name}{place}: {message}\n  help: {remedy}")],
        }
    }

    /// Several faults as one error; none is no error.
    pub fn all(faults: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        let faults: Vec<String> = faults.into_iter().flat_map(|it| it.faults).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Self { faults })
        }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("\n"))
    }
}

impl std::error::Error for BadInput {}

/// A text on one line that neither a terminal nor a CI system would obey. CI systems run lines that
/// begin with `::`, and whatever follows `##`.
pub fn plain(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if is_harmful(c) { ' ' } else { c })
        .collect();
    let text = text.replace("##", "# #");
    match text.trim_start().strip_prefix("::") {
        Some(rest) => format!(": :{rest}"),
        None => text,
    }
}

/// Whether a terminal or a log would obey a character: control characters, and those that change the
/// direction of text.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_input_is_a_command_to_a_terminal() {
        let error = BadInput::new("a\u{1b}[2J", None, "b\n::error::c\r", "d\u{202e}e");
        let expected = "error: a [2J: b ::error::c \n  help: d e";
        assert_eq!(error.to_string(), expected);
        assert_eq!(plain(" ::error::a::b"), ": :error::a::b");
        assert_eq!(plain("a ##[error]b ##vso[x]"), "a # #[error]b # #vso[x]");
    }
}
