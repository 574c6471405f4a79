//! The sandbox, from outside: as HTTP clients, tests in Rust and users of the program see it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod assumptions;
mod control;
mod faults;
mod languages;
mod late_effects;
mod lock_history;
mod openapi;
mod operations;
mod profiles;
mod program;
mod setup;
mod state;
mod state_files;
mod strictness;
mod wire;
mod worlds;
