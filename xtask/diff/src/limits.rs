//! The keywords of a schema that limit a value or its size: bounds, lengths, counts, steps.

use super::effective::{Bound, Effective, number};
use super::keywords::Sides;
use super::rules::{self, SchemaRule};
use xtask_spec::node::Node;

impl<'a> Sides<'_, 'a> {
    pub(super) fn bounds(&mut self) {
        let (base, revision) = (self.base.minimum(), self.revision.minimum());
        let order = (base.map(key), revision.map(key));
        self.bound(
            "minimum",
            (base, revision),
            order.0 < order.1,
            [&rules::MINIMUM_RAISED, &rules::MINIMUM_LOWERED],
        );
        let (base, revision) = (self.base.maximum(), self.revision.maximum());
        let upper = |bound: Bound<'_>| (-bound.value, bound.exclusive);
        let order = (base.map(upper), revision.map(upper));
        self.bound(
            "maximum",
            (base, revision),
            order.0 < order.1,
            [&rules::MAXIMUM_LOWERED, &rules::MAXIMUM_RAISED],
        );
    }

    fn bound(
        &mut self,
        keyword: &str,
        (base, revision): (Option<Bound<'a>>, Option<Bound<'a>>),
        tightened: bool,
        [tighter, looser]: [&'static SchemaRule; 2],
    ) {
        if base.map(key) == revision.map(key) {
            return;
        }
        let exclusive = |bound: Bound<'_>| {
            if bound.exclusive {
                "exclusive"
            } else {
                "inclusive"
            }
        };
        let what = match (base, revision) {
            (None, Some(new)) => format!("{keyword} {} ({}) added", text(new.node), exclusive(new)),
            (Some(old), None) => {
                format!("{keyword} {} ({}) removed", text(old.node), exclusive(old))
            }
            (Some(old), Some(new)) if old.exclusive != new.exclusive => format!(
                "{keyword} changed from {} ({}) to {} ({})",
                text(old.node),
                exclusive(old),
                text(new.node),
                exclusive(new)
            ),
            (Some(old), Some(new)) => {
                format!(
                    "{keyword} changed from {} to {}",
                    text(old.node),
                    text(new.node)
                )
            }
            (None, None) => return,
        };
        let rule = if tightened { tighter } else { looser };
        self.note(
            rule,
            base.map(|it| it.node),
            revision.map(|it| it.node),
            what,
        );
    }

    pub(super) fn sizes(&mut self) {
        for keyword in ["minLength", "minItems", "minProperties"] {
            self.size(
                keyword,
                true,
                [&rules::MIN_SIZE_RAISED, &rules::MIN_SIZE_LOWERED],
            );
        }
        for keyword in ["maxLength", "maxItems", "maxProperties"] {
            self.size(
                keyword,
                false,
                [&rules::MAX_SIZE_LOWERED, &rules::MAX_SIZE_RAISED],
            );
        }
        let places = (
            self.base.first("uniqueItems"),
            self.revision.first("uniqueItems"),
        );
        match (
            self.base.flag("uniqueItems"),
            self.revision.flag("uniqueItems"),
        ) {
            (false, true) => {
                let what = "uniqueItems added: items must differ now";
                self.note(&rules::UNIQUE_ITEMS_ADDED, places.0, places.1, what);
            }
            (true, false) => {
                let what = "uniqueItems removed: items may be equal now";
                self.note(&rules::UNIQUE_ITEMS_REMOVED, places.0, places.1, what);
            }
            _ => {}
        }
    }

    fn size(&mut self, keyword: &str, lower: bool, [tighter, looser]: [&'static SchemaRule; 2]) {
        let (base, revision) = (
            self.base.size(keyword, lower),
            self.revision.size(keyword, lower),
        );
        let (what, tightened) = match (base, revision) {
            (None, Some((_, new))) => (format!("{keyword} {} added", text(new)), true),
            (Some((_, old)), None) => (format!("{keyword} {} removed", text(old)), false),
            #[allow(
                clippy::float_cmp,
                reason = "both are read from text; equal text is equal"
            )]
            (Some((was, old)), Some((is, new))) if was != is => (
                format!("{keyword} changed from {} to {}", text(old), text(new)),
                (was < is) == lower,
            ),
            _ => return,
        };
        let rule = if tightened { tighter } else { looser };
        self.note(rule, base.map(|it| it.1), revision.map(|it| it.1), what);
    }

    pub(super) fn multiple_of(&mut self) {
        // Of several steps, those that the other side lacks decide.
        let of = |effective: &Effective<'a>, other: &Effective<'a>| {
            let others: Vec<&Node> = other.all("multipleOf").collect();
            let node = effective
                .all("multipleOf")
                .find(|it| !others.contains(it))?;
            Some((number(node)?, node))
        };
        let base = of(self.base, self.revision);
        let revision = of(self.revision, self.base);
        let (old, new) = (base.map(|it| it.0), revision.map(|it| it.0));
        let divides = |step: f64, value: f64| step > 0.0 && (value / step).fract() == 0.0;
        let (rule, what) = match (old, new) {
            (None, Some(new)) => (
                &rules::MULTIPLE_OF_TIGHTENED,
                format!("multipleOf {new} added"),
            ),
            (Some(old), None) => (
                &rules::MULTIPLE_OF_LOOSENED,
                format!("multipleOf {old} removed"),
            ),
            (Some(old), Some(new)) => (
                if divides(old, new) {
                    &rules::MULTIPLE_OF_TIGHTENED
                } else if divides(new, old) {
                    &rules::MULTIPLE_OF_LOOSENED
                } else {
                    &rules::MULTIPLE_OF_CHANGED
                },
                format!("multipleOf changed from {old} to {new}"),
            ),
            (None, None) => return,
        };
        self.note(rule, base.map(|it| it.1), revision.map(|it| it.1), what);
    }
}

/// The number as the document has it: a floating-point one would round the largest.
fn text(number: &Node) -> String {
    number.to_value().to_string()
}

fn key(bound: Bound<'_>) -> (f64, bool) {
    (bound.value, bound.exclusive)
}
