//! The commands of this workspace, `cargo xtask …`.
//!
//! [`document`] reads a spec, by `yaml`, into [`node`]s; [`openapi`] tells what is one;
//! [`finding`] is how every part says what is wrong; [`workspace`] knows where the files are.
//! [`diff`] is the command `cargo xtask diff`, and `codegen` is `cargo xtask codegen`. The latter is
//! a feature, on by default, that the command line is built without, so that nobody builds progenitor to see
//! a diff: [`generator`] runs it as a program of its own.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `finding` describes it"
)]

#[cfg(feature = "codegen")]
pub mod codegen;
pub mod diff;
pub mod document;
pub mod finding;
pub mod generator;
pub mod node;
pub mod openapi;
pub mod workspace;
mod yaml;
