//! Where a schema stands, and who sends its values.

use xtask_spec::{Node, NodeId};

use crate::rules::{Rule, SchemaRule};

/// Who sends the value of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Direction {
    /// The client, as JSON.
    Request,
    /// The client, as text in the URL or a header.
    Parameter,
    /// The service.
    Response,
}

impl Direction {
    pub(super) fn rule(self, rule: &'static SchemaRule) -> &'static Rule {
        match self {
            Self::Request | Self::Parameter => &rule.request,
            Self::Response => &rule.response,
        }
    }
}

/// What a value must fit in one document, and where that stands.
#[derive(Clone, Debug)]
pub(crate) struct Site<'a> {
    /// All of these; if there are none, any value fits.
    pub(super) schemas: Vec<&'a Node>,
    /// The value that holds them or would hold them.
    pub(super) id: NodeId,
}

impl<'a> Site<'a> {
    pub(super) fn new(schemas: Vec<&'a Node>, holder: NodeId) -> Self {
        Self {
            id: schemas.first().map_or(holder, |schema| schema.id),
            schemas,
        }
    }

    /// The place of a schema that may be absent.
    pub(crate) fn of(schema: Option<&'a Node>, holder: NodeId) -> Self {
        Self::new(schema.into_iter().collect(), holder)
    }

    pub(super) fn ids(&self) -> Vec<NodeId> {
        self.schemas.iter().map(|schema| schema.id).collect()
    }
}
