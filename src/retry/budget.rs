//! The retry budget that the calls of a client share.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The price of a retry. A successful call returns 1, and a second returns the whole price.
const RETRY: f64 = 10.0;

/// The retry budget of a client and its clones: a token bucket.
#[derive(Debug)]
pub(crate) struct Budget {
    /// `None` if retries are not limited.
    full: Option<f64>,
    /// The rest of the budget, and the time of the last change.
    left: Mutex<(f64, Option<Instant>)>,
}

impl Budget {
    pub(crate) fn new(retries: Option<u32>) -> Self {
        let full = retries.map(|retries| RETRY * f64::from(retries));
        Self {
            full,
            left: Mutex::new((full.unwrap_or_default(), None)),
        }
    }

    /// Takes a retry out of the budget, if there is one.
    pub(crate) fn take(&self) -> bool {
        self.change(|left| {
            let enough = *left >= RETRY;
            *left -= if enough { RETRY } else { 0.0 };
            enough
        })
    }

    /// Returns a part of a retry after a successful call.
    pub(crate) fn succeeded(&self) {
        self.change(|left| {
            *left += 1.0;
            true
        });
    }

    fn change(&self, change: impl FnOnce(&mut f64) -> bool) -> bool {
        let Some(full) = self.full else {
            return true;
        };
        let mut state = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = &mut *state;
        let now = Instant::now();
        let quiet = now.duration_since(since.replace(now).unwrap_or(now));
        *left = (*left + RETRY * quiet.as_secs_f64()).min(full);
        let changed = change(left);
        *left = left.min(full);
        changed
    }
}
