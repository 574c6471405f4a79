//! What a change to an OpenAPI document means for those who use the client: the comparison behind
//! `cargo xtask diff`.
//!
//! `pairing` finds which operation is which. `wire` compares a pair of them: parameters, bodies,
//! responses, security, servers. The schemas of all go to `schema`, which compares each pair once. What is
//! found gets its verdict on the wire from the table in [`rules`]. `rust` reads the generated code of both
//! documents, compares it, and puts what breaks Rust code to the change that it comes from.
//!
//! Why not the crate `drift`, by progenitor's author? Measured on 287 realistic changes of one kind
//! each, its verdict was the best for 145 and could be defended for 163. It doesn't look at servers,
//! security, operationIds and extensions, calls most changes of a schema unhandled, and stops at an
//! assertion on some changes of a media type; and what it compares is OpenAPI as the crate
//! `openapiv3` has it, without keywords that this doesn't know and without places in the text. All
//! of that would have to be added around it, and the comparison of schemas, its heart, replaced.

mod change;
mod compare;
mod context;
mod excerpt;
mod finding;
mod inclusion;
mod label;
mod paired;
mod pairing;
mod reduced;
pub mod rules;
mod rust;
mod schema;
mod wire;

pub use change::{Change, Location, Rust};
use xtask_spec::{BadInput, Difference, Document, Spec, fields, same};

use crate::finding::Sites;
use crate::rules::Wire;
use crate::rust::api::Api;

/// Which operations are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operations {
    /// Those of both documents.
    #[default]
    All,
    /// Those of the base: what else the revision has is no change.
    OfBase,
}

/// What two documents say differently.
#[derive(Debug)]
pub struct Comparison<'a> {
    base: Spec<'a>,
    revision: Spec<'a>,
    changes: Vec<Change>,
    renamed: Vec<Sites>,
}

impl<'a> Comparison<'a> {
    /// Compares what two documents say about the wire.
    ///
    /// # Errors
    ///
    /// What makes a document unusable, with places.
    pub fn new(
        base: &'a Document,
        revision: &'a Document,
        operations: Operations,
    ) -> Result<Self, BadInput> {
        let (base, revision) = (Spec::new(base)?, Spec::new(revision)?);
        let (changes, renamed) = compare::documents((&base, &revision), operations);
        Ok(Self {
            base,
            revision,
            changes,
            renamed,
        })
    }

    /// The revision with nothing but what the operations of the base need, as JSON.
    pub fn revision_of_base(&self) -> String {
        reduced::revision((&self.base, &self.revision))
    }

    /// Whether the documents differ only in what the generator makes doc comments of.
    pub fn has_same_code(&self) -> bool {
        let roots = (self.base.root(), self.revision.root());
        let specs = (&self.base, &self.revision);
        same(specs, Difference::Code, &fields::WHOLE_DOCUMENT, roots)
    }

    /// The changes, with what generated code of both documents shows of each; and why nothing is known of
    /// that, if so.
    pub fn with_code(mut self, base: &str, revision: &str) -> (Vec<Change>, Option<String>) {
        let api = |spec: &Spec<'_>, code: &str| {
            let name = &spec.document().name;
            let unreadable = |error| format!("the generated code of {name} can't be read: {error}");
            Api::of(code).map_err(unreadable)
        };
        match (api(&self.base, base), api(&self.revision, revision)) {
            (Ok(old), Ok(new)) => {
                let specs = (&self.base, &self.revision);
                rust::apply(specs, &self.renamed, &mut self.changes, (&old, &new));
                (self.changes(), None)
            }
            (Err(why), _) | (_, Err(why)) => (self.without_code(), Some(why)),
        }
    }

    /// The changes, where there is no generated code to compare.
    pub fn without_code(mut self) -> Vec<Change> {
        let changes = self.changes.iter_mut();
        for change in changes.filter(|it| it.rule.wire > Wire::Docs) {
            change.rust = Rust::Unknown;
        }
        self.changes()
    }

    /// The changes, the gravest first. Of Rust code, each is taken for compatible.
    pub fn changes(mut self) -> Vec<Change> {
        change::sort(&mut self.changes);
        self.changes
    }
}

/// Compares what two documents say about the wire. Of the Rust code that is generated from them, it
/// takes every change for compatible.
///
/// # Errors
///
/// What makes a document unusable, with places.
pub fn compare(base: &Document, revision: &Document) -> Result<Vec<Change>, BadInput> {
    Ok(Comparison::new(base, revision, Operations::All)?.changes())
}
