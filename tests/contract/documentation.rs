//! A transcription of the documentation pages.

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) const PROJECT_ID: &str = "a33671aa-24fd-4dcd-9b33-a8ec7dde7751";
pub(crate) const DATASET_ID: &str = "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d";

/// One page.
pub(crate) struct Page {
    /// The name of the page in the transcription, and of its saved file.
    pub(crate) name: &'static str,
    /// The operationId in the spec.
    pub(crate) operation: &'static str,
    /// The headers of its curl call.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The body of its curl call, which is also the example of its request.
    pub(crate) request: Option<&'static str>,
    /// The example of each status; `None` where the page has none.
    pub(crate) responses: [(u16, Option<&'static str>); 7],
}

const API_KEY: (&str, &str) = ("dd-api-key", "${DD_API_KEY}");
const APP_KEY: (&str, &str) = ("dd-application-key", "${DD_APP_KEY}");
const ACCEPT: (&str, &str) = ("accept", "application/json");
const JSON: (&str, &str) = ("content-type", "application/json");

const ERROR_OBJECTS: &str = include_str!("documentation/error-objects.json");
const ERROR_STRINGS: &str = include_str!("documentation/error-strings.json");

const fn responses(success: Option<&'static str>) -> [(u16, Option<&'static str>); 7] {
    [
        (200, success),
        (400, Some(ERROR_OBJECTS)),
        (401, Some(ERROR_OBJECTS)),
        (403, Some(ERROR_OBJECTS)),
        (404, Some(ERROR_OBJECTS)),
        (429, Some(ERROR_STRINGS)),
        (500, Some(ERROR_OBJECTS)),
    ]
}

/// The pages, one per operation.
pub(crate) const PAGES: &[Page] = &[
    Page {
        name: "lock",
        operation: "LockLLMObsDatasetDraftState",
        headers: &[ACCEPT, API_KEY, APP_KEY],
        request: None,
        responses: responses(Some(include_str!("documentation/lock-200.json"))),
    },
    Page {
        name: "unlock",
        operation: "UnlockLLMObsDatasetDraftState",
        headers: &[ACCEPT, API_KEY, APP_KEY],
        request: None,
        responses: responses(None),
    },
    Page {
        name: "restore",
        operation: "RestoreLLMObsDatasetVersion",
        headers: &[ACCEPT, JSON, API_KEY, APP_KEY],
        request: Some(include_str!("documentation/restore-request.json")),
        responses: responses(None),
    },
];

const ENDPOINTS: &str = include_str!("documentation/endpoints.txt");

/// The sites of the endpoint tables.
pub(crate) fn sites() -> Vec<&'static str> {
    let rows = rows(ENDPOINTS).filter(|row| row[0] == "site");
    rows.map(|row| row[1]).collect()
}

impl Page {
    /// Its method, and its path with the query of its curl call if it has one.
    pub(crate) fn endpoint(&self) -> (&'static str, &'static str) {
        let row = rows(ENDPOINTS).find(|row| row[0] == self.name).unwrap();
        (row[1], row[2])
    }

    /// The parameters in the query of its curl call.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let (_, path) = self.endpoint();
        let url = reqwest::Url::parse("http://site").unwrap().join(path);
        url.unwrap().query_pairs().into_owned().collect()
    }

    /// The rows of the field table of one of its parts: `path`, `request` or a status.
    pub(crate) fn fields(&self, part: &str) -> BTreeSet<Field> {
        rows(include_str!("documentation/fields.txt"))
            .filter(|row| row[0].split(' ').any(|name| name == self.name))
            .filter(|row| row[1].split(' ').any(|name| name == part))
            .map(|row| Field {
                parent: row[2].to_owned(),
                name: row[3].to_owned(),
                kind: row[4].to_owned(),
                required: row[5] == "required",
                values: row[6].split_whitespace().map(str::to_owned).collect(),
            })
            .collect()
    }
}

/// A row of a field table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Field {
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) values: Vec<String>,
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect())
}

/// Parses a JSON text of the transcription.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
