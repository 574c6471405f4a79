//! The two keys of a call.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::Error;
use crate::redactor::Redactor;

const API_KEY: HeaderName = HeaderName::from_static("dd-api-key");
const APPLICATION_KEY: HeaderName = HeaderName::from_static("dd-application-key");

/// An API key, which identifies the organization, and an application key, which identifies the calling
/// user (`#/components/securitySchemes`).
///
/// Keys are wiped from memory on drop, and no `Debug`, error, log or span of this crate shows them. The
/// HTTP client of a [`Client`](crate::Client) holds its own copies, which are marked as sensitive but not
/// wiped.
///
/// ```
/// use llmobs_datasets::Credentials;
///
/// let keys = Credentials::new("api-key", "application-key")?;
/// assert!(!format!("{keys:?}").contains("api-key"));
///
/// let error = Credentials::new("api-key\n", "application-key").unwrap_err();
/// let expected = "the API key contains a line break (U+000A) at position 8; remove it";
/// assert_eq!(error.to_string(), expected);
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    api_key: SecretString,
    application_key: SecretString,
    /// The source of the keys, for errors about keys that the service refuses.
    source: &'static str,
}

impl Credentials {
    /// Creates credentials from an API key and an application key. Only the service can tell whether the
    /// keys are valid.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a key that is blank, or contains
    /// anything but visible ASCII characters. The error names the character and its position, and doesn't
    /// show the key. No other form is required.
    pub fn new(
        api_key: impl Into<SecretString>,
        application_key: impl Into<SecretString>,
    ) -> Result<Self, Error> {
        let credentials = Self {
            api_key: api_key.into(),
            application_key: application_key.into(),
            source: "the API key and the application key given to Credentials::new",
        };
        check("the API key", &credentials.api_key)?;
        check("the application key", &credentials.application_key)?;
        Ok(credentials)
    }

    /// Reads the keys from `DD_API_KEY` and `DD_APP_KEY`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the name of the variable
    /// that is missing, blank, quoted, or contains anything but visible ASCII characters.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self {
            api_key: key_from_env("DD_API_KEY", "an API key of your organization")?,
            application_key: key_from_env("DD_APP_KEY", "an application key of yours")?,
            source: "the keys in DD_API_KEY and DD_APP_KEY",
        })
    }

    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// A number that identifies the user at an endpoint, without the key. It differs between processes.
    pub(crate) fn user_at(&self, base_url: &str) -> u64 {
        static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        HASH.hash_one((base_url, self.application_key.expose_secret()))
    }

    /// The headers with the keys, marked as sensitive so that no HTTP library shows them.
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

    /// A redactor of both keys.
    pub(crate) fn redactor(&self) -> Redactor {
        Redactor::new([&self.api_key, &self.application_key])
    }
}

/// Refuses a key that can't be used. The error doesn't show the key.
fn check(name: &str, key: &SecretString) -> Result<(), Error> {
    let key = key.expose_secret();
    let refuse = |fault: &str| Err(Error::configuration(format!("{name} {fault}")));
    if key.trim().is_empty() {
        return refuse("is blank; use the key that Datadog shows");
    }
    let mut characters = key.chars().zip(1..);
    let Some((character, position)) = characters.find(|(c, _)| !c.is_ascii_graphic()) else {
        return Ok(());
    };
    let name_of_character = match character {
        ' ' => "a space",
        '\t' => "a tab",
        '\n' | '\r' => "a line break",
        '\u{a0}' | '\u{202f}' => "a non-breaking space",
        '\u{200b}'..='\u{200d}' | '\u{2060}' => "a zero-width character",
        '\u{2010}'..='\u{2015}' => "a typographic dash",
        '\u{2018}'..='\u{201f}' => "a typographic quote",
        '\u{feff}' => "a byte order mark",
        _ if character.is_control() => "a control character",
        _ => "a character that is not ASCII",
    };
    let code = u32::from(character);
    refuse(&format!(
        "contains {name_of_character} (U+{code:04X}) at position {position}; remove it"
    ))
}

fn key_from_env(variable: &str, meaning: &str) -> Result<SecretString, Error> {
    let name = format!("the environment variable {variable}");
    let not_set = || Error::configuration(format!("{name} is not set; set it to {meaning}"));
    let key = from_env(variable)?.ok_or_else(not_set)?.into();
    check(&name, &key)?;
    Ok(key)
}

/// The value of an environment variable, if it is set. Quotes around it, which a shell would have removed, are
/// refused.
pub(crate) fn from_env(variable: &str) -> Result<Option<String>, Error> {
    let quoted =
        |value: &str, quote| value.len() >= 2 && value.starts_with(quote) && value.ends_with(quote);
    match env::var(variable) {
        Ok(value) if ['"', '\''].into_iter().any(|quote| quoted(&value, quote)) => {
            Err(Error::configuration(format!(
                "the value of the environment variable {variable} is in quotes; remove the quotes"
            )))
        }
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::configuration(format!(
            "the environment variable {variable} is not UTF-8 text; set it again"
        ))),
    }
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
