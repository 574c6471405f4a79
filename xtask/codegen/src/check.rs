//! Whether generated code can compile: its names are distinct, and its crates are there.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{FnArg, ImplItem, Item, Pat, Stmt};

use crate::bounded::Refusal;

/// The manifest of the crate that the code is for.
const MANIFEST: &str = include_str!("../../../generated-client/Cargo.toml");

/// The methods of `progenitor_client::ClientHooks`, which each call uses.
const HOOKS: [&str; 3] = ["pre", "post", "exec"];

/// Names of the prelude that the generated code uses without their paths.
const PRELUDE: [&str; 7] = ["Err", "From", "None", "Ok", "Result", "Some", "String"];

const CLIENT: &str = "Client";

/// Refuses code with names that would not compile, or that would mean another value.
///
/// # Errors
///
/// The type or method at fault, with a remedy.
pub fn names(file: &syn::File) -> Result<(), Refusal> {
    let mut taken = Names::default();
    taken
        .reserved
        .extend(PRELUDE.map(|name| format!("type {name}")));
    taken
        .reserved
        .extend(HOOKS.map(|hook| format!("method {hook}")));
    for item in &file.items {
        if let Item::Impl(block) = item
            && block.trait_.is_some()
        {
            // A method of the client with the name of one of its traits would be called instead.
            let methods = block.items.iter().filter_map(method);
            let methods = methods.map(|it| format!("method {}", it.sig.ident));
            taken.reserved.extend(methods);
        }
    }
    items(&file.items, "", &mut taken)
}

#[derive(Default)]
struct Names {
    reserved: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, item: &str, kind: &str, name: &impl ToString) -> Result<(), Refusal> {
        let name = name.to_string();
        let entry = format!("{kind} {name}");
        let message = if self.reserved.contains(&entry) {
            format!("the generated code has a {kind} `{name}` of its own")
        } else if !self.seen.insert(entry) {
            format!("two {kind}s become `{name}` in Rust")
        } else {
            return Ok(());
        };
        Err(refusal(item, message, "choose another name".to_owned()))
    }
}

fn refusal(item: &str, message: String, remedy: String) -> Refusal {
    let item = Some(item.to_owned());
    Refusal {
        item,
        message,
        remedy,
    }
}

fn method(item: &ImplItem) -> Option<&syn::ImplItemFn> {
    match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    }
}

fn items(all: &[Item], scope: &str, taken: &mut Names) -> Result<(), Refusal> {
    for item in all {
        let name = match item {
            Item::Struct(item) => {
                let mut fields = Names::default();
                let named = item.fields.iter().filter_map(|it| it.ident.as_ref());
                named
                    .into_iter()
                    .try_for_each(|field| fields.add(&item.ident.to_string(), "field", field))?;
                item.ident.to_string()
            }
            Item::Enum(item) => {
                let mut variants = Names::default();
                item.variants.iter().try_for_each(|it| {
                    variants.add(&item.ident.to_string(), "variant", &it.ident)
                })?;
                item.ident.to_string()
            }
            Item::Mod(module) => {
                let inner = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                items(inner, &format!("{scope}{}::", module.ident), taken)?;
                continue;
            }
            Item::Impl(block) => {
                if block.trait_.is_none() && scope.is_empty() {
                    let mut methods = block.items.iter().filter_map(method);
                    methods.try_for_each(|it| function(it, taken))?;
                }
                continue;
            }
            _ => continue,
        };
        if scope == "types::" {
            taken.add(&name, "type", &name)?;
        }
    }
    Ok(())
}

/// A parameter must differ from the others, and from the variables of the method, which would hide it.
fn function(method: &syn::ImplItemFn, taken: &mut Names) -> Result<(), Refusal> {
    let name = method.sig.ident.to_string();
    taken.add(&name, "method", &name)?;
    let mut parameters = Names::default();
    for input in &method.sig.inputs {
        if let FnArg::Typed(input) = input
            && let Pat::Ident(input) = &*input.pat
        {
            parameters.add(&name, "parameter", &input.ident)?;
        }
    }
    for statement in &method.block.stmts {
        let Stmt::Local(local) = statement else {
            continue;
        };
        if let Pat::Ident(local) = &local.pat
            && parameters
                .seen
                .contains(&format!("parameter {}", local.ident))
        {
            let message = format!(
                "a parameter becomes `{0}`, as does a variable of the generated method",
                local.ident
            );
            return Err(refusal(
                &name,
                message,
                "choose another name for the parameter".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Refuses code with a path into a crate that the manifest doesn't list: `::name::…`.
///
/// # Errors
///
/// The type or method at fault, with the dependency to add.
pub fn crates(file: &syn::File) -> Result<(), Refusal> {
    let manifest: toml::Table = MANIFEST.parse().unwrap_or_default();
    let listed = manifest.get("dependencies").and_then(toml::Value::as_table);
    let listed = listed.into_iter().flat_map(toml::Table::keys);
    let mut outside = Outside {
        listed: listed.map(|it| it.replace('-', "_")).collect(),
        item: String::new(),
        missing: None,
    };
    outside.visit_file(file);
    let Some((item, name)) = outside.missing else {
        return Ok(());
    };
    Err(refusal(
        &item,
        format!("needs the crate `{name}`, which the generated crate doesn't depend on"),
        format!(
            "add `{name}` with its feature `serde` to generated-client/Cargo.toml, or remove the \
             `format` or `pattern`"
        ),
    ))
}

/// Finds the first path into a crate that isn't listed, and the type or method that it is in.
struct Outside {
    listed: BTreeSet<String>,
    item: String,
    missing: Option<(String, String)>,
}

impl<'c> Visit<'c> for Outside {
    fn visit_item_struct(&mut self, item: &'c syn::ItemStruct) {
        self.item = item.ident.to_string();
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'c syn::ItemEnum) {
        self.item = item.ident.to_string();
        visit::visit_item_enum(self, item);
    }

    fn visit_item_impl(&mut self, block: &'c syn::ItemImpl) {
        self.item = owner(block);
        visit::visit_item_impl(self, block);
    }

    fn visit_impl_item_fn(&mut self, method: &'c syn::ImplItemFn) {
        if self.item == CLIENT {
            self.item = method.sig.ident.to_string();
            visit::visit_impl_item_fn(self, method);
            CLIENT.clone_into(&mut self.item);
        } else {
            visit::visit_impl_item_fn(self, method);
        }
    }

    fn visit_path(&mut self, path: &'c syn::Path) {
        if let (Some(_), Some(first)) = (path.leading_colon, path.segments.first()) {
            let name = first.ident.to_string();
            if name != "std" && !self.listed.contains(&name) && self.missing.is_none() {
                self.missing = Some((self.item.clone(), name));
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

/// The name of the type that a block implements.
fn owner(block: &syn::ItemImpl) -> String {
    let owner = match &*block.self_ty {
        syn::Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    owner.map(|it| it.ident.to_string()).unwrap_or_default()
}
