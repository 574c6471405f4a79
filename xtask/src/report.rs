//! The report on a comparison: for a terminal, a pull request, a program, a workflow.

mod github;
mod json;
mod markdown;
mod outcome;
mod summary;
mod text;

use clap::ValueEnum;

pub(crate) use self::outcome::{FailOn, Report};
pub(crate) use self::summary::render as summary;

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
    match format {
        Format::Text => text::render(report),
        Format::Markdown => markdown::render(report),
        Format::Json => json::render(report),
        Format::Github => github::render(report),
    }
}
