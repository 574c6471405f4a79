//! What changes between the generated APIs of two documents, as far as other code notices.

use std::collections::BTreeSet;

use super::api::{Api, Kind, Signature};
use super::methods::Methods;

/// A change after which code that uses the generated crate may not compile, or may do something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiChange {
    /// The path of the item.
    pub(crate) path: String,
    pub(crate) what: What,
    /// What has changed, for a person.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Removed,
    Renamed,
    Changed,
    Added,
}

/// What a user of the base must look at after regenerating from the revision.
pub(super) fn compare(methods: &Methods, (base, revision): (&Api, &Api)) -> Vec<ApiChange> {
    let renames = renames(base, revision);
    let mut changes: Vec<ApiChange> = renames
        .iter()
        .map(|(old, new)| ApiChange {
            path: old.clone(),
            what: What::Renamed,
            message: format!("`{old}` is renamed to `{new}`"),
        })
        .collect();
    // The path by which an item of the base goes in the revision, and whether it is part of a renamed type.
    let now = |path: &str| {
        let new_path = renames.iter().find_map(|(old, new)| {
            let rest = rest_of(path, old)?;
            Some(format!("{new}{}", renamed(rest, &renames)))
        });
        let is_renamed = new_path.is_some();
        (new_path.unwrap_or_else(|| path.to_owned()), is_renamed)
    };
    let mut gone: Vec<&str> = Vec::new();
    for (path, old) in &base.items {
        let (now, is_renamed) = now(path);
        if let Some(new) = revision.items.get(&now) {
            let arguments = methods.arguments(path, &old.arguments);
            changes.extend(changed(path, (old, &arguments), new, &renames));
        } else if !is_renamed && !gone.iter().any(|owner| rest_of(path, owner).is_some()) {
            gone.push(path);
            changes.push(ApiChange {
                path: path.clone(),
                what: What::Removed,
                message: format!("`{path}` is gone"),
            });
        }
    }
    let before: BTreeSet<String> = base.items.keys().map(|path| now(path).0).collect();
    for (path, item) in &revision.items {
        let (owner, kind) = match path.rsplit_once('.') {
            Some((owner, _)) => (owner, "public field"),
            None => (path.rsplit_once("::").map_or("", |it| it.0), "variant"),
        };
        let is_exhaustive = |it: &Signature| it.kind == Kind::Exhaustive;
        let matters = item.kind == Kind::Part
            && before.contains(owner)
            && revision.items.get(owner).is_some_and(is_exhaustive);
        if matters && !before.contains(path) {
            changes.push(ApiChange {
                path: path.clone(),
                what: What::Added,
                message: format!("`{owner}` has one more {kind}, `{path}`"),
            });
        }
    }
    changes
}

/// The rest of the path of an item, if it is another one or within it.
fn rest_of<'p>(path: &'p str, owner: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(owner)?;
    (rest.is_empty() || rest.starts_with(['.', ':'])).then_some(rest)
}

fn changed(
    path: &str,
    (old, arguments): (&Signature, &[String]),
    new: &Signature,
    renames: &[(String, String)],
) -> Option<ApiChange> {
    let before = renamed(&old.text, renames);
    let now = new.arguments.iter().map(|it| it.trim_end_matches('_'));
    let message = if before != new.text {
        format!("`{path}` changes from `{}` to `{}`", old.text, new.text)
    } else if !now.eq(arguments) {
        format!(
            "the arguments of `{path}` change from ({}) to ({}), with the same types",
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
    old: &[(&str, &Signature)],
    new: &[(&str, &Signature)],
    renames: &[(String, String)],
) -> bool {
    let old: Vec<_> = old
        .iter()
        .map(|(rest, it)| (renamed(rest, renames), renamed(&it.text, renames)))
        .collect();
    let same = |(a, b): &(&(String, String), &(&str, &Signature))| a.1 == b.1.text;
    old.len() > 1
        && old
            .iter()
            .map(|it| it.0.as_str())
            .eq(new.iter().map(|it| it.0))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(base: &str, revision: &str) -> Vec<String> {
        let (base, revision) = (Api::of(base).unwrap(), Api::of(revision).unwrap());
        compare(&Methods::default(), (&base, &revision))
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
    fn the_method_that_builds_a_request_is_part_of_the_one_that_sends_it() {
        let with = |methods: &str| format!("impl Client {{ {methods} }}");
        let both =
            with("pub async fn get(&self, id: &str) {} pub fn get_request(&self, id: &str) {}");
        assert_eq!(messages(&both, &with("")), ["`Client::get` is gone"]);
        let other = both.replace("&str", "i64");
        assert_eq!(messages(&both, &other).len(), 1);
        let alone = with("pub fn get_request(&self) {}");
        assert_eq!(
            messages(&alone, &with("")),
            ["`Client::get_request` is gone"]
        );
    }

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
                "`types::User.id` changes from `String` to `u64`",
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
                "`types::Kind::B` changes from `(u8)` to `(u16)`",
            ),
            ("Clone, Default", "Clone", "`types::User: Default` is gone"),
            ("async fn get", "async fn fetch", "`Client::get` is gone"),
            (
                "project: &'a str, dataset: &'a str",
                "dataset: &'a str, project: &'a str",
                "the arguments of `Client::get` change from (project, dataset) to (dataset, project), \
                 with the same types",
            ),
            (
                "project: &'a str",
                "space: &'a str",
                "the arguments of `Client::get` change from (project, dataset) to (space, dataset), \
                 with the same types",
            ),
            (
                "project: &'a str, ",
                "project: &'a str, page: u8, ",
                "`Client::get` changes from `async fn<'a>(&'a self, &'a str, &'a str) -> u8` \
                 to `async fn<'a>(&'a self, &'a str, u8, &'a str) -> u8`",
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
