//! A change as the comparison finds it, before places, lines and labels are known.

use std::collections::BTreeSet;

use super::rules::{Rule, SchemaRule};
use xtask_spec::finding::plain;
use xtask_spec::node::{Data, Node};

/// A change between two values.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) rule: &'static Rule,
    /// The number of the value in the base that has changed, or that lacks what is new.
    pub(super) base: u32,
    /// The same in the revision.
    pub(super) revision: u32,
    /// What has changed, without its place.
    pub(super) what: String,
    /// The operations that it touches, by their number in the pairing; none if it touches no
    /// operation in particular.
    pub(super) operations: BTreeSet<usize>,
    /// The messages that lead to it, if it is in a schema that others refer to.
    pub(super) uses: BTreeSet<String>,
}

impl Found {
    pub(super) fn new(
        rule: &'static Rule,
        base: u32,
        revision: u32,
        what: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            base,
            revision,
            what: what.into(),
            operations: BTreeSet::new(),
            uses: BTreeSet::new(),
        }
    }
}

/// Who sends the value of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Direction {
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

/// A value in a message, cut where it gets long.
pub(super) fn show(node: &Node) -> String {
    match &node.data {
        Data::Text(text) => excerpt(text),
        _ => excerpt(&node.to_value().to_string()),
    }
}

/// A text in a message, on one line and cut where it gets long.
pub(super) fn excerpt(text: &str) -> String {
    const LONG: usize = 80;
    let line = plain(text).replace('`', "'");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = match line.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    };
    format!("`{cut}`")
}

/// Two texts in a message, from where they begin to differ.
pub(super) fn from_to(old: &Node, new: &Node) -> String {
    const LEAD: usize = 20;
    let text = |node: &Node| match &node.data {
        Data::Text(text) => text.to_string(),
        _ => node.to_value().to_string(),
    };
    let (old_text, new_text) = (text(old), text(new));
    let same = old_text
        .chars()
        .zip(new_text.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = |text: &str| {
        let start = same.saturating_sub(LEAD);
        if start < LEAD {
            return excerpt(text);
        }
        let rest: String = text.chars().skip(start).collect();
        excerpt(&format!("…{rest}"))
    };
    format!("from {} to {}", tail(&old_text), tail(&new_text))
}

/// Values in a message, separated by commas.
pub(super) fn list<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> String {
    const MANY: usize = 12;
    let shown: Vec<String> = nodes.into_iter().map(show).collect();
    match shown.get(..MANY) {
        Some(first) if shown.len() > MANY => {
            format!("{} and {} more", first.join(", "), shown.len() - MANY)
        }
        _ => shown.join(", "),
    }
}
