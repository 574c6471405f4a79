//! The program `llmobs-datasets`, as processes, against the sandbox.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod exit_codes;
mod output;
#[path = "../../../tests/picture/mod.rs"]
mod picture;
mod processes;
mod python;
mod setup;
mod signals;
mod terminal;
mod waiting;
