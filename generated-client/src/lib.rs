//! Requests and models of the Datadog LLM Observability dataset API, as its OpenAPI description has
//! them. Services use the crate `llmobs-datasets`, which adds what a description can't say.
//!
//! The module `generated` is written by `cargo xtask codegen`; only this file is written by hand.
//! Each operation has two methods of [`Client`]. One sends its request and returns the response unread: a
//! 2xx as a [`ResponseValue`] with status, headers and body stream, any other status as
//! [`Error::UnexpectedResponse`] with the whole response. Its docs name the [`types`] that responses are
//! documented to hold. The other method, whose name ends in `_request`, returns the same request for callers
//! that send it themselves, and sends nothing.
//!
//! Path parameters are percent-encoded. Those that a URL can't hold are refused with
//! [`Error::InvalidRequest`]: the empty one, `.`, `..`, and those with a tab, CR or LF.
//!
//! The [`reqwest::Client`] that [`Client::new_with_client`] takes decides about keys, timeouts and redirects.
//! If it follows redirects, the keys go to wherever these lead.
#![warn(missing_docs, clippy::pedantic)]

#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic, reason = "written by progenitor")]
mod generated;

pub use generated::*;
