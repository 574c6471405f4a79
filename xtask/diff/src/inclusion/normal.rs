//! From the keywords of a schema to its atoms.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use num_bigint::BigInt;
use serde_json::Value;
use xtask_spec::{Data, Node, fields};

use super::atom::{
    ANY, Atom, Bound, Kind, Lists, NONE, Numbers, Objects, Property, SchemaId, Size, Texts,
};
use super::exact::{Exact, equal, exact};
use super::family::{last_segment, tags};
use super::store::{Side, Store};

/// More overlaps of the members of one `oneOf` are given up.
const MAX_OVERLAPS: usize = 50_000;

/// A member of `oneOf` or `anyOf`.
type Member = Vec<Rc<Atom>>;

impl<'a> Store<'_, 'a> {
    /// The atoms of a schema: with those of its descendants, if it is a parent.
    pub(super) fn read(&mut self, side: Side, node: &'a Node) -> Option<Vec<Rc<Atom>>> {
        let descendants = self.families(side).descendants(node);
        let own = self.own(side, node)?;
        let Some(discriminator) = node
            .get("discriminator")
            .filter(|_| !descendants.is_empty())
        else {
            return Some(own);
        };
        let mut all = Vec::new();
        for member in [node].into_iter().chain(descendants) {
            let atoms = self.own(side, member)?;
            let names = self.families(side).name(member);
            let names = names.map(|name| tags(discriminator, name));
            all.extend(self.tagged(&atoms, discriminator, &names.unwrap_or_default())?);
        }
        Some(all)
    }

    /// Those of some atoms that are objects with one of some values as their tag.
    fn tagged(&mut self, atoms: &[Rc<Atom>], by: &Node, tags: &[String]) -> Option<Member> {
        let Some(name) = by.field("propertyName") else {
            return Some(atoms.to_vec());
        };
        // An object that lists its own tags says more than its name does.
        if by.get("mapping").is_none() && self.lists(atoms, name) {
            return Some(atoms.to_vec());
        }
        let mut text = Atom::new(Kind::Text(Texts::default()));
        text.values = Some(tags.iter().map(|tag| Value::from(tag.as_str())).collect());
        let schema = self.of_atoms(vec![Rc::new(text)]);
        let mut objects = Objects::any();
        let required = true;
        objects
            .properties
            .insert(name.into(), Property { schema, required });
        self.meet(atoms, &[Rc::new(Atom::new(Kind::Object(objects)))])
    }

    /// The name of the mapped component that an alternative repeats without referring to it.
    fn mapped(&self, side: Side, node: &Node, member: &Node) -> Option<String> {
        let mapping = node.get("discriminator")?.map("mapping").iter();
        let mut names = mapping.filter_map(|(_, target)| Some(last_segment(target.text()?)));
        names.find(|name| self.spec(side).component("schemas", name) == Some(member))
    }

    /// Whether some atoms are all objects that list the values of a property.
    fn lists(&mut self, atoms: &[Rc<Atom>], name: &str) -> bool {
        atoms.iter().all(|atom| {
            let property = atom.object().and_then(|it| it.properties.get(name));
            let values = property.and_then(|it| self.atoms(it.schema));
            values.is_some_and(|values| values.iter().all(|it| it.values.is_some()))
        })
    }

    /// The atoms of a schema by its own keywords.
    fn own(&mut self, side: Side, node: &'a Node) -> Option<Vec<Rc<Atom>>> {
        let opaque = opaque(node);
        let mut atoms = Vec::new();
        for kind in self.kinds(side, node) {
            let mut atom = Atom::new(kind);
            atom.opaque.clone_from(&opaque);
            if let Some(listed) = node.get("enum").filter(|it| it.is_list()) {
                let of_type = |value: &Value| atom.kind.is_type_of(value);
                let mut values: Vec<Value> = Vec::new();
                for value in listed.items().iter().map(Node::to_value).filter(of_type) {
                    if !values.iter().any(|other| equal(other, &value)) {
                        values.push(value);
                    }
                }
                atom.values = Some(values);
            }
            atoms.extend(self.unless_empty(atom));
        }
        for member in node.list("allOf") {
            let target = self.spec(side).resolve(member);
            let inner = if self.families(side).is_child(node, target) {
                self.own(side, target)?
            } else {
                let schema = self.node(side, member);
                self.atoms(schema)?.to_vec()
            };
            atoms = self.meet(&atoms, &inner)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            let listed = node.list(keyword);
            if listed.is_empty() {
                continue;
            }
            let mut members = Vec::new();
            for member in listed {
                let schema = self.node(side, member);
                let inner = self.atoms(schema)?.to_vec();
                let name = member.reference().map(last_segment);
                let name = name.or_else(|| self.mapped(side, node, member));
                members.push(match node.get("discriminator").zip(name) {
                    Some((by, name)) => self.tagged(&inner, by, &tags(by, &name))?,
                    None => inner,
                });
            }
            if keyword == "oneOf" {
                members = self.exclusive(&members)?;
            }
            atoms = self.meet(&atoms, &members.concat())?;
        }
        if let Some(refused) = node.get("not") {
            let refused = self.node(side, refused);
            let refused = self.atoms(refused)?;
            atoms = self.without(&atoms, &refused);
        }
        if node.flag("nullable") {
            atoms.retain(|atom| !matches!(atom.kind, Kind::Null));
            atoms.push(Rc::new(Atom::new(Kind::Null)));
        }
        Some(atoms)
    }

    /// The members of a `oneOf`, each without what fits others as well.
    fn exclusive(&mut self, members: &[Member]) -> Option<Vec<Member>> {
        let tag = self.common_tag(members);
        let mut overlaps = 0;
        let mut all = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let mut own = member.clone();
            for (other_index, other) in members.iter().enumerate() {
                let apart = tag.as_ref().is_some_and(|tags| {
                    let of = |index: usize| tags.get(index);
                    matches!((of(index), of(other_index)), (Some(a), Some(b)) if a.is_disjoint(b))
                });
                if index != other_index && !apart {
                    own = self.without(&own, other);
                }
            }
            overlaps += own.iter().map(|it| it.except.len()).sum::<usize>();
            if overlaps > MAX_OVERLAPS {
                return None;
            }
            all.push(own);
        }
        Some(all)
    }

    /// Adds atoms to what none of some may fit, but for those that are disjoint with them anyway.
    fn without(&mut self, atoms: &[Rc<Atom>], refused: &[Rc<Atom>]) -> Vec<Rc<Atom>> {
        let mut left = Vec::new();
        for atom in atoms {
            let mut rest = Atom::clone(atom);
            for other in refused {
                if !self.disjoint(atom, other, false, 0) {
                    rest.except.push(Rc::clone(other));
                }
            }
            if rest.except.len() == atom.except.len() {
                left.push(Rc::clone(atom));
            } else {
                left.extend(self.unless_empty(rest));
            }
        }
        left
    }

    /// The tags of each of some members, where all of them are objects with one that is listed.
    fn common_tag(&mut self, members: &[Member]) -> Option<Vec<BTreeSet<String>>> {
        let first = members.first()?.first()?.object()?.properties.clone();
        'name: for name in first.keys() {
            let mut all = Vec::new();
            for member in members {
                let mut tags = BTreeSet::new();
                for atom in member {
                    let property = atom.object().and_then(|it| it.properties.get(name));
                    let Some(property) = property.filter(|it| it.required) else {
                        continue 'name;
                    };
                    for atom in self.atoms(property.schema)?.iter() {
                        match (&atom.kind, &atom.values) {
                            (Kind::Text(_), Some(values)) => {
                                tags.extend(values.iter().map(Value::to_string));
                            }
                            _ => continue 'name,
                        }
                    }
                }
                all.push(tags);
            }
            return Some(all);
        }
        None
    }

    /// The types that a schema allows, with what its keywords say of each. A keyword of another type says
    /// nothing.
    fn kinds(&mut self, side: Side, node: &'a Node) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for kind in Kind::all() {
            let type_name = match kind {
                Kind::Null => "null",
                Kind::Boolean => "boolean",
                Kind::Number(_) => "number",
                Kind::Text(_) => "string",
                Kind::List(_) => "array",
                Kind::Object(_) => "object",
            };
            let named = node.field("type");
            let is_whole = named == Some("integer") && type_name == "number";
            if named.is_some_and(|named| named != type_name) && !is_whole {
                continue;
            }
            kinds.push(match kind {
                Kind::Null | Kind::Boolean => kind,
                Kind::Number(_) => Kind::Number(numbers(node, is_whole)),
                Kind::Text(_) => Kind::Text(Texts {
                    size: size(node, ["minLength", "maxLength"]),
                    patterns: node
                        .field("pattern")
                        .map(str::to_owned)
                        .into_iter()
                        .collect(),
                    formats: node
                        .field("format")
                        .filter(|it| named.is_some() || !is_numeric(it))
                        .map(str::to_owned)
                        .into_iter()
                        .collect(),
                }),
                Kind::List(_) => Kind::List(Lists {
                    size: size(node, ["minItems", "maxItems"]),
                    items: node
                        .get("items")
                        .map_or(ANY, |items| self.node(side, items)),
                    unique: node.flag("uniqueItems"),
                }),
                Kind::Object(_) => Kind::Object(self.objects(side, node)),
            });
        }
        kinds
    }

    fn objects(&mut self, side: Side, node: &'a Node) -> Objects {
        let rest = match node.get("additionalProperties") {
            Some(node) if matches!(node.data, Data::Bool(false)) => NONE,
            Some(node) if node.is_map() && !node.entries().is_empty() => self.node(side, node),
            _ => ANY,
        };
        let required = node.list("required").iter().filter_map(Node::text);
        let mut required: BTreeSet<&str> = required.collect();
        let mut properties = BTreeMap::new();
        let skipped = if self.message.request {
            "readOnly"
        } else {
            "writeOnly"
        };
        for (name, property) in node.map("properties") {
            let required = required.remove(&**name);
            if is_marked(self, side, property, skipped, 0) {
                continue;
            }
            let schema = self.node(side, property);
            properties.insert(Rc::from(&**name), Property { schema, required });
        }
        for name in required {
            let required = true;
            let property = Property {
                schema: rest,
                required,
            };
            properties.insert(Rc::from(name), property);
        }
        Objects {
            size: size(node, ["minProperties", "maxProperties"]),
            properties,
            rest,
            declares: !node.map("properties").is_empty(),
        }
    }

    pub(super) fn all_of_nodes(&mut self, side: Side, nodes: &[&'a Node]) -> SchemaId {
        let ids: Vec<SchemaId> = nodes.iter().map(|node| self.node(side, node)).collect();
        self.all_of(ids)
    }
}

