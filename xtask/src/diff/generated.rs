//! Where the generated code of a document comes from: from the repository, if what is checked in is
//! of this very document, else from the generator.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::affected;
use super::inputs::Input;
use super::rust_api::Api;
use super::rust_changes::{self, ApiChange};
use super::spec::is_map_of_names;
use super::words;
use crate::generator;
use crate::node::{Data, Node};

/// Compares the generated APIs of two documents.
///
/// # Errors
///
/// Why there is no code to compare.
pub(super) fn compare(base: &Input, revision: &Input) -> Result<Vec<ApiChange>, String> {
    if same_code(&base.document.root, &revision.document.root, false) {
        return Ok(Vec::new());
    }
    let checked_in = |input: &Input| {
        let code = input.generated.clone()?;
        is_of(&code, &input.document.text).then_some(code)
    };
    let (old, new) = if let (Some(old), Some(new)) = (checked_in(base), checked_in(revision)) {
        (old, new)
    } else {
        let (old, new) = affected::parts(&base.document.root, &revision.document.root);
        let generate = |input: &Input, spec: &Value| {
            generate(&spec.to_string())
                .map_err(|why| format!("{} has no generated code: {why}", input.document.name))
        };
        // One after the other: the second finds the generator built.
        (generate(base, &old)?, generate(revision, &new)?)
    };
    let api = |input: &Input, code: &str| {
        Api::of(code).map_err(|error| {
            let name = &input.document.name;
            format!("the generated code of {name} can't be read: {error}")
        })
    };
    Ok(rust_changes::compare(
        &api(base, &old)?,
        &api(revision, &new)?,
    ))
}

/// Whether generated code says that it was made of a text.
fn is_of(code: &str, text: &str) -> bool {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    let line = format!("// spec sha256: {hash}");
    code.lines()
        .take_while(|it| it.starts_with("//"))
        .any(|it| it == line)
}

fn generate(text: &str) -> Result<String, String> {
    let mut child = generator::command()
        .arg("--emit-code")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    let mut stdin = child.stdin.take();
    let written = stdin.as_mut().map(|stdin| stdin.write_all(text.as_bytes()));
    drop(stdin);
    let output = child
        .wait_with_output()
        .map_err(|error| format!("the generator was lost: {error}"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| error.to_string());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let line = message
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .or_else(|| message.lines().next());
    Err(match (line, written) {
        // Its place is one in what the generator was given, which nobody else has.
        (Some(line), _) => line
            .strip_prefix("the spec:")
            .and_then(|line| Some(line.split_once(": ")?.1))
            .unwrap_or(line)
            .to_owned(),
        (None, Some(Err(error))) => format!("it could not be given the spec: {error}"),
        (None, _) => format!("the generator ended with {}", output.status),
    })
}

/// Whether two documents differ in nothing but words and the order of keys, of which the generator
/// makes doc comments only.
fn same_code(base: &Node, revision: &Node, names: bool) -> bool {
    let counts = |key: &str| names || !words::is_words(key);
    match (&base.data, &revision.data) {
        (Data::Map(old), Data::Map(new)) => {
            // By key: to look up each entry would take the square of their number.
            let (old, new) = (by_key(old, counts), by_key(new, counts));
            old.len() == new.len()
                && old.iter().zip(&new).all(|((key, value), (other, now))| {
                    key == other && same_code(value, now, !names && is_map_of_names(key))
                })
        }
        (Data::List(old), Data::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(a, b)| same_code(a, b, false))
        }
        _ => base == revision,
    }
}

fn by_key(entries: &[(Box<str>, Node)], counts: impl Fn(&str) -> bool) -> Vec<&(Box<str>, Node)> {
    let mut sorted: Vec<_> = entries.iter().filter(|(key, _)| counts(key)).collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    #[test]
    fn only_words_make_the_same_code() {
        let same = |base: &str, revision: &str| {
            let node = |text: &str| {
                let name = "spec.yaml".to_owned();
                Document::parse(name, text.to_owned()).unwrap().root
            };
            same_code(&node(base), &node(revision), false)
        };
        assert!(same("a: 1\ndescription: x\n", "description: y\na: 1\n"));
        assert!(same("a: 1\n", "a: 1\nsummary: x\n"));
        assert!(!same("a: 1\n", "a: 2\n"));
        assert!(!same("a: [1, 2]\n", "a: [2, 1]\n"));
        assert!(!same("title: x\n", "title: y\n"));
        // A property may be called like a field that holds words.
        assert!(!same("properties: {tags: {}}\n", "properties: {}\n"));
        assert!(!same(
            "properties: {tags: {type: string}}\n",
            "properties: {tags: {}}\n"
        ));
    }

    #[test]
    fn code_is_known_by_the_hash_of_its_spec() {
        let code = std::fs::read_to_string(crate::workspace::generated()).unwrap();
        let spec = std::fs::read_to_string(crate::workspace::spec()).unwrap();
        assert!(is_of(&code, &spec));
        assert!(!is_of(&code, &format!("{spec} ")));
    }
}
