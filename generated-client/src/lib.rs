//! Requests and models of the Datadog LLM Observability dataset API, as its OpenAPI description has
//! them. Services use the crate `llmobs-datasets`, which adds what a description can't say.
//!
//! The module `generated` is written by `cargo xtask codegen`; only this file is written by hand.
//! Every answer arrives as the server sent it: a 2xx as a [`ResponseValue`] with status, headers and
//! body stream, any other status as [`Error::UnexpectedResponse`] with the whole response. The docs
//! of each operation name the [`types`] that its answers are documented to hold.
//!
//! Keys, time limits and redirects are the business of the [`reqwest::Client`] that
//! [`Client::new_with_client`] takes; one that follows redirects hands the keys to where they lead.
#![warn(missing_docs, clippy::pedantic)]

#[rustfmt::skip]
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "written by progenitor")]
mod generated;

pub use generated::*;

use std::cell::Cell;
use std::mem;

use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};

const API_VERSION: HeaderName = HeaderName::from_static("api-version");

tokio::task_local! {
    static HEADERS: Cell<HeaderMap>;
}

/// Makes a call whose response headers come beside its result, and not in it. They are empty if there
/// was no answer.
///
/// For the result of a success progenitor copies them and drops the original, which is most of what it
/// allocates for a call.
pub async fn with_headers_apart<T>(call: impl Future<Output = T>) -> (T, HeaderMap) {
    let call = async { (call.await, HEADERS.with(Cell::take)) };
    HEADERS.scope(Cell::default(), call).await
}

/// Makes each request the documented one. progenitor always sends an `api-version` header, and an
/// `Accept` header only where it decodes the answer itself (oxidecomputer/progenitor#564).
impl ClientHooks for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _: &OperationInfo,
    ) -> Result<(), Error<E>> {
        let headers = request.headers_mut();
        headers.remove(API_VERSION);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(())
    }

    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let mut response = self.client().execute(request).await?;
        // Outside of `with_headers_apart` there is no place for them, and they stay.
        let _ = HEADERS.try_with(|apart| apart.set(mem::take(response.headers_mut())));
        Ok(response)
    }
}
