//! Values in messages, cut where they get long.

use xtask_spec::{Data, Node, plain};

/// A value.
pub(crate) fn show(node: &Node) -> String {
    excerpt(&text(node))
}

fn text(node: &Node) -> String {
    match &node.data {
        Data::Text(text) => text.to_string(),
        _ => node.to_string(),
    }
}

/// A text on one line.
pub(crate) fn excerpt(text: &str) -> String {
    const LONG: usize = 80;
    let line = plain(text).replace('`', "'");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = match line.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    };
    format!("`{cut}`")
}

/// Two values, from where they begin to differ.
pub(crate) fn from_to(old: &Node, new: &Node) -> String {
    const LEAD: usize = 20;
    let (old, new) = (text(old), text(new));
    let both = old.chars().zip(new.chars());
    let same = both.take_while(|(a, b)| a == b).count();
    let tail = |text: &str| match same.saturating_sub(LEAD) {
        start if start < LEAD => excerpt(text),
        start => excerpt(&format!(
            "…{}",
            text.chars().skip(start).collect::<String>()
        )),
    };
    format!("from {} to {}", tail(&old), tail(&new))
}

/// Values, separated by commas.
pub(crate) fn list<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> String {
    const MANY: usize = 12;
    some(nodes.into_iter().map(show), MANY)
}

/// The first of some texts, and how many more there are.
pub(crate) fn some(texts: impl IntoIterator<Item = String>, shown: usize) -> String {
    let texts: Vec<String> = texts.into_iter().collect();
    match texts.get(..shown) {
        Some(first) if texts.len() > shown => {
            format!("{} and {} more", first.join(", "), texts.len() - shown)
        }
        _ => texts.join(", "),
    }
}
