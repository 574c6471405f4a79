//! One schema against another: what they say of the value itself, and which schemas to go on with.

use std::collections::BTreeSet;

use super::effective::{Additional, Effective, Property};
use super::found::{Direction, Found, list};
use super::keywords::{Sides, Types};
use super::rules;
use super::schemas::{Schemas, Site};
use super::spec::Spec;
use super::{unions, words};
use xtask_spec::node::Node;

/// One pair on its way.
pub(super) struct Comparison<'s, 'a> {
    schemas: &'s mut Schemas<'a>,
    pub(super) specs: (&'s Spec<'a>, &'s Spec<'a>),
    pub(super) direction: Direction,
    children: Vec<usize>,
}

impl<'s, 'a> Comparison<'s, 'a> {
    pub(super) fn new(
        schemas: &'s mut Schemas<'a>,
        specs: (&'s Spec<'a>, &'s Spec<'a>),
        direction: Direction,
    ) -> Self {
        Self {
            schemas,
            specs,
            direction,
            children: Vec::new(),
        }
    }

    /// Compares the pair. Gives the pairs that it leads to, and what has changed.
    pub(super) fn compare(
        mut self,
        base_site: &Site<'a>,
        revision_site: &Site<'a>,
    ) -> (Vec<usize>, Vec<Found>) {
        let mut base = Effective::of(self.specs.0, &base_site.schemas);
        let mut revision = Effective::of(self.specs.1, &revision_site.schemas);
        if base.unions.len() != revision.unions.len() {
            base = base.without_choices_of_one(self.specs.0);
            revision = revision.without_choices_of_one(self.specs.1);
        }
        let mut found = Vec::new();
        let mut sides = Sides {
            direction: self.direction,
            base: &base,
            revision: &revision,
            base_site: base_site.id,
            revision_site: revision_site.id,
            found: &mut found,
        };
        words::of_schemas(&mut sides);
        sides.default();
        sides.unknown();
        let any = (base.is_any(), revision.is_any());
        unions::discriminators(&mut self, &mut sides);
        if (any.0 && !revision.unions.is_empty()) || (any.1 && !base.unions.is_empty()) {
            unions::and_any(&mut sides, any.0);
        } else if any.0 != any.1 && (base.types().is_some() || revision.types().is_some()) {
            // Whatever is said besides, says less than that anything goes.
            sides.types();
        } else if unions::compare(&mut self, &mut sides) {
            self.keywords(&mut sides);
        } else {
            sides.null();
        }
        (self.children, found)
    }

    fn keywords(&mut self, sides: &mut Sides<'_, 'a>) {
        sides.null();
        let types = sides.types();
        if types == Types::Apart {
            return;
        }
        sides.format();
        sides.values();
        sides.bounds();
        sides.sizes();
        sides.multiple_of();
        sides.pattern();
        unions::not(self, sides);
        // What any type may be has no properties to lose or to gain.
        if types == Types::Shared || (sides.base.has_inner() && sides.revision.has_inner()) {
            self.items(sides);
            self.properties(sides);
        }
    }

    /// Whether it is only asked whether two schemas say the same.
    pub(super) fn is_for_sameness(&self) -> bool {
        self.schemas.for_sameness
    }

    pub(super) fn child(&mut self, base: Site<'a>, revision: Site<'a>) {
        let child = self
            .schemas
            .pair(self.specs, self.direction, base, revision);
        self.children.push(child);
    }

    fn items(&mut self, sides: &Sides<'_, 'a>) {
        let items = |effective: &Effective<'a>| effective.all("items").collect::<Vec<_>>();
        let (old, new) = (items(sides.base), items(sides.revision));
        if !(old.is_empty() && new.is_empty()) {
            self.child(
                Site::new(old, sides.base_site),
                Site::new(new, sides.revision_site),
            );
        }
    }

