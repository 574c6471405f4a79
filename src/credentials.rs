//! The two keys of a call, and how they are kept from being seen.

use std::env;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Endpoint, Error};

const API_KEY: HeaderName = HeaderName::from_static("dd-api-key");
const APPLICATION_KEY: HeaderName = HeaderName::from_static("dd-application-key");

/// An API key, which names the organization, with an application key, which names the calling user
/// (`#/components/securitySchemes`).
///
/// They are wiped from memory on drop, and shown by no `Debug`, error, log or span of this crate. The
/// HTTP client of a [`Client`](crate::Client) has a copy of its own, which is marked as sensitive, but
/// not wiped.
///
/// ```
/// use llmobs_datasets::Credentials;
///
/// let keys = Credentials::new("an API key", "an application key")?;
/// assert!(!format!("{keys:?}").contains("an API key"));
///
/// let error = Credentials::new("an API key\n", "an application key").unwrap_err();
/// assert!(error.to_string().starts_with("the API key has a line break; remove it"));
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    api_key: SecretString,
    application_key: SecretString,
    source: Source,
}

/// Where keys came from, for messages about keys that the service refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Arguments,
    Environment,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arguments => "the API key and the application key given to Credentials::new",
            Self::Environment => "the keys in DD_API_KEY and DD_APP_KEY",
        })
    }
}

impl Credentials {
    /// Takes an API key and an application key. Whether they are valid is for the service to say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a key that is blank or can't
    /// stand in a header. The error doesn't show it. Nothing else is asked of a key: its form is Datadog's
    /// to choose.
    pub fn new(
        api_key: impl Into<SecretString>,
        application_key: impl Into<SecretString>,
    ) -> Result<Self, Error> {
        let credentials = Self {
            api_key: api_key.into(),
            application_key: application_key.into(),
            source: Source::Arguments,
        };
        for (name, key) in [
            ("the API key", &credentials.api_key),
            ("the application key", &credentials.application_key),
        ] {
            if let Some(fault) = fault(key.expose_secret()) {
                return Err(Error::configuration(format!("{name} {fault}")));
            }
        }
        Ok(credentials)
    }

    /// Reads the keys from `DD_API_KEY` and `DD_APP_KEY`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the name of the variable
    /// that is missing, blank, quoted, or not fit for a header.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self {
            api_key: key_from_env("DD_API_KEY", "an API key of your organization")?,
            application_key: key_from_env("DD_APP_KEY", "an application key of yours")?,
            source: Source::Environment,
        })
    }

    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// A number that stands for the user at an endpoint, without the key: it is another one in each process.
    pub(crate) fn user_at(&self, endpoint: &Endpoint) -> u64 {
        static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        HASH.hash_one((endpoint.base_url(), self.application_key.expose_secret()))
    }

    /// The headers that carry the keys, marked so that no HTTP library shows them.
    pub(crate) fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::with_capacity(2);
        for (name, key) in [
            (API_KEY, &self.api_key),
            (APPLICATION_KEY, &self.application_key),
        ] {
            let mut value = HeaderValue::from_str(key.expose_secret())
                .map_err(|_| Error::configuration(format!("the key for {name} can't be sent")))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Hides the keys in a text of the server's, if it has them: a proxy may send back what it was
    /// sent, as it is or as JSON and URLs write it.
    pub(crate) fn hide_in(&self, text: &[u8]) -> Option<Vec<u8>> {
        let keys = [&self.api_key, &self.application_key];
        // HTTP takes the blanks around a header's value off, so a server knows a key without them.
        let keys = keys.map(|key| key.expose_secret().trim().as_bytes());
        let mut hidden = Vec::with_capacity(text.len());
        let mut found = false;
        let mut rest = text;
        while let Some((first, after_first)) = rest.split_first() {
            let after_key =
                |key: &&[u8]| Writing::ALL.into_iter().find_map(|it| it.after(key, rest));
            // Of two keys that begin alike, the longer one.
            if let Some(after) = keys.iter().filter_map(after_key).min_by_key(|it| it.len()) {
                hidden.extend_from_slice(b"[hidden]");
                found = true;
                rest = after;
            } else {
                hidden.push(*first);
                rest = after_first;
            }
        }
        found.then_some(hidden)
    }
}

