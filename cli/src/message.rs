//! Results on standard output, and the program's own messages, on standard error only.

use std::fmt::Display;
use std::io::Write as _;

use clap::builder::styling::{AnsiColor, Style};
use llmobs_datasets::Dataset;

const RED: Style = AnsiColor::Red.on_default().bold();

/// Prints a note. `eprintln` would panic if standard error is closed.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "llmobs-datasets: {text}");
}

/// Prints an error, in red on a terminal unless `NO_COLOR` is set.
pub(crate) fn error(text: impl Display) {
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "llmobs-datasets: {RED}error:{RED:#} {text}");
}

/// Prints a result, and returns whether that worked.
pub(crate) fn print(text: &str) -> bool {
    let printed = writeln!(std::io::stdout(), "{text}");
    if let Err(cause) = &printed {
        error(format_args!("can't write to standard output: {cause}"));
    }
    printed.is_ok()
}

/// Prints the command that unlocks the dataset.
pub(crate) fn unlock_by_hand(dataset: &Dataset) {
    let quoted = |id| shlex::try_quote(id).unwrap_or(id.into());
    note(format_args!(
        "the dataset may still be locked; unlock it with\n  llmobs-datasets unlock --project-id={} --dataset-id={}",
        quoted(dataset.project_id().as_str()),
        quoted(dataset.dataset_id().as_str()),
    ));
}
