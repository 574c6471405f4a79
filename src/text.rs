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

/// Defines an enum whose variants have names, which are also its form in serde.
macro_rules! names {
    (
        $what:literal
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All variants. A new release may add some.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name in snake case, for uses such as metric labels; same as `Display`.
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
                let named = Self::ALL.iter().find(|it| it.as_str() == text).copied();
                named.ok_or_else(|| {
                    let names = [$($text),+].join(", ");
                    let what = concat!("is not the name of an ", $what, "; use one of");
                    crate::Error::invalid_input(format!("{text:?} {what} {names}"))
                })
            }
        }

        crate::text::text!($name, as_str);
    };
}

pub(crate) use {names, text};