/// How many characters of a key are a secret at the end of a text. Fewer may stand there by chance.
const TELLING: usize = 5;

/// The length of `\u0000`.
const LONGEST_ESCAPE: usize = 6;

/// How a text writes a key.
#[derive(Clone, Copy)]
enum Writing {
    AsItIs,
    /// With any of its characters escaped: some writers do more than they must.
    Json,
    /// Percent-encoded, likewise.
    Url,
}

impl Writing {
    const ALL: [Self; 3] = [Self::AsItIs, Self::Json, Self::Url];

    /// What comes after a key that a text begins with, if it does; nothing, if the text ends within it.
    fn after<'a>(self, key: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = text;
        for (written, expected) in key.iter().enumerate() {
            match self.first(rest) {
                Some((byte, after)) if byte == *expected => rest = after,
                // Cut short by the cap on bodies or by the end of the connection.
                None if written >= TELLING && rest.len() < LONGEST_ESCAPE => return Some(&[]),
                _ => return None,
            }
        }
        Some(rest)
    }

    /// The byte that the start of a text stands for, with what comes after it. A key is ASCII.
    fn first(self, text: &[u8]) -> Option<(u8, &[u8])> {
        let (first, rest) = text.split_first()?;
        match (self, *first) {
            (Self::Json, b'\\') => match rest.split_first()? {
                (b'u', rest) => hexadecimal(4, rest),
                (b't', rest) => Some((b'\t', rest)),
                (byte @ (b'"' | b'\\' | b'/'), rest) => Some((*byte, rest)),
                _ => None,
            },
            (Self::Url, b'%') => hexadecimal(2, rest),
            (_, byte) => Some((byte, rest)),
        }
    }
}

/// The byte of so many hexadecimal digits, with what comes after them.
fn hexadecimal(digits: usize, text: &[u8]) -> Option<(u8, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let number = u16::from_str_radix(str::from_utf8(number).ok()?, 16).ok()?;
    Some((u8::try_from(number).ok()?, rest))
}

/// Why a key can't be used, if it can't. The key itself is not in the words.
fn fault(key: &str) -> Option<&'static str> {
    if key.trim().is_empty() {
        Some("is blank; give the key that Datadog shows")
    } else if key.contains(['\n', '\r']) {
        Some("has a line break; remove it (a file's last line is a common cause)")
    } else if HeaderValue::from_str(key).is_err() {
        Some("has a character that can't stand in an HTTP header; remove it")
    } else {
        None
    }
}

fn key_from_env(variable: &str, meaning: &str) -> Result<SecretString, Error> {
    let missing = |how: &str| {
        Err(Error::configuration(format!(
            "the environment variable {variable} is {how}; set it to {meaning}"
        )))
    };
    match from_env(variable)? {
        None => missing("not set"),
        Some(key) if key.trim().is_empty() => missing("blank"),
        Some(key) => match fault(&key) {
            Some(fault) => Err(Error::configuration(format!(
                "the environment variable {variable} {fault}"
            ))),
            None => Ok(key.into()),
        },
    }
}

/// An environment variable, if it is set. A value in quotes is one that a shell would have unquoted.
pub(crate) fn from_env(variable: &str) -> Result<Option<String>, Error> {
    match env::var(variable) {
        Ok(value) if value.len() >= 2 && is_quoted(&value) => Err(Error::configuration(format!(
            "the value of the environment variable {variable} is in quotes; write it without"
        ))),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::configuration(format!(
            "the environment variable {variable} is not UTF-8 text"
        ))),
    }
}

fn is_quoted(value: &str) -> bool {
    ['"', '\'']
        .iter()
        .any(|quote| value.starts_with(*quote) && value.ends_with(*quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_marked_as_sensitive() {
        let headers = Credentials::new("a", "b").unwrap().headers().unwrap();
        assert_eq!(headers.len(), 2);
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }
}
