//! Why there is no code, in words for people.

use xtask_spec::plain;

const REMEDY: &str =
    "describe what the message means in another way, or add a rule to xtask/codegen/src/lower.rs";

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The generated type or method at fault, if one is known.
    pub item: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub remedy: String,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self {
            item: None,
            message: format!("the generator can't take the spec: {}", brief(&message)),
            remedy: REMEDY.to_owned(),
        }
    }
}

/// The first words of a message of the generator, without the values that it dumps.
fn brief(message: &str) -> String {
    const LONG: usize = 160;
    let end = message.find(['{', '\n']).unwrap_or(message.len());
    let (words, rest) = message.split_at(end);
    let words = words.trim_end();
    // `Name { field: … }` and `Name(\n …)` are dumps from their name on.
    let words = match words.rsplit_once(' ') {
        Some((words, name)) if !rest.is_empty() && name.starts_with(char::is_uppercase) => words,
        _ => words,
    };
    plain(words).trim_end().chars().take(LONG).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_are_cut_from_messages() {
        for (message, words) in [
            ("no schema: MediaType {\n    a: 1", "no schema:"),
            ("an un-typed enum {Number, String} [1]", "an un-typed enum"),
            (
                "unhandled not schema Object(\n    Schema",
                "unhandled not schema",
            ),
            ("the response has no type", "the response has no type"),
        ] {
            assert_eq!(brief(message), words);
        }
    }
}
