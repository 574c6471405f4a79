//! The environment variables that the program reads, and those that it sets for the command.

use llmobs_datasets::{Dataset, LockedDataset};

pub(crate) const PROJECT_ID: &str = "LLMOBS_DATASETS_PROJECT_ID";
pub(crate) const DATASET_ID: &str = "LLMOBS_DATASETS_DATASET_ID";
const LOCK_USER: &str = "LLMOBS_DATASETS_LOCK_USER";
const LOCK_SINCE: &str = "LLMOBS_DATASETS_LOCK_SINCE";
/// The datasets that enclosing commands hold, separated by `//`: ids are not empty and contain no `/`.
const LOCKED: &str = "LLMOBS_DATASETS_LOCKED";

fn entry(dataset: &Dataset) -> String {
    // As with the lock file.
    format!("{}/{}", dataset.project_id(), dataset.dataset_id()).to_lowercase()
}

fn outer() -> String {
    std::env::var(LOCKED).unwrap_or_default()
}

/// The variable that shows that an enclosing command holds the lock of the dataset.
pub(crate) fn locked(dataset: &Dataset) -> Option<&'static str> {
    let entry = entry(dataset);
    outer().split("//").any(|it| it == entry).then_some(LOCKED)
}

/// The variables for the command. A value that the service didn't report is empty.
pub(crate) fn of_command(locked: &LockedDataset) -> [(&'static str, String); 5] {
    let (dataset, state) = (locked.dataset(), locked.state());
    // A variable can't contain a NUL, which the service could send.
    let user = state.map(|state| state.user.id.replace('\0', ""));
    let since = state.map(|state| format!("{:?}", state.drafting_since));
    let outer = outer();
    let separator = if outer.is_empty() { "" } else { "//" };
    [
        (PROJECT_ID, dataset.project_id().to_string()),
        (DATASET_ID, dataset.dataset_id().to_string()),
        (LOCK_USER, user.unwrap_or_default()),
        (LOCK_SINCE, since.unwrap_or_default()),
        (LOCKED, outer + separator + &entry(dataset)),
    ]
}
