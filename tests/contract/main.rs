//! The contract: Datadog's documentation (transcribed in `documentation/`), the spec, the generated models and
//! the requests and responses on the wire agree.
//!
//! - `documentation`: the transcription; `calls`: an operation by its name, with the documented body;
//! - `spec`, `mutations`: the spec matches the pages, and a mutated spec fails the checks;
//! - `examples`, `schemas`: the models hold the documented examples, and describe the spec's schemas;
//! - `wire`, `responses`: requests and responses are the documented ones, over real HTTP;
//! - `quirks`: undocumented responses that the service sends anyway;
//! - `server`, `clock`, `setup`: a server that follows a script, a clock that is stopped, and clients of both;
//! - `connections`, `cuts`: failures before a response, and responses that end at any byte;
//! - `configuration`, `ids`, `failures`, `retries`, `bodies`, `secrets`, `telemetry`: the promises of the
//!   wrapper, over real sockets;
//! - `traits`: public types have the traits that users expect;
//! - `draft_lock`, `turns`, `loss`, `lock_errors`: a lock is always released; tasks take turns; a lock that
//!   was held before or is lost is detected; the errors fit a service;
//! - `arbitrary_input`: no bytes as a response, an id, a site or a key make the client panic;
//! - `faults`, `fault_matrix`: each outcome, for each operation and fault, is checked against the sandbox's state;
//! - `at_most_once`, `one_holder`: the same for restores and locks of many tasks, some of them dropped;
//! - `sandbox`: the sandbox responds as the spec says, and the wrapper's outcomes match the sandbox's state;
//! - `processes`: a signal leaves no lock behind; processes of one user share a lock;
//! - `main_job`, `readme`: the example and the README run as shown;
//! - `pages`: the transcription matches the pages (run by hand, with saved copies of them).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

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
mod responses;
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
