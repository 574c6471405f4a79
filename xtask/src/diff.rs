//! `cargo xtask diff`: reads what is to be compared, and marks the changes that somebody accepted.

use std::path::PathBuf;

use xtask_diff::Comparison;
use xtask_spec::{BadInput, workspace};

use crate::report::Report;
use crate::{accepted, codegen, inputs};

/// The list of accepted changes, in the workspace.
const ACCEPTED: &str = "openapi/accepted-changes.toml";

/// Compares two documents, each a file, a git revision, `REVISION:PATH` or `-`. By default the base is the
/// commit that the branch started from, and the revision the working tree. The list of accepted changes is
/// by default that of the workspace, for its own spec only.
pub(crate) fn run(
    base: Option<&str>,
    revision: Option<&str>,
    accepted: Option<PathBuf>,
) -> Result<Report, BadInput> {
    let (base, revision) = inputs::read(base, revision)?;
    let comparison = Comparison::new(&base.document, &revision.document)?;
    let (mut changes, rust_unknown) = if comparison.has_same_code() {
        (comparison.changes(), None)
    } else {
        match codegen::code(&base, &revision) {
            Ok((old, new)) => comparison.with_code(&old, &new),
            Err(why) => (comparison.without_code(), Some(why)),
        }
    };
    let own = workspace::root().join(ACCEPTED);
    let own = (revision.is_working_tree && own.is_file()).then_some(own);
    let accepted = accepted.or(own);
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
