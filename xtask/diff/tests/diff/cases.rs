//! The cases: a patch of `base.yaml`, and the verdicts on it, both ways.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xtask_diff::Change;
use xtask_spec::Document;

/// The verdict by the id of the rule.
pub(crate) type Verdicts = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    patch: Vec<Patch>,
    forward: Verdicts,
    backward: Verdicts,
}

/// A text that stands once in the base, and what is to stand there.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    from: String,
    to: String,
}

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) patches: Vec<Patch>,
    /// From the base to the patched document.
    pub(crate) forward: Verdicts,
    /// From the patched document to the base.
    pub(crate) backward: Verdicts,
}

impl Case {
    pub(crate) fn patched(&self) -> String {
        let text = patched(&base(), &self.patches);
        text.unwrap_or_else(|from| panic!("{}: {from:?} is not once in the base", self.name))
    }
}

/// A text with its patches. Fails with what doesn't stand in it once.
pub(crate) fn patched(text: &str, patches: &[Patch]) -> Result<String, String> {
    let mut text = text.to_owned();
    for Patch { from, to } in patches {
        if text.matches(from.as_str()).count() != 1 {
            return Err(from.clone());
        }
        text = text.replacen(from, to, 1);
    }
    Ok(text)
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff")
}

pub(crate) fn base() -> String {
    fs::read_to_string(folder().join("base.yaml")).unwrap()
}

/// All cases, by name.
pub(crate) fn all() -> Vec<Case> {
    let entries = fs::read_dir(folder().join("cases")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "yaml"));
    paths.sort();
    let case = |path: &PathBuf| {
        let value = Document::read(path).unwrap().root.to_value();
        let file: File = serde_json::from_value(value)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Case {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            patches: file.patch,
            forward: file.forward,
            backward: file.backward,
        }
    };
    paths.iter().map(case).collect()
}

pub(crate) fn parse(name: &str, text: &str) -> Document {
    Document::parse(name.to_owned(), text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn compare(base: &str, revision: &str) -> Vec<Change> {
    xtask_diff::compare(&parse("base.yaml", base), &parse("revision.yaml", revision))
        .unwrap_or_else(|error| panic!("{error}"))
}
