//! The commands of this workspace, `cargo xtask …`, but for what must be built with the generator:
//! that is in the package `xtask-codegen`, so that nobody builds progenitor to see a diff.
//!
//! [`document`] reads a spec, by `yaml`, into [`node`]s; [`openapi`] tells what is one;
//! [`finding`] is how every part says what is wrong; [`workspace`] knows where the files are,
//! and [`generator`] how that package is run. [`diff`] is the command `cargo xtask diff`.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `finding` describes it"
)]

pub mod diff;
pub mod document;
pub mod finding;
pub mod generator;
pub mod node;
pub mod openapi;
pub mod workspace;
mod yaml;
