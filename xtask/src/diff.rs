//! `cargo xtask diff`: reads what is to be compared, and marks the changes that somebody accepted.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use xtask_diff::rules::Wire;
use xtask_diff::{Comparison, Operations};
use xtask_spec::{BadInput, Document, workspace};

use crate::inputs::Input;
use crate::report::Report;
use crate::{accepted, codegen, inputs};

/// The list of accepted changes, in the workspace.
const ACCEPTED: &str = "openapi/accepted-changes.toml";

/// What to compare and report.
#[derive(Args)]
pub(crate) struct Options {
    /// Old spec [default: where the branch left the main branch, or HEAD].
    base: Option<String>,
    /// New spec [default: openapi/llm-obs-datasets.yaml in the working tree].
    revision: Option<String>,
    /// Compare only the operations that BASE has, for example with a vendor's whole spec.
    #[arg(long, value_enum, value_name = "SIDE")]
    operations_of: Option<Side>,
    /// Leave out changes of level docs: descriptions, titles, examples, tags, extensions.
    #[arg(long)]
    no_docs: bool,
    /// List of accepted changes [default: openapi/accepted-changes.toml, if REVISION is the
    /// spec of the working tree].
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
}

/// One of the two documents.
#[derive(Clone, Copy, ValueEnum)]
enum Side {
    Base,
}

/// Compares two documents, each a file, a git revision, `REVISION:PATH` or `-`. By default the base is the
/// commit that the branch started from, and the revision the working tree. The list of accepted changes is
/// by default that of the workspace, for its own spec only.
pub(crate) fn run(options: Options) -> Result<Report, BadInput> {
    let (base, revision) = inputs::read(options.base.as_deref(), options.revision.as_deref())?;
    let operations = match options.operations_of {
        Some(Side::Base) => Operations::OfBase,
        None => Operations::All,
    };
    let comparison = Comparison::new(&base.document, &revision.document, operations)?;
    let (mut changes, rust_unknown) = if comparison.has_same_code() {
        (comparison.changes(), None)
    } else {
        let code = match operations {
            Operations::All => codegen::code(&base, &revision),
            Operations::OfBase => {
                let name = revision.document.name.clone();
                let document = Document::parse(name, comparison.revision_of_base())?;
                codegen::code(&base, &Input::of(document))
            }
        };
        match code {
            Ok((old, new)) => comparison.with_code(&old, &new),
            Err(why) => (comparison.without_code(), Some(why)),
        }
    };
    let own = workspace::root().join(ACCEPTED);
    let own = (revision.is_working_tree && own.is_file()).then_some(own);
    let accepted = options.accepted.or(own);
    if let Some(path) = accepted {
        accepted::apply(&path, &mut changes)?;
    }
    changes.retain(|change| !options.no_docs || change.rule.wire != Wire::Docs);
    Ok(Report {
        base: base.label,
        revision: revision.label,
        file: revision.document.name,
        base_file: base.document.name,
        changes,
        rust_unknown,
    })
}