/// Whether a schema or a part of it has a mark.
fn is_marked<'a>(
    store: &Store<'_, 'a>,
    side: Side,
    node: &'a Node,
    mark: &str,
    depth: usize,
) -> bool {
    let node = store.spec(side).resolve(node);
    let mut parts = node.list("allOf").iter();
    node.flag(mark) || (depth < 8 && parts.any(|it| is_marked(store, side, it, mark, depth + 1)))
}

/// The keywords of a schema whose meaning is unknown, with their values.
fn opaque(node: &Node) -> BTreeSet<String> {
    let is_known = |keyword: &str, value: &Node| {
        let shape = fields::SCHEMA.field(keyword);
        fields::is_words(keyword)
            || matches!(keyword, "title" | "xml" | "$ref")
            || shape.is_some_and(|shape| shape.admits(value))
    };
    let entries = node.entries().iter();
    let unknown = entries.filter(|(keyword, value)| !is_known(keyword, value));
    unknown
        .map(|(keyword, value)| format!("{keyword}: {value}"))
        .collect()
}

fn size(node: &Node, [min, max]: [&str; 2]) -> Size {
    // A size is no fraction; of one, what it says of whole numbers.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a conversion of a float saturates"
    )]
    let whole = |value: f64| value as u64;
    Size {
        min: node
            .get(min)
            .and_then(Node::number)
            .map_or(0, |it| whole(it.ceil())),
        max: node
            .get(max)
            .and_then(Node::number)
            .map(|it| whole(it.floor())),
    }
}

