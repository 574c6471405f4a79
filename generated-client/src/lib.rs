//! Requests and models of the Datadog LLM Observability dataset API, as its OpenAPI description has
//! them. Services use the crate `llmobs-datasets`, which adds what a description can't say.
//!
//! The module `generated` is written by `cargo xtask codegen`; only this file is written by hand.
//! Every answer arrives as the server sent it: a 2xx as a [`ResponseValue`] with status, headers and
//! body stream, any other status as [`Error::UnexpectedResponse`] with the whole response. The docs
//! of each operation name the [`types`] that its answers are documented to hold.
#![warn(missing_docs, clippy::pedantic)]

#[rustfmt::skip]
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "written by progenitor")]
mod generated;

pub use generated::*;

use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::{ACCEPT, HeaderValue};

/// Makes each request the documented one. progenitor always sends an `api-version` header, and an
/// `Accept` header only where it decodes the answer itself (oxidecomputer/progenitor#564).
impl ClientHooks for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _: &OperationInfo,
    ) -> Result<(), Error<E>> {
        let headers = request.headers_mut();
        headers.remove("api-version");
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(())
    }
}
