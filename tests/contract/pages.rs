//! The transcription in `documentation/` is that of the pages. It needs a saved copy of them, which
//! is Datadog's and not in this repository:
//! `LLMOBS_DOCUMENTATION=folder cargo test --test contract -- --ignored`, with `NAME.md` in
//! the folder for each page of `documentation`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::documentation::{PAGES, Page, json, sites};

#[test]
#[ignore = "needs a saved copy of the documentation pages, see tests/contract/pages.rs"]
fn the_transcription_is_that_of_the_pages() {
    let folder = std::env::var("LLMOBS_DOCUMENTATION")
        .expect("LLMOBS_DOCUMENTATION must name the folder with the saved pages");
    for page in PAGES {
        let file = Path::new(&folder).join(format!("{}.md", page.name));
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(examples(&text), transcribed_examples(page), "{}", page.name);
        assert_eq!(
            endpoints(&text),
            transcribed_endpoints(page),
            "{}",
            page.name
        );
        let (method, _) = page.endpoint();
        // Next to the first URL, or to each; two of the pages have a no-break space there.
        let shown = [" ", "\u{a0}"].map(|space| format!("{method}{space}https://api."));
        let is_shown = shown.iter().any(|shown| text.contains(shown));
        assert!(is_shown, "{}: {method}", page.name);
        assert_eq!(
            field_names(&text),
            transcribed_field_names(page),
            "{}",
            page.name
        );
        for (header, value) in page.headers {
            let sent = format!("{header}: {value}").to_lowercase();
            assert!(text.to_lowercase().contains(&sent), "{}: {sent}", page.name);
        }
    }
}

/// The JSON blocks of a page, in its order.
fn examples(text: &str) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        if line == "{" {
            block = Some(String::new());
        }
        if let Some(block) = &mut block {
            block.push_str(line);
        }
        if line == "}" {
            blocks.push(json(&block.take().unwrap()));
        }
    }
    blocks
}

fn transcribed_examples(page: &Page) -> Vec<Value> {
    let responses = page.responses.iter().filter_map(|(_, example)| *example);
    page.request
        .into_iter()
        .chain(responses)
        .map(json)
        .collect()
}

/// The URLs of a page's endpoint table; two of the pages run them together.
fn endpoints(text: &str) -> BTreeSet<String> {
    text.split("https://")
        .skip(1)
        .filter(|rest| rest.starts_with("api."))
        .filter_map(|rest| {
            let url = rest.split([' ', '"', '\n', '?']).next()?;
            url.contains("/{project_id}/")
                .then(|| format!("https://{url}"))
        })
        .collect()
}

fn transcribed_endpoints(page: &Page) -> BTreeSet<String> {
    let (_, path) = page.endpoint();
    let path = path.split('?').next().unwrap();
    sites().iter().map(|site| format!("{site}{path}")).collect()
}

/// Field, type and required mark of each row of a page's tables, in its order.
fn field_names(text: &str) -> BTreeSet<(String, String, bool)> {
    const TYPES: [&str; 7] = [
        "string",
        "object",
        "enum",
        "date-time",
        "int32",
        "[object]",
        "[string]",
    ];
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    // One page has tables, with the field before its type in a row; the others a line a cell.
    let cells = lines
        .iter()
        .flat_map(|line| line.split(" | "))
        .map(|cell| cell.trim_matches(['|', ' ']));
    let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
    cells
        .windows(2)
        .filter(|pair| TYPES.contains(&pair[1]))
        .map(|pair| {
            let name = pair[0]
                .split_once(char::is_whitespace)
                .map_or(pair[0], |(name, _)| name);
            (
                name.to_owned(),
                pair[1].to_owned(),
                pair[0].contains("required"),
            )
        })
        .collect()
}

fn transcribed_field_names(page: &Page) -> BTreeSet<(String, String, bool)> {
    let statuses = page.responses.iter().map(|(status, _)| status.to_string());
    ["path".to_owned(), "request".to_owned()]
        .into_iter()
        .chain(statuses)
        .flat_map(|part| page.fields(&part))
        .map(|field| (field.name, field.kind, field.required))
        .collect()
}
