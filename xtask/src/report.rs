//! The report on a comparison: for a terminal, a pull request, a program, a workflow.

mod github;
mod json;
mod markdown;
mod outcome;
mod summary;
mod text;

use clap::ValueEnum;

pub(crate) use self::outcome::{FailOn, Report};

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// For a comment on a pull request.
    Markdown,
    /// For programs.
    Json,
    /// Workflow commands that GitHub shows at the lines of the spec.
    Github,
}

/// The report in a format.
pub(crate) fn render(report: &Report, format: Format) -> String {
    let plain = report.plain();
    match format {
        Format::Text => text::render(&plain),
        Format::Markdown => markdown::render(&plain),
        // Programs get the names themselves.
        Format::Json => json::render(report),
        Format::Github => github::render(&plain),
    }
}

/// The version bump that the changes require, and their changelog lines.
pub(crate) fn summary(report: &Report) -> String {
    summary::render(&report.plain())
}
