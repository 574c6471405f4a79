//! What a service calls back.

use xtask_spec::{Difference, fields};

use crate::context::{Context, Nodes};
use crate::excerpt::{from_to, show};
use crate::paired::{Paired, paired};
use crate::rules;

pub(super) fn compare<'a>(context: &mut Context<'_, 'a>, (base, revision): Nodes<'a>) {
    let (old, new) = (base.map("callbacks"), revision.map("callbacks"));
    for pair in paired(old, new, |(name, _)| name) {
        match pair {
            Paired::Removed((name, old)) => {
                let what = format!("callback `{name}` removed: {}", show(old));
                context.note(&rules::CALLBACK_CHANGED, (old.id, revision.id), what);
            }
            Paired::Added((name, new)) => {
                let what = format!("callback `{name}` added");
                context.note(&rules::CALLBACK_ADDED, (base.id, new.id), what);
            }
            Paired::Both((name, old), (_, new)) => changed(context, name, (old, new)),
        }
    }
}

fn changed<'a>(context: &mut Context<'_, 'a>, name: &str, (old, new): Nodes<'a>) {
    let differs = |difference| !context.same(difference, &fields::ONE_CALLBACK, (old, new));
    let (rule, what) = if differs(Difference::Meaning) {
        let (before, after) = context.resolve((old, new));
        let change = if before == after {
            "in what it refers to".to_owned()
        } else {
            from_to(before, after)
        };
        let what =
            format!("callback `{name}` changed {change}; this cannot be shown to be compatible");
        (&rules::CALLBACK_CHANGED, what)
    } else if differs(Difference::Text) {
        let what = format!("words of the callback `{name}` changed");
        (&rules::DESCRIPTION_CHANGED, what)
    } else {
        return;
    };
    context.note(rule, (old.id, new.id), what);
}
