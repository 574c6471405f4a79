//! `cargo xtask codegen`, and all that knows progenitor.
//!
//! The way of the data: [`xtask::document`] reads the spec, [`validate`] checks it, [`lower`] adapts
//! it to progenitor, [`generate`] makes code of it, [`ensure`] puts the code in its place;
//! [`codegen`] is the command that does all of it. [`operations`] and [`schema`] are how they find
//! their way in a document.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `finding` describes it"
)]

pub mod codegen;
pub mod ensure;
pub mod generate;
pub mod lower;
pub mod operations;
pub mod schema;
pub mod validate;
