//! One walk over a document by the table of fields: unknown and missing fields, values of another type.
//! On the way it collects what later checks need.

use crate::fault::Fault;
use crate::fields::{self, Keys, Object, Shape};
use crate::node::{Data, Entries, Node, NodeId};

/// A `$ref` of a document.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// The value of the `$ref`.
    pub node: &'a Node,
    /// The value as text.
    pub target: &'a str,
    /// The object that it must lead to.
    pub object: &'static Object,
}

impl Reference<'_> {
    /// What to do about a reference that leads to a wrong place.
    pub fn remedy(&self) -> String {
        match self.object.section {
            "" => "write the object in place".to_owned(),
            section => {
                format!("copy what it leads to into `components/{section}` and refer to it there")
            }
        }
    }
}

/// What a walk over a document finds.
#[derive(Debug, Default)]
pub(crate) struct Walk<'a> {
    /// Faults of the document as OpenAPI 3.0.
    pub(crate) faults: Vec<Fault>,
    /// Those that leave something unread on the way to the operations and components.
    pub(crate) obstacles: Vec<Fault>,
    pub(crate) references: Vec<Reference<'a>>,
    /// The Schema Objects, but for references to one.
    pub(crate) schemas: Vec<&'a Node>,
    /// What may hold a schema with examples of it: parameters, headers, media types.
    pub(crate) described: Vec<&'a Node>,
}

impl<'a> Walk<'a> {
    /// Walks a document.
    pub(crate) fn of(root: &'a Node) -> Self {
        let mut walk = Self::default();
        walk.object(root, &fields::DOCUMENT, true);
        walk
    }

    fn fault(&mut self, node: NodeId, message: String, remedy: impl Into<String>) {
        self.faults.push(Fault::new(node, message, remedy));
    }

    /// `on_the_way` is whether a comparison comes by.
    fn value(&mut self, node: &'a Node, shape: &'static Shape, on_the_way: bool) {
        match shape {
            Shape::Object(object) => self.object(node, object, on_the_way),
            Shape::OrReference(object) => self.object_or_reference(node, object, on_the_way),
            Shape::BooleanOrSchema if node.is_map() => {
                self.object_or_reference(node, &fields::SCHEMA, on_the_way);
            }
            _ if !shape.admits(node) => self.kind(node, expected(shape), on_the_way),
            Shape::List(item) | Shape::Set(item) => {
                for node in node.items() {
                    self.value(node, item, false);
                }
            }
            Shape::Map(keys, item) => {
                for (key, node) in node.entries() {
                    if is_name(*keys) || !fields::is_extension(key) {
                        self.key(node.id, key, *keys);
                        self.value(node, item, on_the_way && *keys == Keys::Path);
                    }
                }
            }
            Shape::Size if !matches!(&node.data, Data::Number(size) if size.is_u64()) => {
                self.kind(node, expected(shape), on_the_way);
            }
            Shape::Word(words) if !words.contains(&node.text().unwrap_or_default()) => {
                let message = format!("{node} is not a value of this field in OpenAPI 3.0");
                let remedy = format!("write one of: {}", words.join(", "));
                self.fault(node.id, message, remedy);
            }
            _ => {}
        }
    }

    fn kind(&mut self, node: &Node, expected: &str, on_the_way: bool) {
        let message = format!("expected {expected}, found {}", kind(node));
        let fault = Fault::new(node.id, message, format!("make it {expected}"));
        if on_the_way {
            self.obstacles.push(fault.clone());
        }
        self.faults.push(fault);
    }

