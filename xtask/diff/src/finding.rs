//! A change as the comparison finds it, before its places in the text are known.

use std::collections::BTreeSet;

use xtask_spec::NodeId;

use crate::rules::{Rule, SchemaRule};

/// A change between two values.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    /// Of which it is one direction, if the change is one of a schema.
    pub(crate) schema_rule: Option<&'static SchemaRule>,
    /// The value in the base that has changed or that lacks what is new, and the same in the revision.
    pub(crate) sites: Sites,
    /// Whether it stands though the same values fit.
    pub(crate) stands: bool,
    /// What has changed.
    pub(crate) message: String,
    /// The operations that it touches, by their numbers; none if it touches the document as a whole.
    pub(crate) operations: BTreeSet<usize>,
    /// The messages that lead to it, if it is in a schema that others refer to.
    pub(crate) uses: BTreeSet<String>,
    /// A value that was fine and no longer is, as JSON.
    pub(crate) witness: Option<String>,
}

/// Values of the base and of the revision.
pub(crate) type Sites = (NodeId, NodeId);

impl Finding {
    pub(crate) fn new(rule: &'static Rule, sites: Sites, message: impl Into<String>) -> Self {
        Self {
            rule,
            schema_rule: None,
            stands: false,
            sites,
            message: message.into(),
            operations: BTreeSet::new(),
            uses: BTreeSet::new(),
            witness: None,
        }
    }
}
