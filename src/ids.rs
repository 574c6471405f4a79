//! Ids and version numbers, as types that can't be swapped and can't alter a path.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::text::text;

/// Returns why a text can't be one segment of a URL path; `None` if it can.
///
/// URL parsers resolve `.` and `..` even when they are percent-encoded, and read `\` as `/`, so these can't be
/// sent as ids. Everything else is percent-encoded and arrives unchanged.
fn fault(text: &str) -> Option<&'static str> {
    // A handle is often made for one call, and this check is most of its cost. The compiler vectorizes a fold
    // without branches.
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\');
    let all_plain = text.bytes().fold(true, |all, byte| all & is_plain(byte));
    match text {
        "" => Some("it is empty"),
        "." | ".." => Some("it would change the path of the request"),
        _ if all_plain => None,
        _ if text.contains(['/', '\\']) => Some("it contains `/` or `\\`"),
        _ if text.contains(char::is_control) => Some("it contains a control character"),
        _ => None,
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $example:literal) => {
        $(#[$doc])*
        ///
        /// Any text that doesn't alter the path of a request: it must not be empty, `.` or `..`, and must
        /// not contain `/`, `\` or control characters. Everything else is percent-encoded when it is sent;
        /// the documentation doesn't specify an id format. Cheap to clone.
        ///
        /// ```
        #[doc = concat!("use llmobs_datasets::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"", $example, "\".parse()?;")]
        #[doc = concat!("assert_eq!(id.as_str(), \"", $example, "\");")]
        #[doc = concat!("assert!(\"../keys\".parse::<", stringify!($name), ">().is_err());")]
        /// # Ok::<(), llmobs_datasets::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            ///
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a text that would
            /// alter the path of a request.
            fn from_str(text: &str) -> Result<Self, Error> {
                match fault(text) {
                    None => Ok(Self(text.into())),
                    Some(fault) => Err(Error::invalid_input(format!(
                        concat!("{:?} can't be the id of a ", $what, ": {}; use one such as {:?}"),
                        text, fault, $example
                    ))),
                }
            }
        }

        text!($name, as_str);
    };
}

id! {
    /// The id of an LLM Observability project (`#/components/parameters/ProjectId`).
    ProjectId, "project", "a33671aa-24fd-4dcd-9b33-a8ec7dde7751"
}

id! {
    /// The id of an LLM Observability dataset (`#/components/parameters/DatasetId`).
    DatasetId, "dataset", "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d"
}

/// The number of a dataset's version: a whole number from 0 to 2,147,483,647 (`i32::MAX`).
///
/// The service accepts numbers from 0 to the dataset's current version
/// (`#/components/schemas/LLMObsDatasetRestoreVersionDataAttributesRequest`).
///
/// ```
/// use llmobs_datasets::DatasetVersion;
///
/// let version = DatasetVersion::new(3)?;
/// assert_eq!((version, version.get()), ("3".parse()?, 3));
/// assert!("-1".parse::<DatasetVersion>().is_err());
///
/// const FIRST: DatasetVersion = match DatasetVersion::new(0) {
///     Ok(version) => version,
///     Err(_) => panic!("0 is a version"),
/// };
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i32")]
pub struct DatasetVersion(i32);

/// The error of a number that can't be a [`DatasetVersion`]: it is below 0 or above `i32::MAX`. `?` turns it
/// into an [`Error`] of the kind [`InvalidInput`](crate::ErrorKind::InvalidInput).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionOutOfRange(i64);

impl DatasetVersion {
    /// Creates the version with this number, also in a `const`.
    ///
    /// # Errors
    ///
    /// [`VersionOutOfRange`] for a number above `i32::MAX`.
    pub const fn new(number: u32) -> Result<Self, VersionOutOfRange> {
        if number > i32::MAX.cast_unsigned() {
            return Err(VersionOutOfRange(number as i64));
        }
        Ok(Self(number.cast_signed()))
    }

    /// The number, never negative; `i32` is the type of the API.
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for VersionOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, max) = (self.0, i32::MAX);
        write!(
            f,
            "{number} can't be a dataset version; use a whole number from 0 to {max}"
        )
    }
}

impl std::error::Error for VersionOutOfRange {}

impl From<VersionOutOfRange> for Error {
    fn from(error: VersionOutOfRange) -> Self {
        Self::invalid_input(error.to_string())
    }
}

macro_rules! try_from {
    ($($number:ty),+) => {$(
        impl TryFrom<$number> for DatasetVersion {
            type Error = VersionOutOfRange;

            fn try_from(number: $number) -> Result<Self, VersionOutOfRange> {
                let version = u32::try_from(number).ok().and_then(|number| Self::new(number).ok());
                version.ok_or(VersionOutOfRange(number.into()))
            }
        }
    )+};
}

try_from!(i32, u32, i64);

impl From<DatasetVersion> for i32 {
    fn from(version: DatasetVersion) -> Self {
        version.0
    }
}

impl FromStr for DatasetVersion {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for anything but a whole number from 0
    /// to `i32::MAX`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let version = text.parse().ok().and_then(|number| Self::new(number).ok());
        version.ok_or_else(|| {
            let remedy = format!("use a whole number from 0 to {}", i32::MAX);
            Error::invalid_input(format!("{text:?} can't be a dataset version; {remedy}"))
        })
    }
}

impl fmt::Display for DatasetVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
