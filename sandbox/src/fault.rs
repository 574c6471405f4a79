//! Faults that a test scripts for the next calls of an operation.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An operation of the API. As text it is `lock`, `unlock` or `restore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// `PATCH …/draft_state/lock`
    Lock,
    /// `PATCH …/draft_state/unlock`
    Unlock,
    /// `POST …/restore`
    Restore,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Restore => "restore",
        })
    }
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
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) times: u32,
    /// Id of the only dataset whose calls get it.
    pub(crate) dataset: Option<String>,
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

/// The response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The regular one, late.
    Delay(Duration),
    /// One with this status.
    Status(u16),
    /// A 429 that names the seconds to wait.
    RateLimited(u64),
    /// None: the connection is closed.
    Reset,
    /// A 200 whose body ends in the middle, with the connection.
    Truncated,
    /// A 200 whose body never ends.
    Endless,
    /// A 200 with this many blanks.
    Huge(usize),
    /// A 200 with a web page.
    Html,
    /// A 307 to this URL.
    Redirect(String),
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            headers: Vec::new(),
            body: None,
            effect: Effect::Default,
            times: 1,
            dataset: None,
        }
    }

    /// A response with this status, from 200 to 599. From 400 on it has the documented body for errors,
    /// below it is empty, unless another body is [given](Self::body).
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(status))
    }

    /// The regular response, late. The call takes effect at the same time, even if the client has hung
    /// up by then. With [`after_effect`](Self::after_effect) it takes effect before the delay.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Kind::Delay(delay))
    }

    /// A 429 whose `X-RateLimit-Reset` names the time to wait, in whole seconds, rounded down. It has
    /// the other `X-RateLimit-*` headers, too, and the documented body.
    #[must_use]
    pub fn rate_limited(reset: Duration) -> Self {
        Self::new(Kind::RateLimited(reset.as_secs()))
    }

    /// No response: the connection is closed.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// A 200 whose body ends in the middle, with the connection. The start is that of a draft state,
    /// unless another is [given](Self::body).
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Kind::Truncated)
    }

    /// A 200 whose body never ends: blanks, as fast as they are read.
    #[must_use]
    pub fn endless() -> Self {
        Self::new(Kind::Endless)
    }

    /// A 200 with a body of this many bytes, all of them blanks.
    #[must_use]
    pub fn huge(bytes: usize) -> Self {
        Self::new(Kind::Huge(bytes))
    }

    /// A 200 with an HTML page, as a proxy or a login portal sends it.
    #[must_use]
    pub fn html() -> Self {
        Self::new(Kind::Html)
    }

    /// A 200 with an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::status(200)
    }

    /// A 307 with this URL in its `Location`.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::new(Kind::Redirect(location.to_owned()))
    }

    /// Sets the body of the response. It has no media type unless a [header](Self::header) gives one.
    /// [`delay`](Self::delay), [`reset`](Self::reset) and [`endless`](Self::endless) ignore it.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds a header to the response, or replaces the one of that name. Texts that can't be a header are
    /// ignored; [`delay`](Self::delay) and [`reset`](Self::reset) ignore all.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the fault to this many calls instead of one; with 0 to none.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Gives the fault only to calls for the dataset with this id. Calls for other datasets pass it.
    #[must_use]
    pub fn on_dataset(mut self, id: impl Into<String>) -> Self {
        self.dataset = Some(id.into());
        self
    }

    pub(crate) fn applies_to(&self, dataset: &str) -> bool {
        self.dataset.as_ref().is_none_or(|only| only == dataset)
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

/// From text: `reset`, `truncated`, `endless`, `html`, `empty`, `status:503`,
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

/// The form that is read from text, without headers, body, dataset and number of times.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.effect {
            Effect::Default => {}
            Effect::Before => f.write_str("after:")?,
            Effect::After(late) => write!(f, "late:{}:", late.as_millis())?,
        }
        match &self.kind {
            Kind::Delay(time) => write!(f, "delay:{}", time.as_millis()),
            Kind::Status(status) => write!(f, "status:{status}"),
            Kind::RateLimited(seconds) => write!(f, "rate-limited:{seconds}"),
            Kind::Reset => f.write_str("reset"),
            Kind::Truncated => f.write_str("truncated"),
            Kind::Endless => f.write_str("endless"),
            Kind::Huge(bytes) => write!(f, "huge:{bytes}"),
            Kind::Html => f.write_str("html"),
            Kind::Redirect(url) => write!(f, "redirect:{url}"),
        }
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
