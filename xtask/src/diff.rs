//! `cargo xtask diff`: reads what is to be compared, and marks the changes that somebody accepted.

use std::path::PathBuf;

use xtask_diff::Comparison;
use xtask_spec::{BadInput, workspace};

use crate::report::Report;
use crate::{accepted, code, inputs};

/// What is to be compared, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The base: a file, a git revision, `REVISION:PATH`, or `-`. By default what the branch
    /// started from.
    pub(crate) base: Option<String>,
    /// The revision, in the same forms. By default the working tree.
    pub(crate) revision: Option<String>,
    /// The list of accepted changes. By default that of the workspace, for its own spec only.
    pub(crate) accepted: Option<PathBuf>,
}

/// Compares what is to be compared.
pub(crate) fn run(options: &Options) -> Result<Report, BadInput> {
    let (base, revision) = inputs::read(options.base.as_deref(), options.revision.as_deref())?;
    let comparison = Comparison::new(&base.document, &revision.document)?;
    let (mut changes, rust_unknown) = if comparison.has_same_code() {
        (comparison.changes(), None)
    } else {
        match code::of(&base, &revision) {
            Ok((old, new)) => comparison.with_code(&old, &new),
            Err(why) => (comparison.without_code(), Some(why)),
        }
    };
    let own = workspace::root()
        .join("openapi")
        .join("accepted-changes.toml");
    let accepted = options
        .accepted
        .clone()
        .or_else(|| (revision.is_working_tree && own.is_file()).then_some(own));
    if let Some(path) = accepted {
        accepted::apply(&path, &mut changes)?;
    }
    Ok(Report {
        base: base.label,
        revision: revision.label,
        file: revision.document.name,
        base_file: base.document.name,
        changes,
        rust_unknown,
    })
}