    fn key(&mut self, node: NodeId, key: &str, keys: Keys) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let (fits, rule) = match keys {
            Keys::Any => (true, ""),
            Keys::Path => (key.starts_with('/'), "a path begins with `/`"),
            Keys::Status => (
                key == "default" || is_status(key),
                "a response is keyed by a status from '100' to '599', by '1XX' to '5XX', or by `default`",
            ),
            Keys::Component => (
                !key.is_empty() && key.chars().all(is_name),
                "a component's name holds only letters, digits, `.`, `-` and `_`",
            ),
        };
        if !fits {
            self.fault(node, format!("`{key}` is not a key for this place"), rule);
        }
    }

    fn object_or_reference(&mut self, node: &'a Node, object: &'static Object, on_the_way: bool) {
        match node.get("$ref").map(|it| (it, it.text())) {
            None => self.object(node, object, on_the_way),
            Some((node, Some(target))) => self.references.push(Reference {
                node,
                target,
                object,
            }),
            Some((node, None)) => self.fault(
                node.id,
                format!("expected a string, found {}", kind(node)),
                "write a reference such as '#/components/schemas/Name'",
            ),
        }
    }

    fn object(&mut self, node: &'a Node, object: &'static Object, on_the_way: bool) {
        let Data::Map(entries) = &node.data else {
            let expected = format!("a mapping ({})", object.name);
            return self.kind(node, &expected, on_the_way);
        };
        for field in object.required {
            if node.get(field).is_none() {
                self.fault(
                    node.id,
                    format!("the field `{field}` is missing from this {}", object.name),
                    format!("add `{field}`"),
                );
            }
        }
        match object.name {
            "Schema Object" => self.schemas.push(node),
            "Parameter Object" | "Header Object" | "Media Type Object" => self.described.push(node),
            _ => {}
        }
        self.fields(entries, object);
    }

    fn fields(&mut self, entries: &'a Entries, object: &'static Object) {
        for (field, node) in entries {
            match object.field(field) {
                _ if fields::is_extension(field) => {}
                Some(shape) => self.value(node, shape, leads_on(object, field)),
                None if **field == *"$ref" => self.fault(
                    node.id,
                    format!("a $ref isn't allowed in place of a {}", object.name),
                    "write the object in place",
                ),
                None => {
                    let names: Vec<&str> = object.names().collect();
                    let remedy = match closest(field, &names) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => {
                            format!("remove it, or name it `x-{field}` if it is an extension")
                        }
                    };
                    let name = object.name;
                    let message = format!("`{field}` is not a field of a {name} in OpenAPI 3.0");
                    self.fault(node.id, message, remedy);
                }
            }
        }
    }
}

/// Whether a comparison can't do without the value of a field: it has the operations or components, or
/// decides what an operation takes.
fn leads_on(object: &Object, field: &str) -> bool {
    match object.name {
        "OpenAPI document" => matches!(field, "paths" | "components" | "servers" | "security"),
        "Components Object" => true,
        "Path Item Object" => field == "parameters" || fields::METHODS.contains(&field),
        "Operation Object" => {
            matches!(
                field,
                "parameters" | "responses" | "requestBody" | "security"
            )
        }
        _ => false,
    }
}

/// The name that was meant, if there is one like it.
pub fn closest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    similar::get_close_matches(name, names, 1, 0.65).pop()
}

fn is_name(keys: Keys) -> bool {
    matches!(keys, Keys::Any | Keys::Component)
}

fn is_status(key: &str) -> bool {
    match key.as_bytes() {
        [b'1'..=b'5', b'X', b'X'] => true,
        [b'1'..=b'5', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        _ => false,
    }
}

fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Boolean | Shape::BooleanOrSchema => "true or false",
        Shape::Number => "a number",
        Shape::Size => "a whole number of 0 or more",
        Shape::List(_) | Shape::Set(_) => "a list",
        Shape::Map(..) => "a mapping",
        _ => "a string",
    }
}

fn kind(node: &Node) -> &'static str {
    match &node.data {
        Data::Null => "nothing",
        Data::Bool(_) => "true or false",
        Data::Number(_) => "a number",
        Data::Text(_) => "a string",
        Data::List(_) => "a list",
        Data::Map(_) => "a mapping",
    }
}
