//! `cargo xtask diff` as its user meets it.
//!
//! - `workspace`: a repository of its own for each test that runs the program;
//! - `cli`, `accepted`, `bad_input`: arguments, exit codes, the list of accepted changes, messages;
//! - `formats`: the formats of a report;
//! - `checked_in_code`, `rust`: what a change means for Rust, by code that is there or is generated;
//! - `readme`: the report that the README shows, as a picture.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod accepted;
mod bad_input;
mod checked_in_code;
mod cli;
mod formats;
#[path = "../../../tests/picture/mod.rs"]
mod picture;
mod readme;
mod rust;
mod workspace;
