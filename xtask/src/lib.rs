//! The commands of this workspace, `cargo xtask …`.
//!
//! The way of the data: [`document`] reads the spec, [`validate`] checks it, [`lower`] adapts it to
//! progenitor, [`generate`] makes code of it, [`ensure`] puts the code in its place; [`codegen`] is
//! the command that does all of it. [`finding`] is how each of them says what is wrong,
//! [`operations`] and [`schema`] are how they find their way in a document.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `finding` describes it"
)]

pub mod codegen;
pub mod document;
pub mod ensure;
pub mod finding;
pub mod generate;
pub mod lower;
pub mod operations;
pub mod schema;
pub mod validate;
pub mod workspace;
