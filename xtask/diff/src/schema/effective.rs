//! What a schema says once its references are followed and its `allOf` is taken together.

use std::collections::{BTreeSet, HashSet};

use xtask_spec::{Data, Node, NodeId, Spec, fields};

/// The parts that a value must fit all of, outermost first.
#[derive(Debug)]
pub(crate) struct Effective<'a> {
    pub(super) parts: Vec<&'a Node>,
    seen: HashSet<NodeId>,
    /// The `oneOf`s and `anyOf`s.
    pub(crate) unions: Vec<Union<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Union<'a> {
    pub(crate) node: &'a Node,
    pub(super) exclusive: bool,
}

impl Union<'_> {
    pub(super) fn keyword(&self) -> &'static str {
        if self.exclusive { "oneOf" } else { "anyOf" }
    }
}

/// A lower or an upper bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound<'a> {
    /// The value of a lower bound, and of an upper one the opposite.
    pub(super) strictness: f64,
    pub(super) exclusive: bool,
    pub(super) node: &'a Node,
}

/// A property as seen from the schema that has it.
#[derive(Debug)]
pub(super) struct Property<'a> {
    pub(super) schemas: Vec<&'a Node>,
    pub(super) required: bool,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
}

impl<'a> Effective<'a> {
    /// Of a value that must fit all of some schemas; of none: any value.
    pub(crate) fn of(spec: &Spec<'a>, schemas: &[&'a Node]) -> Self {
        let mut effective = Self {
            parts: Vec::new(),
            seen: HashSet::new(),
            unions: Vec::new(),
        };
        effective.add(spec, schemas);
        effective
    }

    fn add(&mut self, spec: &Spec<'a>, schemas: &[&'a Node]) {
        let mut open: Vec<&Node> = schemas.iter().rev().copied().collect();
        while let Some(schema) = open.pop() {
            let schema = spec.resolve(schema);
            if !self.seen.insert(schema.id) {
                continue;
            }
            self.parts.push(schema);
            open.extend(schema.list("allOf").iter().rev());
            for (keyword, exclusive) in [("oneOf", true), ("anyOf", false)] {
                let union = schema.get(keyword).filter(|node| !node.items().is_empty());
                self.unions
                    .extend(union.map(|node| Union { node, exclusive }));
            }
        }
    }

    /// Takes a choice of one as what it is: no choice.
    pub(super) fn take_choices_of_one(&mut self, spec: &Spec<'a>) {
        while let Some(at) = self.unions.iter().position(|it| it.node.items().len() == 1) {
            let union = self.unions.remove(at);
            let alone: Vec<&Node> = union.node.items().iter().collect();
            self.add(spec, &alone);
        }
    }

    /// The values of a keyword in all parts.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = &'a Node> {
        self.parts.iter().filter_map(move |part| part.get(keyword))
    }

    /// The outermost value of a keyword.
    pub(super) fn first(&self, keyword: &str) -> Option<&'a Node> {
        self.all(keyword).next()
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.all(keyword).any(Node::is_true)
    }

    /// The allowed types; `None` if any is.
    pub(crate) fn types(&self) -> Option<BTreeSet<&'a str>> {
        let mut types: Option<BTreeSet<&str>> = None;
        for part in &self.parts {
            let Some(of_part) = types_of(part) else {
                continue;
            };
            types = Some(match types {
                None => of_part,
                Some(before) => intersection(&before, &of_part),
            });
        }
        types
    }

    /// Whether the schema says nothing about the value.
    pub(super) fn is_any(&self) -> bool {
        self.unions.is_empty() && self.has_only(&[])
    }

    /// Whether the value is one of some alternatives, and nothing else is said about it but what all
    /// of them may say: its type.
    pub(super) fn is_union(&self) -> bool {
        self.unions.len() == 1 && self.has_only(&["type", "discriminator"])
    }

    fn has_only(&self, keywords: &[&str]) -> bool {
        let mut entries = self.parts.iter().flat_map(|part| part.entries());
        entries.all(|(key, _)| says_nothing(key) || keywords.contains(&&**key))
    }

    /// Whether something is said about properties or items.
    pub(super) fn has_inner(&self) -> bool {
        ["properties", "required", "additionalProperties", "items"]
            .iter()
            .any(|keyword| self.first(keyword).is_some())
    }

    pub(super) fn allows_null(&self) -> bool {
        self.flag("nullable")
            || (!self.parts.is_empty() && self.parts.iter().all(|it| self.is_open(it)))
    }

    /// Whether a part alone allows null without saying so. Members of `allOf`, and the one of a choice that
    /// is taken for none, are parts themselves.
    fn is_open(&self, part: &Node) -> bool {
        if let Some(values) = part.get("enum") {
            let mut values = values.items().iter();
            return values.any(|value| matches!(value.data, Data::Null));
        }
        let is_choice = |keyword: &str| {
            let of_part = part.get(keyword).map(|node| node.id);
            let mut unions = self.unions.iter();
            unions.any(|union| of_part == Some(union.node.id))
        };
        let says = |keyword: &str| part.get(keyword).is_some();
        let typed = ["type", "properties", "items", "additionalProperties"];
        !typed.into_iter().any(says) && !["oneOf", "anyOf"].into_iter().any(is_choice)
    }

    /// The listed values, if they are listed.
    pub(super) fn values(&self) -> Option<(&'a Node, Vec<&'a Node>)> {
        let mut lists = self.all("enum");
        let first = lists.next()?;
        let mut values: Vec<&Node> = first.items().iter().collect();
        for list in lists {
            values.retain(|value| list.items().contains(value));
        }
        Some((first, values))
    }

    pub(super) fn minimum(&self) -> Option<Bound<'a>> {
        self.bound("minimum", "exclusiveMinimum", |value| value)
    }

    pub(super) fn maximum(&self) -> Option<Bound<'a>> {
        self.bound("maximum", "exclusiveMaximum", |value| -value)
    }

    /// The strictest bound.
    fn bound(&self, keyword: &str, exclusive: &str, sign: fn(f64) -> f64) -> Option<Bound<'a>> {
        let bounds = self.parts.iter().filter_map(|part| {
            let node = part.get(keyword)?;
            Some(Bound {
                strictness: sign(node.number()?),
                exclusive: part.flag(exclusive),
                node,
            })
        });
        let key = |bound: &Bound<'_>| (bound.strictness, bound.exclusive);
        bounds.reduce(|a, b| if key(&b) > key(&a) { b } else { a })
    }

    /// The strictest value of a keyword that counts from below (`minLength`), with its place.
    pub(super) fn min_size(&self, keyword: &str) -> Option<(f64, &'a Node)> {
        // Nothing has fewer than no items.
        self.size(keyword, |value| value)
            .filter(|(value, _)| *value > 0.0)
    }

    /// The same of one that counts from above. The greater the strictness, the lower is the value.
    pub(super) fn max_size(&self, keyword: &str) -> Option<(f64, &'a Node)> {
        self.size(keyword, |value| -value)
    }

    fn size(&self, keyword: &str, sign: fn(f64) -> f64) -> Option<(f64, &'a Node)> {
        let sizes = self.all(keyword);
        let sizes = sizes.filter_map(|node| Some((sign(node.number()?), node)));
        sizes.reduce(|a, b| if b.0 > a.0 { b } else { a })
    }

    pub(super) fn property_names(&self) -> Vec<&'a str> {
        let described = self.all("properties").flat_map(Node::entries);
        let required = self.all("required").flat_map(Node::items);
        let mut seen = BTreeSet::new();
        described
            .map(|(name, _)| &**name)
            .chain(required.filter_map(Node::text))
            .filter(|name| seen.insert(*name))
            .collect()
    }

    pub(super) fn property(&self, spec: &Spec<'a>, name: &str) -> Option<Property<'a>> {
        let schemas: Vec<&Node> = self
            .all("properties")
            .filter_map(|properties| properties.get(name))
            .collect();
        let required = self
            .all("required")
            .flat_map(Node::items)
            .any(|it| it.text() == Some(name));
        if schemas.is_empty() && !required {
            return None;
        }
        let mut effective = Effective::of(spec, &schemas);
        effective.take_choices_of_one(spec);
        Some(Property {
            required,
            read_only: effective.flag("readOnly"),
            write_only: effective.flag("writeOnly"),
            schemas,
        })
    }

    /// What properties that are not described must fit.
    pub(super) fn additional(&self, spec: &Spec<'a>) -> Additional<'a> {
        let mut schemas = Vec::new();
        for node in self.all("additionalProperties") {
            match &node.data {
                Data::Bool(false) => return Additional::None(node),
                Data::Map(_) if !Effective::of(spec, &[node]).is_any() => schemas.push(node),
                _ => {}
            }
        }
        if schemas.is_empty() {
            Additional::Any
        } else {
            Additional::Some(schemas)
        }
    }
}

/// Whether a keyword restricts no value, or only through the schemas in it.
fn says_nothing(keyword: &str) -> bool {
    let is_said_elsewhere = matches!(
        keyword,
        "allOf" | "oneOf" | "anyOf" | "nullable" | "default" | "readOnly" | "writeOnly"
    );
    is_said_elsewhere
        || matches!(keyword, "title" | "xml" | "deprecated")
        || fields::is_words(keyword)
}

/// The properties that are allowed though they are not described.
#[derive(Debug)]
pub(super) enum Additional<'a> {
    None(&'a Node),
    Some(Vec<&'a Node>),
    Any,
}

fn types_of(part: &Node) -> Option<BTreeSet<&str>> {
    if let Some(kind) = part.field("type") {
        return Some(BTreeSet::from([kind]));
    }
    if let Some(values) = part.get("enum") {
        return Some(values.items().iter().map(type_of_value).collect());
    }
    // A schema that speaks of properties or items means an object or a list, and is generated so.
    if part.get("properties").is_some() || part.get("additionalProperties").is_some() {
        return Some(BTreeSet::from(["object"]));
    }
    part.get("items").map(|_| BTreeSet::from(["array"]))
}

fn type_of_value(value: &Node) -> &'static str {
    match &value.data {
        Data::Bool(_) => "boolean",
        Data::Number(number) if number.is_f64() => "number",
        Data::Number(_) => "integer",
        Data::List(_) => "array",
        Data::Map(_) => "object",
        Data::Text(_) | Data::Null => "string",
    }
}

fn intersection<'a>(a: &BTreeSet<&'a str>, b: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let is_in = |kind: &str, others: &BTreeSet<&str>| {
        others.contains(kind) || (kind == "integer" && others.contains("number"))
    };
    let shared = a.iter().filter(|kind| is_in(kind, b));
    shared
        .chain(b.iter().filter(|kind| is_in(kind, a)))
        .copied()
        .collect()
}
