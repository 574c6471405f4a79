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
#[allow(clippy::all, clippy::pedantic, reason = "written by progenitor")]
mod generated;

pub use generated::*;

use std::cell::Cell;
use std::future;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};

use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};

const API_VERSION: HeaderName = HeaderName::from_static("api-version");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

thread_local! {
    // On its way from `exec` to `request_of`. In a box, because it is large, and is moved often.
    static REQUEST: Cell<Option<Box<reqwest::Request>>> = const { Cell::new(None) };
}

/// The waker by which `exec` knows that the request is asked for, and not an answer: unlike a flag, it
/// can't outlast the poll.
static ASKING: LazyLock<Waker> = LazyLock::new(|| {
    struct Asking;

    impl Wake for Asking {
        fn wake(self: Arc<Self>) {}
    }

    Arc::new(Asking).into()
});

/// The request that a call would make. It is not sent.
///
/// It is for those who send it themselves, by [`ClientInfo::client`], and so have the answer as reqwest
/// gives it. In the result of a success progenitor has a copy of its headers, and its body in a box.
///
/// # Errors
///
/// What the call fails with before it has a request.
#[allow(clippy::result_large_err, reason = "the error of each call")]
pub fn request_of<T>(
    call: impl Future<Output = Result<T, Error<()>>>,
) -> Result<Box<reqwest::Request>, Error<()>> {
    // Nothing waits before `exec`, so that the call gets there or ends at once.
    let polled = pin!(call).poll(&mut Context::from_waker(&ASKING));
    match (REQUEST.take(), polled) {
        (Some(request), _) => Ok(request),
        (None, Poll::Ready(Err(error))) => Err(error),
        (None, _) => Err(Error::Custom("it made no request".to_owned())),
    }
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
        headers.insert(ACCEPT, JSON);
        Ok(())
    }

    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let asked = future::poll_fn(|context| Poll::Ready(context.waker().will_wake(&ASKING)));
        if asked.await {
            REQUEST.set(Some(Box::new(request)));
            // `request_of` has it, and drops this.
            return future::pending().await;
        }
        self.client().execute(request).await
    }
}
