//! Tokio's clock, stopped: time passes only where a test advances it, however long the network takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use llmobs_datasets::ClientBuilder;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, advance};

/// The clock of a test on a runtime that was started with its clock paused (`start_paused = true`).
///
/// The clients that it [watches](Self::watch) don't wait in real time: each wait before a retry passes
/// as soon as it has begun.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(Arc<State>);

#[derive(Debug)]
struct State {
    waits: Mutex<Vec<Duration>>,
    passed: AtomicUsize,
    ended: AtomicUsize,
    waiting: UnboundedSender<Duration>,
    /// Keeps a blocking task alive: while there is one, tokio doesn't move a paused clock by itself,
    /// which it would do whenever a test waits for the network.
    _held: mpsc::Sender<()>,
}

impl Default for TestClock {
    fn default() -> Self {
        let (held, released) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || released.recv());
        let (waiting, mut waits) = unbounded_channel();
        let state = Arc::new(State {
            waits: Mutex::default(),
            passed: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            waiting,
            _held: held,
        });
        let driven = Arc::downgrade(&state);
        tokio::spawn(async move {
            while let Some(wait) = waits.recv().await {
                pass(wait).await;
                if let Some(state) = driven.upgrade() {
                    state.passed.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self(state)
    }
}

impl TestClock {
    /// Adds a hook to a client that records its waits and lets them pass.
    pub(crate) fn watch(&self, builder: ClientBuilder) -> ClientBuilder {
        let clock = Arc::clone(&self.0);
        builder.after_attempt(move |_, result| {
            clock.ended.fetch_add(1, Ordering::SeqCst);
            if let Some(wait) = result.retry_in {
                clock.waits.lock().unwrap().push(wait);
                clock.waiting.send(wait).unwrap();
            }
        })
    }

    /// The recorded waits before retries.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.waits.lock().unwrap().clone()
    }

    /// The number of attempts that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.0.ended.load(Ordering::SeqCst)
    }

    /// Lets time pass until the current attempt has ended.
    pub(crate) async fn time_out(&self) {
        let ended = self.ended();
        while self.ended() == ended {
            pass(Duration::from_millis(250)).await;
        }
    }

    /// Lets time pass until each attempt has ended.
    pub(crate) async fn time_out_all(&self) {
        loop {
            self.time_out().await;
            while self.0.passed.load(Ordering::SeqCst) < self.waits().len() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The current time.
    #[allow(clippy::unused_self, reason = "time stands still only with a clock")]
    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }
}

/// Advances the clock, and lets tasks that waited for it continue.
pub(crate) async fn pass(duration: Duration) {
    // Timers have a resolution of a millisecond.
    let milliseconds = u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap();
    advance(Duration::from_millis(milliseconds)).await;
    tokio::task::yield_now().await;
}
