//! The behaviour assumed where the service's documentation is silent.

use std::time::Duration;

use chrono::TimeDelta;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The behavior of the service where the documentation is silent. **Each is an assumption.**
///
/// ```
/// # use llmobs_sandbox::{Assumptions, OnConflict, OnRelock, Sandbox};
/// let assumptions = Assumptions::default()
///     .lock_of_another(OnConflict::Refuse(423))
///     .unlock_of_another(OnConflict::Allow)
///     .relock(OnRelock::StartAnew);
/// let builder = Sandbox::builder().assumptions(assumptions);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    pub(crate) lock_of_another: OnConflict,
    pub(crate) unlock_of_another: OnConflict,
    pub(crate) restore_under_another: OnConflict,
    pub(crate) unlock_of_unlocked: OnConflict,
    pub(crate) restore_of_unlocked: OnConflict,
    pub(crate) relock: OnRelock,
    /// 0 for never.
    lock_expiry_ms: u32,
    #[serde(deserialize_with = "status")]
    pub(crate) invalid_keys: u16,
}

/// The response of an operation while another user holds the lock, or while nobody does. In JSON it is
/// the status, or `"allow"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// Refuses it with this status, from 400 to 599.
    Refuse(u16),
    /// Allows it: lock takes the lock over, unlock releases it, restore disregards it.
    Allow,
}

/// What happens to `drafting_since` if the holder locks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnRelock {
    /// It keeps its value.
    KeepSince,
    /// It becomes the current time.
    StartAnew,
}

impl Default for Assumptions {
    /// Refuses every operation with 409 while another user holds the lock, and invalid keys with 401.
    /// A relock keeps `drafting_since`, locks don't expire, and unlock and restore succeed without a
    /// lock.
    fn default() -> Self {
        Self {
            lock_of_another: OnConflict::Refuse(409),
            unlock_of_another: OnConflict::Refuse(409),
            restore_under_another: OnConflict::Refuse(409),
            unlock_of_unlocked: OnConflict::Allow,
            restore_of_unlocked: OnConflict::Allow,
            relock: OnRelock::KeepSince,
            lock_expiry_ms: 0,
            invalid_keys: 401,
        }
    }
}

impl Assumptions {
    /// Sets the response to lock while another user holds the lock. Default: refuse with 409.
    #[must_use]
    pub fn lock_of_another(mut self, rule: OnConflict) -> Self {
        self.lock_of_another = rule;
        self
    }

    /// Sets the response to unlock while another user holds the lock. Default: refuse with 409.
    #[must_use]
    pub fn unlock_of_another(mut self, rule: OnConflict) -> Self {
        self.unlock_of_another = rule;
        self
    }

    /// Sets the response to restore while another user holds the lock. Default: refuse with 409.
    #[must_use]
    pub fn restore_under_another(mut self, rule: OnConflict) -> Self {
        self.restore_under_another = rule;
        self
    }

    /// Sets the response to unlock while nobody holds the lock. Default: allow.
    #[must_use]
    pub fn unlock_of_unlocked(mut self, rule: OnConflict) -> Self {
        self.unlock_of_unlocked = rule;
        self
    }

    /// Sets the response to restore while nobody holds the lock. Default: allow.
    #[must_use]
    pub fn restore_of_unlocked(mut self, rule: OnConflict) -> Self {
        self.restore_of_unlocked = rule;
        self
    }

    /// Sets what a lock by the holder does to `drafting_since`. Default: it keeps its value.
    #[must_use]
    pub fn relock(mut self, rule: OnRelock) -> Self {
        self.relock = rule;
        self
    }

    /// Sets how long after `drafting_since` a lock expires, in whole milliseconds up to 49 days; zero
    /// for never. Default: never.
    #[must_use]
    pub fn lock_expiry(mut self, time: Duration) -> Self {
        self.lock_expiry_ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self
    }

    /// Sets the status for an API key or application key that is not valid. Default: 401.
    #[must_use]
    pub fn invalid_keys(mut self, status: u16) -> Self {
        self.invalid_keys = status;
        self
    }

    pub(crate) fn expiry(&self) -> Option<TimeDelta> {
        (self.lock_expiry_ms > 0).then(|| TimeDelta::milliseconds(self.lock_expiry_ms.into()))
    }
}

impl Serialize for OnConflict {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Refuse(status) => to.serialize_u16(*status),
            Self::Allow => to.serialize_str("allow"),
        }
    }
}

impl<'de> Deserialize<'de> for OnConflict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a status from 400 to 599 or \"allow\"";
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Status(u16),
            Word(String),
        }
        match Form::deserialize(from) {
            Ok(Form::Status(status @ 400..=599)) => Ok(Self::Refuse(status)),
            Ok(Form::Word(word)) if word == "allow" => Ok(Self::Allow),
            Ok(Form::Word(word)) => Err(D::Error::invalid_value(Unexpected::Str(&word), &EXPECTED)),
            Ok(Form::Status(status)) => Err(D::Error::invalid_value(
                Unexpected::Unsigned(status.into()),
                &EXPECTED,
            )),
            Err(_) => Err(D::Error::custom(format!("expected {EXPECTED}"))),
        }
    }
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    match u16::deserialize(from)? {
        status @ 400..=599 => Ok(status),
        other => Err(D::Error::invalid_value(
            Unexpected::Unsigned(other.into()),
            &"a status from 400 to 599",
        )),
    }
}