    fn properties(&mut self, sides: &mut Sides<'_, 'a>) {
        let (base, revision) = (sides.base, sides.revision);
        let additional = (
            base.additional(self.specs.0),
            revision.additional(self.specs.1),
        );
        let mut names = base.property_names();
        names.extend(revision.property_names());
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        for name in names {
            let old = base.property(self.specs.0, name);
            let new = revision.property(self.specs.1, name);
            let site = (sides.base_site, sides.revision_site);
            if let (Some(old), Some(new)) = (&old, &new) {
                access(sides, name, old, new);
            }
            let there = |property: &Option<Property<'a>>| {
                property.as_ref().is_some_and(|it| match self.direction {
                    Direction::Request | Direction::Parameter => !it.read_only,
                    Direction::Response => !it.write_only,
                })
            };
            let (was, is) = (there(&old), there(&new));
            match (old, new, was, is) {
                (Some(old), Some(new), true, true) => {
                    required(sides, name, &old, &new);
                    self.child(
                        Site::new(old.schemas, site.0),
                        Site::new(new.schemas, site.1),
                    );
                }
                (Some(old), new, true, false) => {
                    property_removed(sides, name, &old, new.as_ref());
                    if let (Additional::Some(schemas), None) = (&additional.1, new) {
                        self.child(
                            Site::new(old.schemas, site.0),
                            Site::new(schemas.clone(), site.1),
                        );
                    }
                }
                (old, Some(new), false, true) => {
                    property_added(sides, name, old.as_ref(), &new, &additional.0);
                    if let (Additional::Some(schemas), None) = (&additional.0, old) {
                        self.child(
                            Site::new(schemas.clone(), site.0),
                            Site::new(new.schemas, site.1),
                        );
                    }
                }
                _ => {}
            }
        }
        self.additional(sides, additional);
    }

    fn additional(
        &mut self,
        sides: &mut Sides<'_, 'a>,
        (base, revision): (Additional<'a>, Additional<'a>),
    ) {
        let places = (
            sides.base.first("additionalProperties"),
            sides.revision.first("additionalProperties"),
        );
        let site = (sides.base_site, sides.revision_site);
        match (base, revision) {
            (Additional::None(_), Additional::None(_)) | (Additional::Any, Additional::Any) => {}
            (_, Additional::None(node)) => {
                let what = "additionalProperties are not allowed any more";
                sides.note(
                    &rules::ADDITIONAL_PROPERTIES_CLOSED,
                    places.0,
                    Some(node),
                    what,
                );
            }
            (Additional::None(node), _) => {
                let what = "additionalProperties are allowed now";
                sides.note(
                    &rules::ADDITIONAL_PROPERTIES_OPENED,
                    Some(node),
                    places.1,
                    what,
                );
            }
            (Additional::Some(old), Additional::Some(new)) => {
                self.child(Site::new(old, site.0), Site::new(new, site.1));
            }
            (Additional::Any, Additional::Some(new)) => {
                let what = format!("additionalProperties must fit {} now", list(new));
                sides.note(
                    &rules::ADDITIONAL_PROPERTIES_CLOSED,
                    places.0,
                    places.1,
                    what,
                );
            }
            (Additional::Some(old), Additional::Any) => {
                let what = format!("additionalProperties need not fit {} any more", list(old));
                sides.note(
                    &rules::ADDITIONAL_PROPERTIES_OPENED,
                    places.0,
                    places.1,
                    what,
                );
            }
        }
    }
}

/// The place of a property, or of the mark that it is required.
fn place<'a>(property: &Property<'a>) -> Option<&'a Node> {
    property.schemas.first().copied()
}

fn required<'a>(sides: &mut Sides<'_, 'a>, name: &str, old: &Property<'a>, new: &Property<'a>) {
    let (rule, what) = match (old.required, new.required) {
        (false, true) => (&rules::PROPERTY_BECAME_REQUIRED, "became required"),
        (true, false) => (
            &rules::PROPERTY_BECAME_OPTIONAL,
            "became optional (is no longer required)",
        ),
        _ => return,
    };
    let what = format!("property `{name}` {what}");
    sides.note(rule, place(old), place(new), what);
}

fn property_removed<'a>(
    sides: &mut Sides<'_, 'a>,
    name: &str,
    old: &Property<'a>,
    new: Option<&Property<'a>>,
) {
    let (rule, kind) = if old.required {
        (&rules::REQUIRED_PROPERTY_REMOVED, "required")
    } else {
        (&rules::OPTIONAL_PROPERTY_REMOVED, "optional")
    };
    let what = match new {
        None => format!("{kind} property `{name}` removed"),
        Some(_) => format!(
            "{kind} property `{name}` removed from this direction: it became {}",
            access_name(sides.direction)
        ),
    };
    sides.note(rule, place(old), new.and_then(place), what);
}

fn property_added<'a>(
    sides: &mut Sides<'_, 'a>,
    name: &str,
    old: Option<&Property<'a>>,
    new: &Property<'a>,
    base: &Additional<'a>,
) {
    let (rule, kind) = match (new.required, base) {
        (false, Additional::None(_)) => (&rules::UNEXPECTED_PROPERTY_ADDED, "optional"),
        (true, Additional::None(_)) if sides.direction == Direction::Response => {
            (&rules::UNEXPECTED_PROPERTY_ADDED, "required")
        }
        (true, _) => (&rules::REQUIRED_PROPERTY_ADDED, "required"),
        (false, _) => (&rules::OPTIONAL_PROPERTY_ADDED, "optional"),
    };
    let what = match old {
        None => format!("{kind} property `{name}` added"),
        Some(_) => format!(
            "{kind} property `{name}` added to this direction: it is no longer {}",
            access_name(sides.direction)
        ),
    };
    sides.note(rule, old.and_then(place), place(new), what);
}

fn access_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Request | Direction::Parameter => "readOnly",
        Direction::Response => "writeOnly",
    }
}

/// `readOnly` speaks of requests and `writeOnly` of responses; in the other direction a change of
/// it is worth a word only.
fn access<'a>(sides: &mut Sides<'_, 'a>, name: &str, old: &Property<'a>, new: &Property<'a>) {
    let (before, after, mark) = match sides.direction {
        Direction::Request | Direction::Parameter => (old.write_only, new.write_only, "writeOnly"),
        Direction::Response => (old.read_only, new.read_only, "readOnly"),
    };
    if before != after {
        let change = if after { "became" } else { "is no longer" };
        let what = format!("property `{name}` {change} {mark}");
        sides.note_plain(&rules::ACCESS_CHANGED, place(old), place(new), what);
    }
}
