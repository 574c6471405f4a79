//! The two keys of a call, and how they are kept from being seen.

use std::env;
use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::Error;

const API_KEY: HeaderName = HeaderName::from_static("dd-api-key");
const APPLICATION_KEY: HeaderName = HeaderName::from_static("dd-application-key");

/// An API key, which names the organization, with an application key, which names the calling user
/// (`#/components/securitySchemes`).
///
/// They are wiped from memory on drop, and shown by no `Debug`, error, log or span of this crate.
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
    /// stand in a header. The error doesn't show it. Nothing else is asked of a key: its form is Datadog's to choose.
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
        let mut hidden: Option<Vec<u8>> = None;
        for key in [&self.api_key, &self.application_key] {
            let key = key.expose_secret();
            let quoted = Value::from(key).to_string();
            // One quote at each end: the key may end with another.
            let in_json = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .unwrap_or(&quoted);
            let in_url = utf8_percent_encode(key, NON_ALPHANUMERIC).to_string();
            for form in [key, in_json, &in_url] {
                let (form, searched) = (form.as_bytes(), hidden.as_deref().unwrap_or(text));
                if searched.windows(form.len()).any(|window| window == form) {
                    hidden = Some(without(searched, form));
                }
            }
        }
        hidden
    }
}

fn without(mut text: &[u8], key: &[u8]) -> Vec<u8> {
    let mut hidden = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        if let Some(after) = text.strip_prefix(key) {
            hidden.extend_from_slice(b"[hidden]");
            text = after;
        } else {
            hidden.push(*first);
            text = rest;
        }
    }
    hidden
}

/// Why a key can't be used, if it can't. The key itself is not in the words.
fn fault(key: &str) -> Option<&'static str> {
    if key.trim().is_empty() {
        Some("is blank")
    } else if key.contains(['\n', '\r']) {
        Some("has a line break; remove it (a file's last line is a common cause)")
    } else if HeaderValue::from_str(key).is_err() {
        Some("has a character that can't stand in an HTTP header")
    } else {
        None
    }
}

fn key_from_env(variable: &str, meaning: &str) -> Result<SecretString, Error> {
    let Some(key) = from_env(variable)? else {
        return Err(Error::configuration(format!(
            "the environment variable {variable} is not set; set it to {meaning}"
        )));
    };
    match fault(&key) {
        Some(fault) => Err(Error::configuration(format!(
            "the environment variable {variable} {fault}"
        ))),
        None => Ok(key.into()),
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
