//! Faults that a test scripts: what the next calls to an operation meet.

use std::str::FromStr;
use std::time::Duration;

/// An operation of the API. As text, which is how the program takes it, it is `lock`, `unlock` or
/// `restore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `PATCH …/draft_state/lock`
    Lock,
    /// `PATCH …/draft_state/unlock`
    Unlock,
    /// `POST …/restore`
    Restore,
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "lock" => Ok(Self::Lock),
            "unlock" => Ok(Self::Unlock),
            "restore" => Ok(Self::Restore),
            _ => Err(format!(
                "{text:?} is not an operation; write lock, unlock or restore"
            )),
        }
    }
}

/// What a call meets in the place of its answer.
///
/// By itself a fault comes before the effect of the call, and prevents it; a [`delay`](Self::delay)
/// only puts it off. [`after_effect`](Self::after_effect) makes the fault come after: the server has
/// done what it was asked to, and the caller can't know.
///
/// ```
/// # use std::time::Duration;
/// # use llmobs_sandbox::Fault;
/// let lost_answer = Fault::reset().after_effect();
/// let overloaded = Fault::status(503).header("retry-after", "1").body("busy");
/// let limited = Fault::rate_limited(Duration::from_secs(1));
///
/// // As text, which is how the program takes them:
/// assert_eq!("after:reset".parse(), Ok(lost_answer));
/// assert_eq!("rate-limited:1".parse(), Ok(limited));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    pub(crate) after_effect: bool,
}

/// How the answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It doesn't: only late.
    Late,
    /// It is this one.
    Answer,
    /// It never comes: the connection is closed.
    Reset,
    /// Its body ends in the middle, with the connection.
    Truncated,
    /// Its body never ends.
    Endless,
}

impl Fault {
    fn new(kind: Kind, status: u16) -> Self {
        Self {
            kind,
            status,
            headers: Vec::new(),
            body: String::new(),
            delay: Duration::ZERO,
            after_effect: false,
        }
    }

    /// An answer with this status, from 200 to 599, and an empty body unless one is
    /// [given](Self::body).
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Answer, status)
    }

    /// The answer of the service, late. The call takes effect after the delay, and with
    /// [`after_effect`](Self::after_effect) before it.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::new(Kind::Late, 200)
        }
    }

    /// A 429 whose `X-RateLimit-Reset` says when to come back, in whole seconds, rounded down. It has
    /// the other `X-RateLimit-*` headers, too, and the documented body.
    #[must_use]
    pub fn rate_limited(reset: Duration) -> Self {
        Self::status(429)
            .header("x-ratelimit-limit", "10")
            .header("x-ratelimit-period", "60")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset.as_secs().to_string())
            .header("x-ratelimit-name", "sandbox")
            .body("{\"errors\":[\"Too many requests\"]}")
    }

    /// No answer: the connection is closed.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Kind::Reset, 200)
    }

    /// A 200 whose body ends in the middle, with the connection. The start is that of a draft state,
    /// unless another is [given](Self::body).
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Kind::Truncated, 200).body("{\"data\": {\"attributes\": ")
    }

    /// A 200 whose body never ends: blanks, as fast as they are read.
    #[must_use]
    pub fn endless() -> Self {
        Self::new(Kind::Endless, 200)
    }

    /// A 200 with a body of this many bytes, all of them blanks.
    #[must_use]
    pub fn huge(bytes: usize) -> Self {
        Self::status(200).body(" ".repeat(bytes))
    }

    /// A 200 with an HTML page, as a proxy or a login portal gives it.
    #[must_use]
    pub fn html() -> Self {
        Self::status(200)
            .header("content-type", "text/html")
            .body("<!DOCTYPE html><html><body>Sign in</body></html>")
    }

    /// A 200 with an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::status(200)
    }

    /// A 307 with this URL in its `Location`.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::status(307).header("location", location)
    }

    /// The body of the answer. [`delay`](Self::delay), [`reset`](Self::reset) and
    /// [`endless`](Self::endless) have no use for it.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header to the answer, or replaces the one of that name. What can't be a header is left
    /// out, and so are those of [`delay`](Self::delay) and [`reset`](Self::reset).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the fault come after the call has taken effect. A call that the service refuses has none.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }
}

/// As the program takes it: `reset`, `truncated`, `endless`, `html`, `empty`, `status:503`,
/// `rate-limited:SECONDS`, `delay:MILLISECONDS`, `huge:BYTES`, `redirect:URL`; each with `after:` before
/// it to come after the effect.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (after, kind) = match text.strip_prefix("after:") {
            Some(kind) => (true, kind),
            None => (false, text),
        };
        let fault = match kind.split_once(':') {
            None => match kind {
                "reset" => Some(Self::reset()),
                "truncated" => Some(Self::truncated()),
                "endless" => Some(Self::endless()),
                "html" => Some(Self::html()),
                "empty" => Some(Self::empty()),
                _ => None,
            },
            Some(("redirect", url)) => Some(Self::redirect(url)),
            Some((kind, number)) => number.parse().ok().and_then(|number: u32| match kind {
                "status" => u16::try_from(number)
                    .ok()
                    .filter(|status| (200..=599).contains(status))
                    .map(Self::status),
                "rate-limited" => Some(Self::rate_limited(Duration::from_secs(number.into()))),
                "delay" => Some(Self::delay(Duration::from_millis(number.into()))),
                "huge" => Some(Self::huge(number as usize)),
                _ => None,
            }),
        };
        match fault {
            Some(fault) if after => Ok(fault.after_effect()),
            Some(fault) => Ok(fault),
            None => Err(format!(
                "{text:?} is not a fault; write reset, truncated, endless, html, empty, status:503, \
                 rate-limited:SECONDS, delay:MILLISECONDS, huge:BYTES or redirect:URL, \
                 or one of them after `after:`"
            )),
        }
    }
}
