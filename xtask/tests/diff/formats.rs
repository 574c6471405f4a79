//! Each case's report is the one beside it, in all forms.

use std::env;
use std::fs;

use anstream::adapter::strip_str;
use xtask::diff::report::{FailOn, Format};

use crate::cases;

const FORMATS: [(&str, Format); 4] = [
    ("text", Format::Text),
    ("markdown", Format::Markdown),
    ("json", Format::Json),
    ("github", Format::Github),
];

fn golden(base: &str, patched: &str) -> String {
    let plain = |text: String| strip_str(&text).to_string();
    let forward = cases::report(base, patched);
    let mut sections: Vec<(&str, String)> = FORMATS
        .iter()
        .map(|(name, format)| (*name, plain(forward.render(*format))))
        .collect();
    sections.push(("summary", forward.summary()));
    let backward = cases::report(patched, base);
    sections.push(("text, backward", plain(backward.render(Format::Text))));
    sections
        .iter()
        .map(|(name, text)| ["==== ", name, "\n", text].concat())
        .collect()
}

#[test]
fn each_case_has_its_report() {
    let update = env::var_os("UPDATE_GOLDENS").is_some_and(|it| it == "1");
    let base = cases::base();
    let mut wrong = Vec::new();
    for case in cases::all() {
        let now = golden(&base, &case.patched());
        let path = case.golden();
        if update {
            fs::write(&path, &now).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&now) {
            wrong.push(format!("{}\n{now}", path.display()));
        }
    }
    let remedy = "look at these, and run with UPDATE_GOLDENS=1 if they are right";
    assert!(wrong.is_empty(), "{remedy}:\n{}", wrong.join("\n"));
}

#[test]
fn a_document_against_itself_is_empty_in_all_forms() {
    let base = cases::base();
    for text in cases::all().iter().map(cases::Case::patched).chain([base]) {
        let report = cases::report(&text, &text);
        assert!(report.changes.is_empty());
        for (name, format) in FORMATS {
            let text = strip_str(&report.render(format)).to_string();
            let expected = match format {
                Format::Text => "base → revision\nno changes\n",
                Format::Markdown => "### Spec diff: no changes\n\n`base` → `revision`\n",
                Format::Github => "spec diff: no changes\n",
                Format::Json => {
                    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(value["changes"], serde_json::json!([]));
                    assert_eq!(value["summary"]["rust"], "compatible");
                    continue;
                }
            };
            assert_eq!(text, expected, "{name}");
        }
        assert_eq!(report.summary(), "version: as it is\n");
        assert!(!report.fails(FailOn::Any));
    }
}
