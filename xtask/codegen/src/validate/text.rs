//! Text that would break source or deceive its readers.

use xtask_spec::{Data, Fault, Node, is_harmful, plain};

pub(super) fn check(root: &Node) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if let Some(c) = node
            .text()
            .and_then(|text| text.chars().find(|c| breaks(*c)))
        {
            faults.push(fault(node, "the text", c));
        }
        if let Data::Map(entries) = &node.data {
            for (key, value) in entries {
                if let Some(c) = key.chars().find(|c| is_harmful(*c)) {
                    faults.push(fault(value, &format!("the name `{}`", plain(key)), c));
                }
                open.push(value);
            }
        }
        open.extend(node.items());
    }
    faults.sort();
    faults
}

fn breaks(c: char) -> bool {
    is_harmful(c) && !matches!(c, '\n' | '\t')
}

fn fault(node: &Node, what: &str, c: char) -> Fault {
    let message = format!(
        "{what} contains the control character U+{:04X}",
        u32::from(c)
    );
    Fault::new(node.id, message, "remove it")
}
