//! Ids and version numbers, as types that can't be swapped and can't lead to another path.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Error;

/// Why a text can't be one segment of a URL path, if it can't.
///
/// URL parsers resolve `.` and `..` even when they are percent-encoded, and take `\` for `/`; so these
/// can't be sent as ids at all. All else is percent-encoded and arrives as it is.
fn fault(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("it is empty"),
        "." | ".." => Some("it would change the path of the request"),
        _ if text.contains(['/', '\\']) => Some("it holds `/` or `\\`"),
        _ if text.contains(char::is_control) => Some("it holds a control character"),
        _ => None,
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $example:literal) => {
        $(#[$doc])*
        ///
        /// Any text but for what would change the path of a request: it is not empty, `.` or `..`,
        /// and has no `/`, `\` or control character. All else is percent-encoded when it is sent; the
        /// documentation gives ids no form. Cheap to clone.
        ///
        /// ```
        #[doc = concat!("use llmobs_datasets::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"", $example, "\".parse()?;")]
        #[doc = concat!("assert_eq!(id.as_str(), \"", $example, "\");")]
        #[doc = concat!("assert!(\"../keys\".parse::<", stringify!($name), ">().is_err());")]
        /// # Ok::<(), llmobs_datasets::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as a text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            ///
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what would change the
            /// path of a request.
            fn from_str(text: &str) -> Result<Self, Error> {
                match fault(text) {
                    None => Ok(Self(text.into())),
                    Some(fault) => Err(Error::invalid_input(format!(
                        concat!("{:?} can't be the id of a ", $what, ": {}"),
                        text, fault
                    ))),
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
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

/// The number of a version of a dataset: 0 to 2,147,483,647 (`i32::MAX`), in steps of 1.
///
/// The service accepts those from 0 to the current version of the dataset
/// (`#/components/schemas/LLMObsDatasetRestoreVersionDataAttributesRequest`).
///
/// ```
/// use llmobs_datasets::DatasetVersion;
///
/// let version = DatasetVersion::new(3)?;
/// assert_eq!((version, version.get()), ("3".parse()?, 3));
/// assert!("-1".parse::<DatasetVersion>().is_err());
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetVersion(i32);

impl DatasetVersion {
    /// The version with this number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a number above `i32::MAX`.
    pub fn new(number: u32) -> Result<Self, Error> {
        i64::from(number).try_into()
    }

    /// The number, never negative; `i32` is the type of the API.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl TryFrom<i64> for DatasetVersion {
    type Error = Error;

    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a number below 0 or above
    /// `i32::MAX`.
    fn try_from(number: i64) -> Result<Self, Error> {
        match i32::try_from(number) {
            Ok(number) if number >= 0 => Ok(Self(number)),
            _ => Err(Error::invalid_input(format!(
                "{number} can't be a dataset version: it must be from 0 to {}",
                i32::MAX
            ))),
        }
    }
}

impl FromStr for DatasetVersion {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what is no whole number from 0 to
    /// `i32::MAX`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.parse::<i64>() {
            Ok(number) => number.try_into(),
            Err(_) => Err(Error::invalid_input(format!(
                "{text:?} can't be a dataset version: it must be a whole number from 0 to {}",
                i32::MAX
            ))),
        }
    }
}

impl fmt::Display for DatasetVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
