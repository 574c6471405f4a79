//! The contract: what Datadog's documentation says (transcribed in `documentation/`), what the spec
//! says, what the generated models hold and what goes over the wire are one and the same.
//!
//! - `documentation`: the transcription; `calls`: an operation by its name, with the documented body;
//! - `spec`, `mutations`: the spec says what the pages say, and would be caught if it did not;
//! - `examples`, `schemas`: the models hold the documented examples, and describe the spec's schemas;
//! - `wire`, `answers`: requests and answers are the documented ones, over real HTTP;
//! - `quirks`: what the service sends although it isn't documented;
//! - `server`, `clock`, `setup`: a server that follows a script, a clock that is stopped, and clients of both;
//! - `connections`, `cuts`: what happens on the way to a response, and responses that end at any byte;
//! - `configuration`, `ids`, `failures`, `retries`, `bodies`, `secrets`, `telemetry`: what the wrapper
//!   promises, over real sockets;
//! - `traits`: public types have the traits that users expect;
//! - `draft_lock`, `turns`, `loss`, `lock_errors`: a lock is always released; tasks take turns; a lock that
//!   was held before or is lost is detected; the errors fit a service;
//! - `arbitrary_input`: any bytes in the place of an answer, an id, a site or a key are no panic;
//! - `faults`, `fault_matrix`: each operation meets each fault, against the truth in the sandbox;
//! - `at_most_once`, `one_holder`: so do restores and locks of many tasks, some of them dropped;
//! - `sandbox`: the sandbox answers as the spec says, and the wrapper is right about what it did;
//! - `processes`: a signal leaves no lock; what processes of one user may expect;
//! - `main_job`, `readme`: the example and the README do what they say;
//! - `pages`: the transcription is that of the pages (run by hand, with a saved copy of them).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod answers;
mod arbitrary_input;
mod at_most_once;
mod bodies;
mod calls;
mod clock;
mod configuration;
mod connections;
mod cuts;
mod documentation;
mod draft_lock;
mod examples;
mod failures;
mod fault_matrix;
mod faults;
mod ids;
mod lock_errors;
mod loss;
mod main_job;
mod mutations;
mod one_holder;
mod pages;
#[path = "../picture/mod.rs"]
mod picture;
mod processes;
mod quirks;
mod readme;
mod retries;
mod sandbox;
mod schemas;
mod secrets;
mod server;
mod setup;
mod spec;
mod telemetry;
mod traits;
mod turns;
mod wire;
