//! The conversions that every type with a text form has.

/// Implements the conversions of a type that wraps a valid text. The type has a getter and `FromStr`; with
/// `#[serde(try_from = "String", into = "String")]` it is text in serde, too.
macro_rules! text {
    ($name:ident, $as_str:ident) => {
        impl TryFrom<&str> for $name {
            type Error = crate::Error;

            fn try_from(text: &str) -> Result<Self, crate::Error> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Error;

            fn try_from(text: String) -> Result<Self, crate::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.$as_str().to_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.$as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.$as_str())
            }
        }
    };
}

/// Implements the names of an enum's variants, which are also its form in serde.
macro_rules! names {
    ($name:ident, $what:literal, $($variant:ident => $text:literal),+ $(,)?) => {
        impl $name {
            /// All of them. A release may add some.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// A stable name in snake case, for metric labels and the like; the same as `Display`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            /// Parses the name that [`as_str`](Self::as_str) returns.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for any other text.
            fn from_str(text: &str) -> Result<Self, crate::Error> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(crate::Error::invalid_input(format!(
                        concat!("{:?} is not the name of an ", $what, "; use one of {}"),
                        text,
                        [$($text),+].join(", "),
                    ))),
                }
            }
        }

        crate::text::text!($name, as_str);
    };
}

pub(crate) use {names, text};
