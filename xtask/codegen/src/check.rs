//! Whether generated code can compile: its names are distinct, and its crates are there.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Fields, FnArg, ImplItem, Pat, Stmt};

use crate::refusal::Refusal;

/// The manifest of the crate that the code is for.
const MANIFEST: &str = include_str!("../../../generated-client/Cargo.toml");

/// Types that the code itself uses by their names in the prelude; schemars uses `Box` and `Default`.
const RESERVED: [&str; 9] = [
    "Box", "Default", "Err", "From", "None", "Ok", "Result", "Some", "String",
];

const CLIENT: &str = "Client";

const OTHER_NAME: &str = "choose another name";

/// Which crates the code may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crates {
    /// The dependencies of the generated crate.
    Listed,
    /// Any: the code is only compared.
    Any,
}

/// Refuses code that would not compile, or that would use one value where it means another.
///
/// # Errors
///
/// The type or method at fault, with a remedy.
pub fn check(file: &syn::File, crates: Crates) -> Result<(), Refusal> {
    let manifest: toml::Table = MANIFEST.parse().unwrap_or_default();
    let listed = manifest.get("dependencies").and_then(toml::Value::as_table);
    let listed = listed.into_iter().flat_map(toml::Table::keys);
    let listed = listed.map(|it| it.replace('-', "_"));
    let mut check = Check {
        reserved: RESERVED.iter().map(|it| format!("type {it}")).collect(),
        seen: BTreeSet::new(),
        crates: (crates == Crates::Listed).then(|| listed.chain(["std".to_owned()]).collect()),
        module: String::new(),
        item: String::new(),
        refusal: None,
    };
    check.visit_file(file);
    check.refusal.map_or(Ok(()), Err)
}

struct Check {
    /// Kinds and names, such as `type String`.
    reserved: BTreeSet<String>,
    /// The same with what they are in.
    seen: BTreeSet<String>,
    /// All, if there is none.
    crates: Option<BTreeSet<String>>,
    module: String,
    /// The type or the method of the client that is visited.
    item: String,
    /// The first one counts.
    refusal: Option<Refusal>,
}

impl Check {
    fn refuse(&mut self, message: String, remedy: &str) {
        self.refusal.get_or_insert_with(|| Refusal {
            item: Some(self.item.clone()),
            message,
            remedy: remedy.to_owned(),
        });
    }

    fn add(&mut self, kind: &str, scope: &str, name: &Ident) {
        let message = if self.reserved.contains(&format!("{kind} {name}")) {
            format!("the generated code has a {kind} `{name}` of its own")
        } else if !self.seen.insert(format!("{kind} {scope}::{name}")) {
            format!("two {kind}s become `{name}` in Rust")
        } else {
            return;
        };
        self.refuse(message, OTHER_NAME);
    }

    fn start(&mut self, item: &Ident) {
        self.item = item.to_string();
        self.add("type", &self.module.clone(), item);
    }

    fn fields(&mut self, scope: &str, fields: &Fields) {
        for name in fields.iter().filter_map(|it| it.ident.as_ref()) {
            self.add("field", scope, name);
        }
    }

    /// A parameter must differ from the others, and from the variables of the method, which would hide it.
    fn method(&mut self, method: &syn::ImplItemFn) {
        let name = &method.sig.ident;
        self.item = name.to_string();
        self.add("method", CLIENT, name);
        for input in &method.sig.inputs {
            if let FnArg::Typed(input) = input
                && let Pat::Ident(input) = &*input.pat
            {
                self.add("parameter", &name.to_string(), &input.ident);
            }
        }
        for statement in &method.block.stmts {
            if let Stmt::Local(local) = statement
                && let Pat::Ident(local) = &local.pat
                && self
                    .seen
                    .contains(&format!("parameter {name}::{}", local.ident))
            {
                let local = &local.ident;
                let message = format!(
                    "a parameter becomes `{local}`, as does a variable of the generated method"
                );
                self.refuse(message, OTHER_NAME);
            }
        }
    }
}

impl<'c> Visit<'c> for Check {
    fn visit_item_mod(&mut self, module: &'c syn::ItemMod) {
        let outer = self.module.clone();
        self.module = format!("{outer}::{}", module.ident);
        visit::visit_item_mod(self, module);
        self.module = outer;
    }

    fn visit_item_struct(&mut self, item: &'c syn::ItemStruct) {
        self.start(&item.ident);
        self.fields(&item.ident.to_string(), &item.fields);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'c syn::ItemEnum) {
        self.start(&item.ident);
        if item.variants.is_empty() {
            let remedy = "correct what it combines by `allOf`";
            self.refuse("no value fits the schema".to_owned(), remedy);
        }
        for variant in &item.variants {
            self.add("variant", &item.ident.to_string(), &variant.ident);
            self.fields(
                &format!("{}::{}", item.ident, variant.ident),
                &variant.fields,
            );
        }
        visit::visit_item_enum(self, item);
    }

    fn visit_item_impl(&mut self, block: &'c syn::ItemImpl) {
        if let syn::Type::Path(path) = &*block.self_ty
            && let Some(owner) = path.path.segments.last()
        {
            self.item = owner.ident.to_string();
        }
        let methods = block.items.iter().filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method),
            _ => None,
        });
        match (&block.trait_, self.module.is_empty()) {
            // A method of the client with the name of one of its traits would be called instead.
            (Some(_), true) => {
                let names = methods.map(|it| format!("method {}", it.sig.ident));
                self.reserved.extend(names);
            }
            (None, true) => methods.for_each(|method| {
                self.method(method);
                visit::visit_impl_item_fn(self, method);
            }),
            _ => visit::visit_item_impl(self, block),
        }
    }

    fn visit_path(&mut self, path: &'c syn::Path) {
        if let (Some(_), Some(first)) = (path.leading_colon, path.segments.first()) {
            let name = first.ident.to_string();
            if self.crates.as_ref().is_some_and(|it| !it.contains(&name)) {
                let message = format!(
                    "needs the crate `{name}`, which the generated crate doesn't depend on"
                );
                let remedy = format!(
                    "add `{name}` with its feature `serde` to generated-client/Cargo.toml, or remove the \
                     `format` or `pattern`"
                );
                self.refuse(message, &remedy);
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'c syn::ExprPath) {
        match &path.qself {
            // `<T>::new` is in no crate of its own.
            Some(own) => self.visit_type(&own.ty),
            None => visit::visit_expr_path(self, path),
        }
    }
}
