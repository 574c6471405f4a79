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

/// A fault that a call gets instead of its regular response.
///
/// By default a fault prevents the effect of the call. Two modifiers change that:
/// [`after_effect`](Self::after_effect) lets the call take effect before the fault, and
/// [`late_effect`](Self::late_effect) lets it take effect a given time after the fault. Either way the
/// caller can't know. A [`delay`](Self::delay) postpones effect and response.
///
/// An effect that is due later doesn't depend on the connection: the call takes effect even if the
/// client has timed out or hung up by then. Only the end of the sandbox prevents it.
///
/// ```
/// # use std::time::Duration;
/// # use llmobs_sandbox::Fault;
/// let lost_response = Fault::reset().after_effect();
/// let gateway_timeout = Fault::status(504).late_effect(Duration::from_millis(200));
/// let slow = Fault::delay(Duration::from_secs(2));
/// let overloaded = Fault::status(503).header("retry-after", "1").body("busy");
///
/// // The program accepts them as text:
/// assert_eq!("after:reset".parse(), Ok(lost_response));
/// assert_eq!("late:200:status:504".parse(), Ok(gateway_timeout));
/// assert_eq!("delay:2000".parse(), Ok(slow));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
}

/// When the call takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Never, or with the response if that is only late.
    Default,
    /// Before the fault.
    Before,
    /// This long after the fault.
    After(Duration),
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
            effect: Effect::Default,
        }
    }

    /// An answer with this status, from 200 to 599, and an empty body unless one is
    /// [given](Self::body).
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Answer, status)
    }

    /// The regular response, late. The call takes effect at the same time, even if the client has hung
    /// up by then. With [`after_effect`](Self::after_effect) it takes effect before the delay.
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

    /// Lets the call take effect before the fault. A call that the service refuses has no effect.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.effect = Effect::Before;
        self
    }

    /// Lets the call take effect this long after the fault, as a server does that goes on working
    /// behind a gateway that has given up. A [`delay`](Self::delay), whose response needs the effect,
    /// becomes longer by this time.
    #[must_use]
    pub fn late_effect(mut self, late: Duration) -> Self {
        self.effect = Effect::After(late);
        self
    }
}

/// As the program takes it: `reset`, `truncated`, `endless`, `html`, `empty`, `status:503`,
/// `rate-limited:SECONDS`, `delay:MILLISECONDS`, `huge:BYTES`, `redirect:URL`; after `after:` it comes
/// after the effect, and after `late:MILLISECONDS:` the effect comes that long after it.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "{text:?} is not a fault; write reset, truncated, endless, html, empty, status:503, \
                 rate-limited:SECONDS, delay:MILLISECONDS, huge:BYTES or redirect:URL, \
                 or one of them after `after:` or `late:MILLISECONDS:`"
            )
        })
    }
}

fn parse(text: &str) -> Option<Fault> {
    if let Some(fault) = text.strip_prefix("after:") {
        return Some(unmodified(fault)?.after_effect());
    }
    if let Some(late) = text.strip_prefix("late:") {
        let (time, fault) = late.split_once(':')?;
        return Some(unmodified(fault)?.late_effect(milliseconds(time)?));
    }
    unmodified(text)
}

fn unmodified(text: &str) -> Option<Fault> {
    Some(match text.split_once(':') {
        None => match text {
            "reset" => Fault::reset(),
            "truncated" => Fault::truncated(),
            "endless" => Fault::endless(),
            "html" => Fault::html(),
            "empty" => Fault::empty(),
            _ => return None,
        },
        Some(("redirect", url)) => Fault::redirect(url),
        Some(("status", status)) => {
            let status = status.parse().ok()?;
            (200..=599)
                .contains(&status)
                .then(|| Fault::status(status))?
        }
        Some(("rate-limited", seconds)) => {
            Fault::rate_limited(Duration::from_secs(seconds.parse::<u32>().ok()?.into()))
        }
        Some(("delay", time)) => Fault::delay(milliseconds(time)?),
        Some(("huge", bytes)) => Fault::huge(bytes.parse::<u32>().ok()? as usize),
        Some(_) => return None,
    })
}

fn milliseconds(text: &str) -> Option<Duration> {
    Some(Duration::from_millis(text.parse::<u32>().ok()?.into()))
}
