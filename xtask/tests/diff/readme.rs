//! The report that the README shows is one that the program makes.

use std::fs;

use tempfile::TempDir;
use xtask::diff::report::Format;
use xtask::diff::{self, Options};
use xtask::workspace;

#[test]
fn the_readme_shows_a_real_report() {
    let spec = fs::read_to_string(workspace::spec()).unwrap();
    let edits = [
        (
            "          - us5.datadoghq.com\n",
            "          - us5.datadoghq.com\n          - uk1.datadoghq.com\n",
        ),
        (
            "        - drafting_since\n        - user\n",
            "        - drafting_since\n",
        ),
        (
            "E-mail address of the user.",
            "E-mail address of the user, if it is known.",
        ),
    ];
    let revised = edits.iter().fold(spec.clone(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("base.yaml"), spec).unwrap();
    fs::write(path("revision.yaml"), revised).unwrap();

    let report = diff::run(&Options {
        base: Some(path("base.yaml")),
        revision: Some(path("revision.yaml")),
        accepted: None,
    })
    .unwrap();
    let text = anstream::adapter::strip_str(&report.render(Format::Text)).to_string();
    let (_, text) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("base.yaml"))
        .collect();
    let text = lines.join("\n") + "\n";
    let text = text.replace(&path("revision.yaml"), "openapi/llm-obs-datasets.yaml");

    let readme = fs::read_to_string(workspace::root().join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("```text\n{text}```\n")),
        "the README should show:\n{text}"
    );
}