fn numbers(node: &Node, whole: bool) -> Numbers {
    let format = node.field("format");
    let range = format.filter(|_| whole).and_then(interval);
    let bound = |keyword: &str, exclusive: &str| {
        let Some(Data::Number(number)) = node.get(keyword).map(|it| &it.data) else {
            return None;
        };
        let exclusive = node.flag(exclusive);
        Some(Bound {
            at: exact(number)?,
            exclusive,
        })
    };
    let step = match node.get("multipleOf").map(|it| &it.data) {
        Some(Data::Number(number)) => {
            exact(number).filter(|it| it > &Exact::from_integer(0.into()))
        }
        _ => None,
    };
    let of_format = Numbers {
        low: range.as_ref().map(|(low, _)| inclusive(low)),
        high: range.as_ref().map(|(_, high)| inclusive(high)),
        whole,
        steps: step.into_iter().collect(),
        formats: format
            .filter(|it| range.is_none() && (node.get("type").is_some() || is_numeric(it)))
            .map(str::to_owned)
            .into_iter()
            .collect(),
    };
    let bounds = Numbers {
        low: bound("minimum", "exclusiveMinimum"),
        high: bound("maximum", "exclusiveMaximum"),
        ..Numbers::default()
    };
    of_format.meet(&bounds)
}

fn inclusive(at: &BigInt) -> Bound {
    Bound {
        at: Exact::from_integer(at.clone()),
        exclusive: false,
    }
}

/// Whether a format is one of numbers, where no type says so.
fn is_numeric(format: &str) -> bool {
    matches!(format, "float" | "double") || interval(format).is_some()
}

/// The whole numbers of a format.
fn interval(format: &str) -> Option<(BigInt, BigInt)> {
    let (signed, bits) = match format {
        "int8" => (true, 8_u32),
        "int16" => (true, 16),
        "int32" => (true, 32),
        "int64" => (true, 64),
        "uint8" => (false, 8),
        "uint16" => (false, 16),
        "uint32" => (false, 32),
        "uint64" | "uint" => (false, 64),
        _ => return None,
    };
    let half = BigInt::from(2).pow(bits - 1);
    Some(if signed {
        (-half.clone(), half - 1)
    } else {
        (BigInt::ZERO, half * 2 - 1)
    })
}
