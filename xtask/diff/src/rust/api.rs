//! The public API of generated code, as far as other code depends on it.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Fields, FnArg, ImplItem, Item, Pat, ReturnType, Visibility};

/// The public items of a generated module by their paths: `types::Model`, `types::Model.field`,
/// `types::Enum::Variant`, `types::Model: Trait`, `Client::method`.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) items: BTreeMap<String, Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) text: String,
    /// The names of a method's arguments, whose order matters even if their types are alike.
    pub(crate) arguments: Vec<String>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A struct that other code can build, or an enum that it can match all of.
    Exhaustive,
    /// A field or a variant.
    Part,
    Other,
}

impl Api {
    /// Reads a generated module.
    pub(crate) fn of(code: &str) -> syn::Result<Self> {
        let file = syn::parse_file(code)?;
        let mut api = Self::default();
        api.module(&file.items, "");
        Ok(api)
    }

    fn add(&mut self, path: String, text: impl Into<String>, kind: Kind) {
        let (text, arguments) = (text.into(), Vec::new());
        self.items.insert(
            path,
            Signature {
                text,
                arguments,
                kind,
            },
        );
    }

    fn module(&mut self, items: &[Item], scope: &str) {
        for item in items {
            match item {
                Item::Struct(item) if is_public(&item.vis) => {
                    let path = format!("{scope}{}", item.ident);
                    let fields: Vec<_> = item.fields.iter().collect();
                    let all_public = fields.iter().all(|field| is_public(&field.vis));
                    let open = has(&item.attrs, "non_exhaustive") || !all_public;
                    self.add(
                        path.clone(),
                        format!("struct{}{}", text(&item.generics), shape(&item.fields)),
                        if open { Kind::Other } else { Kind::Exhaustive },
                    );
                    self.fields(&path, &item.fields);
                    self.derives(&path, &item.attrs);
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let path = format!("{scope}{}", item.ident);
                    let open = has(&item.attrs, "non_exhaustive");
                    self.add(
                        path.clone(),
                        format!("enum{}", text(&item.generics)),
                        if open { Kind::Other } else { Kind::Exhaustive },
                    );
                    for variant in &item.variants {
                        let path = format!("{path}::{}", variant.ident);
                        self.add(path, payload(&variant.fields), Kind::Part);
                    }
                    self.derives(&path, &item.attrs);
                }
                Item::Type(item) if is_public(&item.vis) => {
                    let alias = format!("type{} = {}", text(&item.generics), text(&item.ty));
                    self.add(format!("{scope}{}", item.ident), alias, Kind::Other);
                }
                Item::Fn(item) if is_public(&item.vis) => {
                    self.function(format!("{scope}{}", item.sig.ident), &item.sig);
                }
                Item::Mod(module) if is_public(&module.vis) => {
                    if let Some((_, items)) = &module.content {
                        self.module(items, &format!("{scope}{}::", module.ident));
                    }
                }
                Item::Use(item) if is_public(&item.vis) => {
                    self.add(
                        format!("use {}", text(&item.tree)),
                        String::new(),
                        Kind::Other,
                    );
                }
                Item::Impl(block) => {
                    let owner = format!("{scope}{}", text(&block.self_ty));
                    match &block.trait_ {
                        Some((path, _)) => {
                            self.add(
                                format!("{owner}: {}", text(path)),
                                String::new(),
                                Kind::Other,
                            );
                        }
                        None => {
                            for item in &block.items {
                                if let ImplItem::Fn(method) = item
                                    && is_public(&method.vis)
                                {
                                    let path = format!("{owner}::{}", method.sig.ident);
                                    self.function(path, &method.sig);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, path: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate() {
            if is_public(&field.vis) {
                let name = field
                    .ident
                    .as_ref()
                    .map_or(index.to_string(), ToString::to_string);
                self.add(format!("{path}.{name}"), text(&field.ty), Kind::Part);
            }
        }
    }

    fn derives(&mut self, path: &str, attributes: &[syn::Attribute]) {
        for attribute in attributes.iter().filter(|it| it.path().is_ident("derive")) {
            let traits = attribute.parse_args_with(
                syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated,
            );
            for path_of_trait in traits.into_iter().flatten() {
                let name = format!("{path}: {}", text(&path_of_trait));
                self.add(name, String::new(), Kind::Other);
            }
        }
    }

    fn function(&mut self, path: String, signature: &syn::Signature) {
        let mut arguments = Vec::new();
        let mut types = Vec::new();
        for input in &signature.inputs {
            match input {
                FnArg::Receiver(receiver) => types.push(text(receiver)),
                FnArg::Typed(argument) => {
                    if let Pat::Ident(name) = &*argument.pat {
                        arguments.push(name.ident.to_string());
                    }
                    types.push(text(&argument.ty));
                }
            }
        }
        let output = match &signature.output {
            ReturnType::Default => String::new(),
            ReturnType::Type(_, output) => format!(" -> {}", text(output)),
        };
        let signature = Signature {
            text: format!(
                "{}fn{}({}){output}",
                if signature.asyncness.is_some() {
                    "async "
                } else {
                    ""
                },
                text(&signature.generics),
                types.join(", ")
            ),
            arguments,
            kind: Kind::Other,
        };
        self.items.insert(path, signature);
    }

    /// The items directly or indirectly within a type, without its name.
    pub(crate) fn content(&self, path: &str) -> Vec<(&str, &Signature)> {
        let items = self.items.range(path.to_owned()..);
        items
            .take_while(|(name, _)| name.starts_with(path))
            .filter_map(|(name, signature)| Some((name.strip_prefix(path)?, signature)))
            .filter(|(rest, _)| rest.is_empty() || rest.starts_with(['.', ':']))
            .collect()
    }

    pub(crate) fn is_type(&self, path: &str) -> bool {
        path.starts_with("types::")
            && !path.contains(['.', ' '])
            && path.matches("::").count() == 1
            && self.items.contains_key(path)
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn has(attributes: &[syn::Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

fn shape(fields: &Fields) -> &'static str {
    match fields {
        Fields::Named(_) => " { … }",
        Fields::Unnamed(_) => "( … )",
        Fields::Unit => "",
    }
}

/// What a variant holds, without the attributes of its fields.
fn payload(fields: &Fields) -> String {
    let field = |field: &syn::Field| match &field.ident {
        Some(name) => format!("{name}: {}", text(&field.ty)),
        None => text(&field.ty),
    };
    let all: Vec<String> = fields.iter().map(field).collect();
    match fields {
        Fields::Named(_) => format!("{{ {} }}", all.join(", ")),
        Fields::Unnamed(_) => format!("({})", all.join(", ")),
        Fields::Unit => String::new(),
    }
}

/// Tokens as a person would write them: paths of the standard library by their last name.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
    ] {
        text = text.replace(from, to);
    }
    for module in [
        "option",
        "string",
        "vec",
        "collections",
        "boxed",
        "convert",
        "fmt",
        "str",
        "default",
        "borrow",
    ] {
        text = text.replace(&format!("::std::{module}::"), "");
    }
    text
}
