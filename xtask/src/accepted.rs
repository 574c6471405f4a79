//! `openapi/accepted-changes.toml`: breaking changes that are wanted, each with the reason.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use xtask_diff::Change;
use xtask_spec::{BadInput, Place, plain, workspace};

/// More places than these are no help.
const SHOWN: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    location: String,
    reason: String,
}

/// Marks the changes that a file accepts. An entry that fits none is an error, so that the file
/// stays true.
pub(crate) fn apply(path: &Path, changes: &mut [Change]) -> Result<(), BadInput> {
    let name = workspace::name(path);
    let text = std::fs::read_to_string(path).map_err(|error| {
        BadInput::new(
            &name,
            None,
            &format!("can't be read: {error}"),
            "name a file that lists accepted changes, in TOML",
        )
    })?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let place = error.span().map(|span| place(&text, span.start));
        BadInput::new(
            &name,
            place,
            error.message(),
            "an entry is `[[accepted]]` with the strings `rule`, `location` and `reason`",
        )
    })?;
    if changes.is_empty() {
        // What was accepted is in the base once it is merged. Until the next change of the spec there
        // is nothing that the list could be wrong about.
        return Ok(());
    }
    let mut faults = Vec::new();
    for entry in &file.accepted {
        let at = place(&text, entry.span().start);
        let entry = entry.as_ref();
        if entry.reason.trim().is_empty() {
            let message = format!("the reason to accept `{}` is empty", entry.rule);
            let remedy = "say why the change is wanted; reviewers and users will read it";
            faults.push(BadInput::new(&name, Some(at), &message, remedy));
            continue;
        }
        let location = entry.location.trim_start_matches('#');
        let mut fits = false;
        let mut elsewhere = BTreeSet::new();
        for change in changes.iter_mut().filter(|it| it.rule.id == entry.rule) {
            if change.own_pointers().contains(&location) {
                change.accepted = Some(plain(entry.reason.trim()));
                fits = true;
            } else {
                elsewhere.extend(change.own_pointers().first().map(|it| format!("`#{it}`")));
            }
        }
        if !fits {
            let (rule, location) = (&entry.rule, &entry.location);
            let message = format!("no change is a `{rule}` at `{location}`");
            let remedy = if elsewhere.is_empty() {
                "remove the entry: there is no change of this rule".to_owned()
            } else {
                let places: Vec<String> = elsewhere.into_iter().take(SHOWN).collect();
                format!(
                    "remove the entry, or correct its location: there is one at {}",
                    places.join(" and ")
                )
            };
            faults.push(BadInput::new(&name, Some(at), &message, &remedy));
        }
    }
    BadInput::all(faults)
}

fn place(text: &str, offset: usize) -> Place {
    Place::after(text.get(..offset).unwrap_or(text))
}
