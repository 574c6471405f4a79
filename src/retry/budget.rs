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
        self.spend(RETRY)
    }

    /// Returns a part of a retry after a successful call.
    pub(crate) fn succeeded(&self) {
        self.spend(-1.0);
    }

    /// Refills the budget for the time since the last change, and spends an amount if the budget has it.
    fn spend(&self, amount: f64) -> bool {
        let Some(full) = self.full else {
            return true;
        };
        let mut state = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = &mut *state;
        let now = Instant::now();
        let quiet = now.duration_since(since.replace(now).unwrap_or(now));
        *left = (*left + RETRY * quiet.as_secs_f64()).min(full);
        let enough = *left >= amount;
        *left -= if enough { amount } else { 0.0 };
        *left = left.min(full);
        enough
    }
}
