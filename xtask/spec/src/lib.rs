//! The one model of an OpenAPI 3.0 document.
//!
//! [`Document`] is a text that was read, by `yaml` and `scalar`, into [`Node`]s whose places are known. [`fields`] is
//! the table of OpenAPI's objects and their fields, and `walk` goes through a document by it. [`Spec`]
//! is a document whose references all resolve, with its [`Operation`]s; [`same`] compares two parts of documents,
//! and [`names`] gives their names in generated code. [`fault`] is how every
//! tool reports what is wrong with an input, and [`workspace`] knows where the files are.

#![allow(
    clippy::missing_errors_doc,
    reason = "the one kind of error here is for people, and `fault` describes it"
)]

mod document;
pub mod fault;
pub mod fields;
pub mod names;
mod node;
mod operation;
mod sameness;
mod scalar;
mod spec;
mod walk;
pub mod workspace;
mod yaml;

pub use document::{Document, MAX_BYTES};
pub use fault::{BadInput, Fault, Place, is_harmful, plain};
pub use node::{Data, Entries, Node, NodeId, escape, unescape};
pub use operation::{Operation, placeholders};
pub use sameness::{Difference, same};
pub use spec::Spec;
pub use walk::{Reference, closest};
