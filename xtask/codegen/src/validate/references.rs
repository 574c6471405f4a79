//! Do the references lead to components of the right kind?

use xtask_spec::{Fault, Reference, Spec};

pub(super) fn check(spec: &Spec<'_>) -> Vec<Fault> {
    spec.references().iter().filter_map(wrong).collect()
}

fn wrong(reference: &Reference<'_>) -> Option<Fault> {
    let Reference {
        node,
        target,
        object,
    } = reference;
    let needed = object.section;
    let found = target.strip_prefix("#/components/");
    let message = match found.and_then(|it| it.split_once('/')) {
        Some((section, name)) if section == needed && !name.contains('/') => return None,
        Some((section, name)) if section != needed && !name.contains('/') => format!(
            "`{target}` leads to one of `components/{section}`, where one of `components/{needed}` is needed"
        ),
        _ => format!("`{target}` doesn't lead to a component"),
    };
    Some(Fault::new(node.id, message, reference.remedy()))
}
