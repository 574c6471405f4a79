//! What an error says, in one line and in full.

use std::error::Error as StdError;
use std::{fmt, iter};

use reqwest::StatusCode;

use super::{Cause, Error, ErrorKind, Outcome, Unlocking, Unreadable};

/// The most characters of one text of others (an error of the server, a host, a cause) that a line shows.
const MAX_CHARS: usize = 300;
/// The most of its errors that a line shows.
const MAX_ERRORS: usize = 5;

impl Error {
    /// What went wrong, without the call.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Configuration(message) | Cause::InvalidInput(message) => f.write_str(message)?,
            Cause::NotSent(error) => self.not_sent(error, f)?,
            Cause::Lost(_) => f.write_str("the connection was lost before the answer was there")?,
            Cause::AttemptTimedOut(_) => f.write_str("no answer in the time for an attempt")?,
            Cause::CallTimedOut(time) => write!(f, "no success in the {time:?} for the call")?,
            Cause::Status(status) => self.status_words(*status, f)?,
            Cause::Unreadable(why) => {
                if let Some(status) = self.status() {
                    write!(f, "{status}, but ")?;
                }
                f.write_str(match why {
                    Unreadable::Page => "the answer is a web page: it is not from the service",
                    Unreadable::Errors => "the answer has errors",
                    Unreadable::TooLarge => "the answer is too large",
                    Unreadable::NotJson => "the answer is no JSON object",
                    Unreadable::Shape(_) => "the answer does not hold a draft state",
                })?;
            }
            Cause::Busy => f.write_str("another task of this process holds the draft lock")?,
            Cause::Reentrant => f.write_str(
                "this task holds the draft lock already; use what the closure of `with_draft_lock` is given",
            )?,
            Cause::HeldBefore(since) => write!(
                f,
                "this user has held the draft lock since {since}, before this call; \
                 wait for the process that holds it, or unlock if that has crashed"
            )?,
            Cause::LockLost => f.write_str("the draft lock was lost before it was released")?,
            Cause::CutOff => f.write_str("the runtime ended before the dataset was unlocked")?,
            Cause::Work(error) => write!(f, "{error}")?,
        }
        let status = self.status().and_then(|status| status.canonical_reason());
        let mut words = self.errors().iter().filter_map(|error| error.words(status));
        for (index, words) in words.by_ref().take(MAX_ERRORS).enumerate() {
            let separator = if index == 0 { ":" } else { ";" };
            write!(f, "{separator} {}", OneLine(&words))?;
        }
        match words.count() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }

    /// Names the host and the root cause: without them nobody can tell a wrong proxy, name or certificate.
    fn not_sent(&self, error: &reqwest::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request could not be sent")?;
        if let Some(call) = &self.0.call {
            write!(f, " to {}", call.host)?;
        }
        match iter::successors(error.source(), |&source| source.source()).last() {
            Some(why) => write!(f, ": {}", OneLine(&why.to_string())),
            None => Ok(()),
        }
    }

    fn status_words(&self, status: StatusCode, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{status}")?;
        let answer = self.0.answer.as_ref();
        match answer.and_then(|answer| answer.redirect_host.as_ref()) {
            Some(host) => write!(
                f,
                " to {}, which is not followed",
                OneLine(&host.to_string())
            ),
            None => Ok(()),
        }
    }

    fn remedy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            ErrorKind::RateLimited => match self.retry_after() {
                Some(wait) => write!(f, "; retry after {wait:?}"),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Words of others on one line, and no more than a line's worth.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars().take(MAX_CHARS) {
            f.write_char(if c.is_control() { ' ' } else { c })?;
        }
        if self.0.chars().nth(MAX_CHARS).is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Unlocking::AfterWork = self.0.unlocking {
            f.write_str("the work succeeded, but unlocking failed: ")?;
        }
        if let Some(call) = &self.0.call {
            write!(
                f,
                "{} dataset {} of project {}: ",
                call.operation, call.dataset_id, call.project_id
            )?;
        }
        self.what(f)?;
        if let Some(waited) = self.0.waited.filter(|waited| !waited.is_zero()) {
            write!(f, " (waited {waited:.1?})")?;
        }
        self.remedy(f)?;
        if self.0.call.is_some() {
            if self.0.attempts > 1 {
                write!(f, " ({} attempts)", self.0.attempts)?;
            }
            match self.outcome() {
                Outcome::NotApplied => {}
                Outcome::Applied => f.write_str("; it took effect all the same")?,
                Outcome::Unknown => f.write_str("; whether it took effect is not known")?,
            }
        }
        match &self.0.unlocking {
            Unlocking::None | Unlocking::AfterWork => Ok(()),
            Unlocking::Done => f.write_str("; unlocked as a precaution"),
            Unlocking::Pending(again) => write!(
                f,
                "; unlocked as a precaution, and again after {again:?}, because the lock may take effect late"
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
            Cause::NotSent(error) | Cause::Lost(error) | Cause::AttemptTimedOut(Some(error)) => {
                Some(error)
            }
            Cause::Unreadable(Unreadable::Shape(error)) => Some(error),
            Cause::Work(error) => error.source(),
            _ => None,
        }
    }
}
