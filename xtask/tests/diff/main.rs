//! `cargo xtask diff`: what it says of each kind of change, and how its user meets it.
//!
//! - `cases`: `base.yaml`, and the patches in `cases/` with the verdicts on each, both ways;
//! - `rules`: each case has its verdicts, and each rule has a case;
//! - `formats`: each case's report is the one beside it (`UPDATE_GOLDENS=1` writes them anew);
//! - `properties`: how a document is written doesn't matter, and both ways tell of the same places;
//! - `workspace`: a repository of its own for each test that runs the program;
//! - `cli`, `accepted`, `bad_input`: arguments, exit codes, the list of accepted changes, messages;
//! - `rust`: what a change means for Rust, which the cases leave out;
//! - `readme`: the report that the README shows.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod accepted;
mod bad_input;
mod cases;
mod cli;
mod formats;
mod properties;
mod readme;
mod rewrites;
mod rules;
mod rust;
mod workspace;
