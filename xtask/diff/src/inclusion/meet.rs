//! What fits two atoms, and whether anything does.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::atom::{Atom, Bound, Kind, Lists, NONE, Numbers, Objects, Property, Texts};
use super::exact::Exact;
use super::formats;
use super::store::Store;

/// More atoms in one intersection are given up.
const MAX_ATOMS: usize = 4_000;
/// How deep two objects are looked into for what tells them apart.
const MAX_DEPTH: usize = 4;

impl Store<'_, '_> {
    /// What fits one of some atoms and one of others.
    pub(super) fn meet(&mut self, some: &[Rc<Atom>], others: &[Rc<Atom>]) -> Option<Vec<Rc<Atom>>> {
        let mut all = Vec::new();
        for a in some {
            for b in others.iter().filter(|b| a.kind.is_same_type(&b.kind)) {
                all.extend(self.meet_one(a, b));
                if all.len() > MAX_ATOMS {
                    return None;
                }
            }
        }
        Some(all)
    }

    /// What fits both of two atoms; `None` if nothing does.
    pub(super) fn meet_one(&mut self, a: &Rc<Atom>, b: &Rc<Atom>) -> Option<Rc<Atom>> {
        if Rc::ptr_eq(a, b) {
            return Some(Rc::clone(a));
        }
        let kind = match (&a.kind, &b.kind) {
            (Kind::Null, Kind::Null) => Kind::Null,
            (Kind::Boolean, Kind::Boolean) => Kind::Boolean,
            (Kind::Number(a), Kind::Number(b)) => Kind::Number(a.meet(b)),
            (Kind::Text(a), Kind::Text(b)) => Kind::Text(Texts {
                size: a.size.meet(b.size),
                patterns: a.patterns.union(&b.patterns).cloned().collect(),
                formats: a.formats.union(&b.formats).cloned().collect(),
            }),
            (Kind::List(a), Kind::List(b)) => Kind::List(Lists {
                size: a.size.meet(b.size),
                items: self.all_of([a.items, b.items]),
                unique: a.unique || b.unique,
            }),
            (Kind::Object(a), Kind::Object(b)) => Kind::Object(self.meet_objects(a, b)),
            _ => return None,
        };
        let mut except = a.except.clone();
        for other in &b.except {
            if !except.iter().any(|it| Rc::ptr_eq(it, other)) {
                except.push(Rc::clone(other));
            }
        }
        let values = match (&a.values, &b.values) {
            (Some(a), Some(b)) => {
                let shared = a
                    .iter()
                    .filter(|a| b.iter().any(|b| super::exact::equal(a, b)));
                Some(shared.cloned().collect())
            }
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        self.unless_empty(Atom {
            kind,
            values,
            except,
            opaque: a.opaque.union(&b.opaque).cloned().collect(),
        })
    }

    fn meet_objects(&mut self, a: &Objects, b: &Objects) -> Objects {
        let names: BTreeSet<&Rc<str>> = a.properties.keys().chain(b.properties.keys()).collect();
        let mut properties = std::collections::BTreeMap::new();
        for name in names {
            let (of_a, of_b) = (a.properties.get(name), b.properties.get(name));
            let of = |property: Option<&Property>, rest| property.map_or(rest, |it| it.schema);
            let schema = self.all_of([of(of_a, a.rest), of(of_b, b.rest)]);
            let required = of_a.is_some_and(|it| it.required) || of_b.is_some_and(|it| it.required);
            properties.insert(Rc::clone(name), Property { schema, required });
        }
        Objects {
            size: a.size.meet(b.size),
            properties,
            rest: self.all_of([a.rest, b.rest]),
            declares: a.declares || b.declares,
        }
    }

    /// An atom without listed values that don't fit it, unless there is nothing left of it.
    pub(super) fn unless_empty(&mut self, mut atom: Atom) -> Option<Rc<Atom>> {
        if let Some(listed) = atom.values.take() {
            let fits = |value: &&_| self.fits(value, &atom) != Some(false);
            let values: Vec<_> = listed.iter().filter(fits).cloned().collect();
            if values.is_empty() {
                return None;
            }
            atom.values = Some(values);
            return Some(Rc::new(atom));
        }
        let is_empty = match &atom.kind {
            Kind::Null => !atom.except.is_empty(),
            Kind::Boolean => false,
            Kind::Number(numbers) => numbers.is_empty(),
            Kind::Text(texts) => texts.size.is_empty(),
            Kind::List(lists) => lists.size.is_empty(),
            Kind::Object(objects) => {
                let mut properties = objects.properties.values();
                objects.size.is_empty() || properties.any(|it| it.required && it.schema == NONE)
            }
        };
        (!is_empty).then(|| Rc::new(atom))
    }

    /// Whether two atoms certainly have no value in common; where `sender` says so, the first is of a
    /// sender that leaves out what isn't declared.
    pub(super) fn disjoint(
        &mut self,
        a: &Rc<Atom>,
        b: &Rc<Atom>,
        sender: bool,
        depth: usize,
    ) -> bool {
        if !a.kind.is_same_type(&b.kind) {
            return true;
        }
        if let Some(values) = &a.values {
            return values
                .iter()
                .all(|value| self.fits(value, b) == Some(false));
        }
        if let Some(values) = &b.values {
            return values
                .iter()
                .all(|value| self.fits(value, a) == Some(false));
        }
        match (&a.kind, &b.kind) {
            (Kind::Number(a), Kind::Number(b)) => a.meet(b).is_empty(),
            (Kind::Text(a), Kind::Text(b)) => {
                a.size.meet(b.size).is_empty() || formats::apart(&a.formats, &b.formats)
            }
            (Kind::Object(of_a), Kind::Object(of_b)) if depth <= MAX_DEPTH => {
                let (of_a, of_b) = (of_a.clone(), of_b.clone());
                self.objects_disjoint(&of_a, &of_b, sender, depth)
            }
            _ => false,
        }
    }

    fn objects_disjoint(&mut self, a: &Objects, b: &Objects, sender: bool, depth: usize) -> bool {
        let lacks = |one: &Objects, other: &Objects, closed: bool| {
            let needed = other.properties.iter().filter(|(_, it)| it.required);
            let mut missing = needed.filter(|(name, _)| !one.properties.contains_key(*name));
            (closed || one.rest == NONE) && missing.next().is_some()
        };
        if lacks(a, b, sender && a.is_closed()) || lacks(b, a, false) {
            return true;
        }
        for (name, of_a) in &a.properties {
            let Some(of_b) = b.properties.get(name) else {
                continue;
            };
            if !(of_a.required || of_b.required) || of_a.schema == of_b.schema {
                continue;
            }
            let (Some(xs), Some(ys)) = (self.atoms(of_a.schema), self.atoms(of_b.schema)) else {
                continue;
            };
            if xs.len() * ys.len() > 64 {
                continue;
            }
            let apart = xs.iter().all(|x| {
                let mut others = ys.iter();
                others.all(|y| self.disjoint(x, y, false, depth + 1))
            });
            if apart {
                return true;
            }
        }
        false
    }
}

impl Numbers {
    /// The numbers that are among both.
    pub(super) fn meet(&self, other: &Self) -> Self {
        let mut steps = self.steps.clone();
        steps.extend(
            other
                .steps
                .iter()
                .filter(|it| !self.steps.contains(it))
                .cloned(),
        );
        let whole = self.whole || other.whole;
        let (mut low, mut high) = (
            tighter(self.low.as_ref(), other.low.as_ref(), Ordering::Greater),
            tighter(self.high.as_ref(), other.high.as_ref(), Ordering::Less),
        );
        if whole {
            let one = || Exact::from_integer(1.into());
            low = low.map(|Bound { at, exclusive }| {
                let up = at.ceil();
                let at = if exclusive && up == at {
                    up + one()
                } else {
                    up
                };
                Bound {
                    at,
                    exclusive: false,
                }
            });
            high = high.map(|Bound { at, exclusive }| {
                let down = at.floor();
                let at = if exclusive && down == at {
                    down - one()
                } else {
                    down
                };
                Bound {
                    at,
                    exclusive: false,
                }
            });
        }
        Self {
            low,
            high,
            whole,
            steps,
            formats: self.formats.union(&other.formats).cloned().collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => match low.at.cmp(&high.at) {
                Ordering::Less => false,
                Ordering::Equal => low.exclusive || high.exclusive,
                Ordering::Greater => true,
            },
            _ => false,
        }
    }
}

fn tighter(a: Option<&Bound>, b: Option<&Bound>, wins: Ordering) -> Option<Bound> {
    let (Some(a), Some(b)) = (a, b) else {
        return a.or(b).cloned();
    };
    Some(match a.at.cmp(&b.at) {
        Ordering::Equal => Bound {
            at: a.at.clone(),
            exclusive: a.exclusive || b.exclusive,
        },
        order if order == wins => a.clone(),
        _ => b.clone(),
    })
}
