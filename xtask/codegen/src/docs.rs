//! Docs for the fields and variants that the generator leaves without.
//!
//! Of what a field refers to, the generator documents the type and not the field, as a `$ref` has no
//! description of its own. Variants it doesn't document at all.

use std::collections::BTreeMap;

use syn::{Attribute, Field, Fields, Item, Type, parse_quote};

use xtask_spec::names::UNKNOWN;

/// The docs of each type, by its name.
type Docs = BTreeMap<String, Vec<Attribute>>;

/// Documents what a module has no docs for: a field as the type that it holds, a variant as that, too,
/// or with the value that it stands for.
pub fn document(items: &mut [Item]) {
    let mut types = Docs::new();
    collect(items, &mut types);
    add(items, &types);
}

fn collect(items: &[Item], types: &mut Docs) {
    for item in items {
        let (name, attributes) = match item {
            Item::Struct(item) => (&item.ident, &item.attrs),
            Item::Enum(item) => (&item.ident, &item.attrs),
            Item::Mod(module) => {
                collect(module.content.as_ref().map_or(&[], |(_, it)| it), types);
                continue;
            }
            _ => continue,
        };
        let docs = attributes.iter().filter(|it| it.path().is_ident("doc"));
        types.insert(name.to_string(), docs.cloned().collect());
    }
}

fn add(items: &mut [Item], types: &Docs) {
    for item in items {
        match item {
            Item::Struct(item) => add_to_fields(&mut item.fields, types),
            Item::Enum(item) => {
                for variant in &mut item.variants {
                    add_to_fields(&mut variant.fields, types);
                    if !is_documented(&variant.attrs) {
                        let docs = of_variant(variant, types);
                        variant.attrs.splice(0..0, docs);
                    }
                }
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    add(items, types);
                }
            }
            _ => {}
        }
    }
}

fn add_to_fields(fields: &mut Fields, types: &Docs) {
    if let Fields::Named(fields) = fields {
        for field in &mut fields.named {
            if !is_documented(&field.attrs) {
                let docs = of_type(&field.ty, types);
                field.attrs.splice(0..0, docs);
            }
        }
    }
}

fn is_documented(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| it.path().is_ident("doc"))
}

fn of_variant(variant: &syn::Variant, types: &Docs) -> Vec<Attribute> {
    let text = match &variant.fields {
        Fields::Unit => format!("The value `{}`.", value(variant)),
        Fields::Unnamed(_) if variant.ident == UNKNOWN => {
            "A value that the spec doesn't list, as it was received.".to_owned()
        }
        Fields::Unnamed(fields) => {
            let held = fields
                .unnamed
                .first()
                .map(|Field { ty, .. }| of_type(ty, types));
            return held.unwrap_or_default();
        }
        Fields::Named(_) => return Vec::new(),
    };
    vec![parse_quote!(#[doc = #text])]
}

/// The value that a variant stands for, as it is sent and received.
fn value(variant: &syn::Variant) -> String {
    let mut value = variant.ident.to_string();
    for attribute in variant
        .attrs
        .iter()
        .filter(|it| it.path().is_ident("serde"))
    {
        // What has no `rename` at its start leaves the name as it is.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                value = meta.value()?.parse::<syn::LitStr>()?.value();
            }
            Ok(())
        });
    }
    value
}

/// The docs of a type, or of what it holds: of `Option<T>` those of `T`.
fn of_type(held: &Type, types: &Docs) -> Vec<Attribute> {
    let Type::Path(path) = held else {
        return Vec::new();
    };
    let Some(last) = path.path.segments.last() else {
        return Vec::new();
    };
    // A type of the module is named without a path: `reqwest::Client` isn't its `Client`.
    if let (1, Some(docs)) = (path.path.segments.len(), types.get(&last.ident.to_string())) {
        return docs.clone();
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Vec::new();
    };
    let mut inner = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(inner) => Some(of_type(inner, types)),
        _ => None,
    });
    inner.find(|docs| !docs.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is added, with `#[doc]`, to what is there.
    const DOCUMENTED: &str = r#"
        pub mod types {
            /// A user.
            pub struct User {
                /// Its id.
                pub id: String,
            }
            pub struct Lock {
                #[doc = " A user."]
                pub user: User,
                /// Who had it before.
                pub before: User,
                #[doc = " A user."]
                #[serde(default)]
                pub others: ::std::option::Option<::std::vec::Vec<User>>,
                #[doc = " A user."]
                pub by_name: ::std::collections::HashMap<::std::string::String, User>,
                pub count: u64,
                pub other: elsewhere::User,
            }
            pub enum State {
                #[doc = " A user."]
                Known(User),
                #[doc = "A value that the spec doesn't list, as it was received."]
                Unknown(String),
                #[doc = "The value `lock-ed`."]
                #[serde(rename = "lock-ed")]
                Locked,
                #[doc = "The value `Free`."]
                Free,
                /// It is lost.
                Lost,
                Held {
                    #[doc = " A user."]
                    by: User,
                },
            }
        }
    "#;

    #[test]
    fn what_has_no_docs_gets_those_of_its_type_or_its_value() {
        let is_added = |line: &&str| line.trim_start().starts_with("#[doc");
        let before: Vec<&str> = DOCUMENTED.lines().filter(|it| !is_added(it)).collect();
        let mut file = syn::parse_file(&before.join("\n")).unwrap();
        document(&mut file.items);
        let documented = syn::parse_file(DOCUMENTED).unwrap();
        assert_eq!(
            prettyplease::unparse(&file),
            prettyplease::unparse(&documented)
        );
    }
}
