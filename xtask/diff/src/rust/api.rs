//! The public API of generated code, as far as other code depends on it.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::punctuated::Punctuated;
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
    /// The names of a method's arguments, whose meaning matters even if their types are alike.
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
        self.insert(path, text.into(), Vec::new(), kind);
    }

    fn insert(&mut self, path: String, text: String, arguments: Vec<String>, kind: Kind) {
        let signature = Signature {
            text,
            arguments,
            kind,
        };
        self.items.insert(path, signature);
    }

    fn module(&mut self, items: &[Item], scope: &str) {
        for item in items {
            match item {
                Item::Struct(item) if is_public(&item.vis) => {
                    let path = format!("{scope}{}", item.ident);
                    let all_public = item.fields.iter().all(|field| is_public(&field.vis));
                    let kind = type_kind(&item.attrs, all_public);
                    let text = format!("struct{}{}", text(&item.generics), shape(&item.fields));
                    self.add(path.clone(), text, kind);
                    self.fields(&path, &item.fields);
                    self.derives(&path, &item.attrs);
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let path = format!("{scope}{}", item.ident);
                    let text = format!("enum{}", text(&item.generics));
                    self.add(path.clone(), text, type_kind(&item.attrs, true));
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
                    let items = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                    self.module(items, &format!("{scope}{}::", module.ident));
                }
                Item::Use(item) if is_public(&item.vis) => {
                    self.add(format!("use {}", text(&item.tree)), "", Kind::Other);
                }
                Item::Impl(block) => self.implementation(block, scope),
                _ => {}
            }
        }
    }

    fn implementation(&mut self, block: &syn::ItemImpl, scope: &str) {
        let owner = format!("{scope}{}", text(&block.self_ty));
        if let Some((path, _)) = &block.trait_ {
            return self.add(format!("{owner}: {}", text(path)), "", Kind::Other);
        }
        let mut methods: BTreeMap<String, &syn::Signature> = BTreeMap::new();
        for item in &block.items {
            if let ImplItem::Fn(method) = item
                && is_public(&method.vis)
            {
                methods.insert(method.sig.ident.to_string(), &method.sig);
            }
        }
        for (name, signature) in &methods {
            // The method that builds an operation's request changes only with the one that sends it, which
            // says it all.
            let sends = name.strip_suffix("_request");
            if !sends.is_some_and(|sends| methods.contains_key(sends)) {
                self.function(format!("{owner}::{name}"), signature);
            }
        }
    }

    fn fields(&mut self, path: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate().filter(|it| is_public(&it.1.vis)) {
            let name = field.ident.as_ref().map(ToString::to_string);
            let name = name.unwrap_or_else(|| index.to_string());
            self.add(format!("{path}.{name}"), text(&field.ty), Kind::Part);
        }
    }

    fn derives(&mut self, path: &str, attributes: &[syn::Attribute]) {
        for attribute in attributes.iter().filter(|it| it.path().is_ident("derive")) {
            let traits = Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
            for name in attribute.parse_args_with(traits).into_iter().flatten() {
                self.add(format!("{path}: {}", text(&name)), "", Kind::Other);
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
        let asyncness = signature.asyncness.as_ref().map_or("", |_| "async ");
        let (generics, types) = (text(&signature.generics), types.join(", "));
        let text = format!("{asyncness}fn{generics}({types}){output}");
        self.insert(path, text, arguments, Kind::Other);
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

fn type_kind(attributes: &[syn::Attribute], all_public: bool) -> Kind {
    let mut attributes = attributes.iter();
    if all_public && !attributes.any(|it| it.path().is_ident("non_exhaustive")) {
        Kind::Exhaustive
    } else {
        Kind::Other
    }
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
    const MODULES: &str = "option string vec collections boxed convert fmt str default borrow";
    let mut text = tokens.to_token_stream().to_string();
    for (tight, spaced) in [
        ("::", &[" :: ", ":: ", " ::"][..]),
        ("<", &[" <", "< "]),
        (">", &[" >"]),
        ("&", &["& "]),
        (",", &[" ,"]),
        ("(", &["( ", " ("]),
        (")", &[" )"]),
    ] {
        text = spaced.iter().fold(text, |text, it| text.replace(it, tight));
    }
    let modules = MODULES.split(' ').map(|it| format!("::std::{it}::"));
    modules.fold(text, |text, module| text.replace(&module, ""))
}
