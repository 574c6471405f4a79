//! The public API of generated code, as far as other code depends on it, and what changes about it.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{Fields, FnArg, ImplItem, Item, Pat, ReturnType, Visibility};

/// The public items of a generated module by their paths: `types::Model`, `types::Model.field`,
/// `types::Enum::Variant`, `types::Model: Trait`, `Client::method`.
#[derive(Debug, Default)]
pub(super) struct Api {
    items: BTreeMap<String, Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    text: String,
    /// The names of a method's arguments, whose order matters even if their types are alike.
    arguments: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A struct that other code can build, or an enum that it can match all of.
    Exhaustive,
    /// A field or a variant.
    Part,
    Other,
}

/// A change after which code that uses the generated crate may not compile, or may do something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiChange {
    /// The path of the item.
    pub(super) path: String,
    pub(super) what: What,
    /// What has changed, for a person.
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Removed,
    Changed,
    Added,
}

impl Api {
    /// Reads a generated module.
    pub(super) fn of(code: &str) -> syn::Result<Self> {
        let file = syn::parse_file(code)?;
        let mut api = Self::default();
        api.module(&file.items, "");
        Ok(api)
    }

    fn add(&mut self, path: String, text: String, kind: Kind) {
        let arguments = Vec::new();
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
    fn content(&self, path: &str) -> Vec<(String, &Signature)> {
        let within = |name: &str| name.strip_prefix(path).map(str::to_owned);
        self.items
            .range(path.to_owned()..)
            .take_while(|(name, _)| name.starts_with(path))
            .filter_map(|(name, signature)| Some((within(name)?, signature)))
            .filter(|(rest, _)| rest.is_empty() || rest.starts_with(['.', ':']))
            .collect()
    }

    fn is_type(&self, path: &str) -> bool {
        path.starts_with("types::")
            && !path.contains(['.', ' '])
            && path.matches("::").count() == 1
            && self.items.contains_key(path)
    }
}

/// What a user of the base must look at after regenerating from the revision.
pub(super) fn compare(base: &Api, revision: &Api) -> Vec<ApiChange> {
    let renames = renames(base, revision);
    let mut changes: Vec<ApiChange> = renames
        .iter()
        .map(|(old, new)| ApiChange {
            path: old.clone(),
            what: What::Removed,
            message: format!("`{old}` is renamed to `{new}`"),
        })
        .collect();
    let new_path = |path: &str| {
        renames.iter().find_map(|(old, new)| {
            let rest = path.strip_prefix(old.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', ':']))
                .then(|| format!("{new}{}", renamed(rest, &renames)))
        })
    };
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    for (path, old) in &base.items {
        let now = new_path(path).unwrap_or_else(|| path.clone());
        let Some(new) = revision.items.get(&now) else {
            let above = gone.iter().any(|owner| {
                path.strip_prefix(owner)
                    .is_some_and(|rest| rest.starts_with(['.', ':']))
            });
            if !above && new_path(path).is_none() {
                gone.insert(path);
                changes.push(ApiChange {
                    path: path.clone(),
                    what: What::Removed,
                    message: format!("`{path}` is gone"),
                });
            }
            continue;
        };
        changes.extend(changed(path, old, new, &renames));
    }
    let names_before: BTreeSet<String> = base
        .items
        .keys()
        .map(|path| new_path(path).unwrap_or_else(|| path.clone()))
        .collect();
    for (path, item) in &revision.items {
        let owner = path
            .rsplit_once('.')
            .or_else(|| path.rsplit_once("::"))
            .map_or("", |(owner, _)| owner);
        let matters = item.kind == Kind::Part
            && names_before.contains(owner)
            && revision
                .items
                .get(owner)
                .is_some_and(|it| it.kind == Kind::Exhaustive);
        if matters && !names_before.contains(path) {
            let kind = if path.contains('.') {
                "public field"
            } else {
                "variant"
            };
            changes.push(ApiChange {
                path: path.clone(),
                what: What::Added,
                message: format!("`{owner}` has one more {kind}, `{path}`"),
            });
        }
    }
    changes
}

fn changed(
    path: &str,
    old: &Signature,
    new: &Signature,
    renames: &[(String, String)],
) -> Option<ApiChange> {
    let before = renamed(&old.text, renames);
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let message = if before != new.text {
        format!("`{path}` was `{}`, and is `{}`", old.text, new.text)
    } else if old.arguments != new.arguments && sorted(&old.arguments) == sorted(&new.arguments) {
        format!(
            "`{path}` took ({}), and takes ({}): the order of the arguments has changed",
            old.arguments.join(", "),
            new.arguments.join(", ")
        )
    } else {
        return None;
    };
    Some(ApiChange {
        path: path.to_owned(),
        what: What::Changed,
        message,
    })
}

/// Types that are gone, each with the new type that has all that it had.
fn renames(base: &Api, revision: &Api) -> Vec<(String, String)> {
    let only = |this: &Api, other: &Api| -> Vec<String> {
        let mut paths: Vec<String> = this.items.keys().cloned().collect();
        paths.retain(|path| this.is_type(path) && !other.items.contains_key(path));
        paths
    };
    let mut removed = only(base, revision);
    let mut added = only(revision, base);
    let mut renames: Vec<(String, String)> = Vec::new();
    // A type may hold another that is renamed with it, so that it is known only after that.
    loop {
        let before = renames.len();
        removed.retain(|old| {
            let like = added.iter().position(|new| {
                let mut all = renames.clone();
                all.push((old.clone(), new.clone()));
                has_all_of(&base.content(old), &revision.content(new), &all)
            });
            let pair = like.map(|index| (old.clone(), added.remove(index)));
            let stays = pair.is_none();
            renames.extend(pair);
            stays
        });
        if renames.len() == before {
            return renames;
        }
    }
}

fn has_all_of(
    old: &[(String, &Signature)],
    new: &[(String, &Signature)],
    renames: &[(String, String)],
) -> bool {
    let old: Vec<_> = old
        .iter()
        .map(|(rest, it)| (renamed(rest, renames), renamed(&it.text, renames)))
        .collect();
    let same = |(a, b): &(&(String, String), &(String, &Signature))| a.1 == b.1.text;
    old.len() > 1
        && old.iter().map(|it| &it.0).eq(new.iter().map(|it| &it.0))
        && old.iter().zip(new).filter(same).count() * 2 >= old.len()
}

/// A text with types by their new names.
fn renamed(text: &str, renames: &[(String, String)]) -> String {
    let name = |path: &str| path.trim_start_matches("types::").to_owned();
    renames.iter().fold(text.to_owned(), |text, (from, to)| {
        replace_word(&text, &name(from), &name(to))
    })
}

fn replace_word(text: &str, from: &str, to: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = rest.split_at(at);
        let after = after.get(from.len()..).unwrap_or_default();
        out.push_str(before);
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(if whole { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(base: &str, revision: &str) -> Vec<String> {
        let (base, revision) = (Api::of(base).unwrap(), Api::of(revision).unwrap());
        compare(&base, &revision)
            .into_iter()
            .map(|it| it.message)
            .collect()
    }

    const BASE: &str = "
        pub mod types {
            #[derive(Clone, Default)]
            pub struct User { pub id: String, pub name: ::std::option::Option<String> }
            pub enum Kind { A, B(u8) }
            pub struct Holder { pub user: User }
        }
        pub struct Client { pub(crate) inner: u8 }
        impl Client {
            pub async fn get<'a>(&'a self, project: &'a str, dataset: &'a str) -> u8 { 0 }
            fn private(&self) {}
        }";

    #[test]
    fn a_module_against_itself_has_no_changes() {
        assert_eq!(messages(BASE, BASE), [""; 0]);
    }

    #[test]
    fn what_breaks_code_is_told() {
        let cases = [
            (
                "id: String",
                "id: u64",
                "`types::User.id` was `String`, and is `u64`",
            ),
            ("pub id: String, ", "", "`types::User.id` is gone"),
            (
                "pub id: String, ",
                "pub id: String, pub more: u8, ",
                "`types::User` has one more public field, `types::User.more`",
            ),
            (
                "A, ",
                "A, C, ",
                "`types::Kind` has one more variant, `types::Kind::C`",
            ),
            (
                "B(u8)",
                "B(u16)",
                "`types::Kind::B` was `(u8)`, and is `(u16)`",
            ),
            ("Clone, Default", "Clone", "`types::User: Default` is gone"),
            ("async fn get", "async fn fetch", "`Client::get` is gone"),
            (
                "project: &'a str, dataset: &'a str",
                "dataset: &'a str, project: &'a str",
                "`Client::get` took (project, dataset), and takes (dataset, project): \
                 the order of the arguments has changed",
            ),
            (
                "project: &'a str, ",
                "project: &'a str, page: u8, ",
                "`Client::get` was `async fn<'a>(&'a self, &'a str, &'a str) -> u8`, \
                 and is `async fn<'a>(&'a self, &'a str, u8, &'a str) -> u8`",
            ),
        ];
        for (from, to, expected) in cases {
            assert!(BASE.contains(from), "{from}");
            assert_eq!(messages(BASE, &BASE.replacen(from, to, 1)), [expected]);
        }
    }

    #[test]
    fn what_breaks_no_code_is_not_told() {
        let cases = [
            ("fn private", "fn secret"),
            ("pub(crate) inner: u8", "pub(crate) inner: u16"),
            (
                "#[derive(Clone, Default)]",
                "/// Words.\n#[derive(Clone, Default, Debug)]",
            ),
            ("pub enum Kind", "pub struct More; pub enum Kind"),
            ("project: &'a str", "space: &'a str"),
            ("fn private", "pub fn another(&self) {} fn private"),
        ];
        for (from, to) in cases {
            assert!(BASE.contains(from), "{from}");
            assert_eq!(messages(BASE, &BASE.replacen(from, to, 1)), [""; 0], "{to}");
        }
    }

    #[test]
    fn open_types_may_grow() {
        let open = BASE
            .replace("pub enum", "#[non_exhaustive] pub enum")
            .replace("#[derive(Clone, Default)]", "#[non_exhaustive]");
        let grown = open
            .replace("A, ", "A, C, ")
            .replace("pub id", "pub more: u8, pub id");
        assert_eq!(messages(&open, &grown), [""; 0]);
    }

    #[test]
    fn a_renamed_type_is_told_once() {
        let revision = BASE.replace("User", "Person");
        assert_eq!(
            messages(BASE, &revision),
            ["`types::User` is renamed to `types::Person`"]
        );
    }

    #[test]
    fn a_type_that_holds_another_is_renamed_with_it() {
        let code = "pub mod types { pub enum Kind { Known(KindKnown), Other(String) }
            pub enum KindKnown { Bolt, Nut } impl From<KindKnown> for Kind {} }";
        assert_eq!(
            messages(
                code,
                &code
                    .replace("Kind", "Sort")
                    .replace("KindKnown", "SortKnown")
            ),
            [
                "`types::KindKnown` is renamed to `types::SortKnown`",
                "`types::Kind` is renamed to `types::Sort`",
            ]
        );
    }
}
