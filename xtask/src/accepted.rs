//! `openapi/accepted-changes.toml`: breaking changes that are wanted, each with the reason.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use xtask_diff::{Change, rules};
use xtask_spec::{BadInput, Place, closest, plain, workspace};

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
        let message = format!("can't be read: {error}");
        let remedy = "name a file that lists accepted changes, in TOML";
        BadInput::new(&name, None, &message, remedy)
    })?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let place = error.span().map(|span| place(&text, span.start));
        let remedy = "an entry is `[[accepted]]` with the strings `rule`, `location` and `reason`";
        BadInput::new(&name, place, error.message(), remedy)
    })?;
    if changes.is_empty() {
        // What was accepted is in the base once it is merged. Until the next change of the spec there
        // is nothing that the list could be wrong about.
        return Ok(());
    }
    BadInput::all(file.accepted.iter().filter_map(|entry| {
        let at = place(&text, entry.span().start);
        let (message, remedy) = mark(entry.as_ref(), changes)?;
        Some(BadInput::new(&name, Some(at), &message, &remedy))
    }))
}

/// Marks the changes that an entry accepts. Gives what is wrong with it, and a remedy.
fn mark(entry: &Entry, changes: &mut [Change]) -> Option<(String, String)> {
    let (rule, reason) = (&entry.rule, entry.reason.trim());
    if reason.is_empty() {
        let remedy = "say why the change is wanted; reviewers and users will read it";
        let message = format!("the reason to accept `{rule}` is empty");
        return Some((message, remedy.to_owned()));
    }
    if !rules::all().any(|it| it.id == *rule) {
        let remedy = match closest(rule, &rules::all().map(|it| it.id).collect::<Vec<_>>()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "name a rule that `cargo xtask diff --rules` lists".to_owned(),
        };
        return Some((format!("`{rule}` is not a rule"), remedy));
    }
    let location = entry.location.trim_start_matches('#');
    let mut fits = false;
    let mut elsewhere = BTreeSet::new();
    for change in changes.iter_mut().filter(|it| it.rule.id == *rule) {
        if change.own_pointers().contains(&location) {
            change.accepted = Some(plain(reason));
            fits = true;
        } else {
            elsewhere.extend(change.own_pointers().first().map(|it| format!("`#{it}`")));
        }
    }
    let places: Vec<String> = elsewhere.into_iter().take(SHOWN).collect();
    let remedy = match places.join(" and ") {
        none if none.is_empty() => "remove the entry: there is no change of this rule".to_owned(),
        some => format!("remove the entry, or correct its location: there is one at {some}"),
    };
    let message = format!("no change is a `{rule}` at `{}`", entry.location);
    (!fits).then_some((message, remedy))
}

fn place(text: &str, offset: usize) -> Place {
    Place::after(text.get(..offset).unwrap_or(text))
}
