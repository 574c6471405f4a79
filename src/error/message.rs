//! The message of an error: `Display` in one line, and `Debug` in full.

use std::error::Error as StdError;
use std::time::Duration;
use std::{fmt, io, iter};

use hyper_util::client::legacy::Error as HyperError;
use reqwest::StatusCode;

use super::{Cause, Error, ErrorKind, Outcome, Unlocking, Unreadable};

/// Maximum number of characters that a line shows of a text from elsewhere.
const MAX_CHARS: usize = 300;
/// Maximum number of a response's errors that a line shows.
const MAX_ERRORS: usize = 5;

/// The prefix of reqwest's proxy errors.
const TUNNEL: &str = "tunnel error: ";

impl Error {
    /// Writes the cause and the errors of the response.
    fn write_cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Configuration(message) | Cause::InvalidInput(message) => f.write_str(message)?,
            Cause::NotSent(error) => self.write_not_sent(error, f)?,
            Cause::Lost(error) => {
                let failed = if is_tls(error) {
                    "TLS failed after the handshake"
                } else {
                    "connection lost before a response arrived"
                };
                write!(f, "{failed}: {}", one_line(root(error)))?;
            }
            Cause::AttemptTimedOut(time) => {
                write!(f, "the attempt timed out after {}", seconds(*time))?;
            }
            Cause::HttpTimedOut(_) => f.write_str("the timeout of the `http` client expired; raise it above the attempt timeout")?,
            Cause::CallTimedOut(time) => write!(f, "the call timed out after {}", seconds(*time))?,
            Cause::Status(status) => self.write_status(*status, f)?,
            Cause::Unreadable(why) => {
                if let Some(status) = self.status() {
                    write!(f, "{status}, but ")?;
                }
                f.write_str(match why {
                    Unreadable::Cut => "the response is cut off",
                    Unreadable::Page => {
                        "the response is an HTML page, so something other than Datadog's API responded"
                    }
                    Unreadable::Errors => "the response has errors",
                    Unreadable::TooLarge => "the response is too large",
                    Unreadable::NotJson => "the response is not a JSON object",
                    Unreadable::Shape(_) => "the response has no complete draft state",
                })?;
            }
            Cause::Busy => f.write_str("another task of this process holds or is releasing the draft lock; retry later, or raise `lock_wait`")?,
            Cause::Reentrant => f.write_str(
                "this task already holds the draft lock; use the `LockedDataset` that the closure receives",
            )?,
            Cause::HeldBefore(since) => write!(
                f,
                "this user has held the draft lock since {since}, before this call; \
                 make sure that nobody is using it, then unlock the dataset"
            )?,
            Cause::LockLost => f.write_str(
                "the draft lock was lost before it was released; check what others have changed",
            )?,
            Cause::Released => f.write_str(
                "the draft lock was released or kept before the call ended; acquire it again",
            )?,
            Cause::CutOff => f.write_str("the Tokio runtime ended before the call; keep it running until then")?,
            Cause::Work(error) => write!(f, "{error}")?,
        }
        let status = self.status().and_then(|status| status.canonical_reason());
        let errors = self.errors().iter();
        let mut messages = errors.filter_map(|error| error.message(status));
        for (index, message) in messages.by_ref().take(MAX_ERRORS).enumerate() {
            let separator = if index == 0 { ":" } else { ";" };
            write!(f, "{separator} {}", one_line(&message))?;
        }
        match messages.count() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }

    /// Writes the root cause, the host and the proxy, so that a wrong proxy, name or certificate can be told
    /// apart.
    fn write_not_sent(&self, error: &reqwest::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(call) = &self.0.call else {
            return Ok(());
        };
        let (host, proxy) = (&call.host, call.proxy.as_deref());
        f.write_str("the request could not be sent")?;
        match proxy {
            _ if chain(error).any(|error| error.to_string().starts_with(TUNNEL)) => {
                // The proxy of the caller's `http` client is not known.
                write!(
                    f,
                    ": {} did not connect to {host}",
                    proxy.unwrap_or("the proxy")
                )?;
            }
            Some(proxy) => write!(f, " to {host} through {proxy}")?,
            None => write!(f, " to {host}")?,
        }
        let timed_out = format!("connecting timed out after {}", seconds(call.connect_limit));
        let root = one_line(root(error));
        // reqwest's own texts, which omit a proxy's status and the connect timeout.
        let why = match root.trim_start_matches(TUNNEL) {
            "operation timed out" => &timed_out,
            "proxy authorization required" => "407 Proxy Authentication Required",
            "unsuccessful" => "it refused with a status that reqwest doesn't report",
            why => why,
        };
        write!(f, ": {why}")
    }

    fn write_status(&self, status: StatusCode, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{status}")?;
        let response = self.0.response.as_ref();
        match response.and_then(|response| response.redirect_host.as_deref()) {
            Some(host) => write!(f, " to {}, which is not followed", one_line(host)),
            None => Ok(()),
        }
    }

    fn write_remedy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(call) = &self.0.call else {
            return Ok(());
        };
        match self.kind() {
            ErrorKind::Unauthorized => write!(f, "; check {} for {}", call.keys, call.host),
            ErrorKind::Forbidden => write!(
                f,
                "; check that {} are for {} and have permission to {} this dataset",
                call.keys, call.host, call.operation
            ),
            ErrorKind::NotFound => write!(
                f,
                "; check that the project and the dataset exist at {}",
                call.host
            ),
            ErrorKind::RateLimited => match self.retry_after() {
                Some(wait) => write!(f, "; retry after {}", seconds(wait)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Puts a text from elsewhere on one line, and shortens it.
pub(crate) fn one_line(text: &(impl ToString + ?Sized)) -> String {
    // Control characters, line separators, and characters that change the direction of text.
    let breaks = |c: char| {
        let others = ['\u{61c}', '\u{200e}', '\u{200f}'];
        c.is_control()
            || others.contains(&c)
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = text.to_string();
    let shown = text.chars().take(MAX_CHARS);
    let mut line: String = shown.map(|c| if breaks(c) { ' ' } else { c }).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        line.push('…');
    }
    line
}

/// An error and its sources.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The last source of an error.
pub(crate) fn root<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}

/// Whether hyper had no connection for the request, or returned it because the connection was closed before
/// its first byte was written. Once hyper has begun to write, there is no way to tell whether any of it was
/// sent: the request may have taken effect.
pub(crate) fn is_unsent(error: &reqwest::Error) -> bool {
    chain(error).any(|error| {
        let no_connection = error
            .downcast_ref()
            .map(|it: &HyperError| it.connect_info().is_none());
        let returned = error.downcast_ref().map(hyper::Error::is_canceled);
        no_connection.or(returned) == Some(true)
    })
}

/// Whether the TLS library closed the connection. It reports this in an I/O error of its own.
fn is_tls(error: &reqwest::Error) -> bool {
    let io = root(error).downcast_ref::<io::Error>();
    io.is_some_and(|io| io.get_ref().is_some() && io.kind() == io::ErrorKind::InvalidData)
}

/// A duration in seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{} s", (duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Unlocking::AfterWork = self.0.unlocking {
            f.write_str("the work succeeded, but unlocking failed: ")?;
        }
        if let Some(call) = &self.0.call {
            let (dataset, project) = (call.dataset_id.as_str(), call.project_id.as_str());
            let (dataset, project) = (one_line(dataset), one_line(project));
            write!(
                f,
                "{} dataset {dataset} of project {project}: ",
                call.operation
            )?;
        }
        self.write_cause(f)?;
        if let Some(waited) = self.0.waited.filter(|waited| !waited.is_zero()) {
            write!(f, " (waited {})", seconds(waited))?;
        }
        self.write_remedy(f)?;
        if self.0.call.is_some() {
            if self.0.attempts > 1 {
                write!(f, " ({} attempts)", self.0.attempts)?;
            }
            if self.0.out_of_budget {
                f.write_str("; not retried, because the client's retry budget is exhausted")?;
            }
            match self.0.outcome {
                Outcome::NotApplied => {}
                Outcome::Applied => f.write_str("; the call took effect anyway")?,
                Outcome::Unknown => f.write_str("; it may or may not have taken effect")?,
            }
        }
        match &self.0.unlocking {
            Unlocking::None | Unlocking::AfterWork => Ok(()),
            Unlocking::Done => f.write_str("; unlocked as a precaution"),
            Unlocking::Pending(again) => write!(
                f,
                "; the lock may still take effect, so another unlock follows in {}; \
                 wait for it with `Client::shutdown`",
                seconds(*again)
            ),
            Unlocking::Failed(error) => write!(f, "; unlocking failed, too: {error}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("outcome", &self.outcome())
            .field("call", &self.0.call)
            .field("attempts", &self.0.attempts)
            .field("status", &self.status())
            .field("errors", &self.errors())
            .field("cause", &self.0.cause)
            .field("waited", &self.0.waited)
            .field("unlocking", &self.0.unlocking)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            // A cause whose text is part of the message is not a source: it would be shown twice.
            Cause::Unreadable(Unreadable::Shape(error)) => Some(error),
            Cause::Work(error) => error.source(),
            _ => None,
        }
    }
}
