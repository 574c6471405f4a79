//! What the service does where its documentation is silent.

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    pub(crate) lock_of_another: OnConflict,
    pub(crate) unlock_of_another: OnConflict,
    pub(crate) restore_under_another: OnConflict,
    pub(crate) relock: OnRelock,
}

/// The response of an operation while another user holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// Refuses it with this status, from 400 to 599.
    Refuse(u16),
    /// Allows it: lock takes the lock over, unlock releases it, restore disregards it.
    Allow,
}

/// What happens to `drafting_since` if the holder locks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRelock {
    /// It keeps its value.
    KeepSince,
    /// It becomes the current time.
    StartAnew,
}

impl Default for Assumptions {
    /// Refuses every operation with 409 while another user holds the lock; a relock keeps
    /// `drafting_since`.
    fn default() -> Self {
        Self {
            lock_of_another: OnConflict::Refuse(409),
            unlock_of_another: OnConflict::Refuse(409),
            restore_under_another: OnConflict::Refuse(409),
            relock: OnRelock::KeepSince,
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

    /// Sets what a lock by the holder does to `drafting_since`. Default: it keeps its value.
    #[must_use]
    pub fn relock(mut self, rule: OnRelock) -> Self {
        self.relock = rule;
        self
    }
}
