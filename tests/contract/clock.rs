//! Tokio's clock, stopped: time passes only where a test advances it, however long the network takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use llmobs_datasets::{ClientBuilder, ErrorKind};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

use crate::server::Server;

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
    begun: Mutex<Vec<Instant>>,
    ended: AtomicUsize,
    timed_out: AtomicUsize,
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
            begun: Mutex::default(),
            ended: AtomicUsize::new(0),
            timed_out: AtomicUsize::new(0),
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
    /// Adds hooks to a client that count its attempts, record its waits and let them pass. They are the client's
    /// only hooks: another one would replace them.
    pub(crate) fn watch(&self, builder: ClientBuilder) -> ClientBuilder {
        let (before, clock) = (Arc::clone(&self.0), Arc::clone(&self.0));
        let builder = builder.before_attempt(move |_, _| {
            before.begun.lock().unwrap().push(Instant::now());
        });
        builder.after_attempt(move |_, result| {
            clock.ended.fetch_add(1, Ordering::SeqCst);
            if result.error == Some(ErrorKind::TimedOut) {
                clock.timed_out.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(wait) = result.retry_in {
                clock.waits.lock().unwrap().push(wait);
                // Nobody waits once the test has ended.
                let _ = clock.waiting.send(wait);
            }
        })
    }

    /// Lets time pass until the result is dropped, but only while each request of the watched clients that
    /// is in flight has stalled: no other can time out, however busy the machine is.
    pub(crate) fn run(&self, server: &Server) -> Running {
        let (clock, stalled) = (Arc::clone(&self.0), server.stalled());
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        let earlier = *stalled.borrow() - count(&clock.timed_out);
        let task = tokio::spawn(async move {
            loop {
                let in_flight = clock.begun.lock().unwrap().len() - count(&clock.ended);
                if in_flight + count(&clock.timed_out) == *stalled.borrow() - earlier {
                    pass(Duration::from_millis(1)).await;
                } else {
                    tokio::task::yield_now().await;
                }
            }
        });
        Running(self.clone(), task)
    }

    /// Lets a millisecond pass whenever all tasks have had several turns, until the result is dropped: time
    /// depends on the work of the tasks, not on the speed of the machine.
    pub(crate) fn run_with_tasks(&self) -> Running {
        let task = tokio::spawn(async {
            loop {
                // Tokio looks for I/O at each 61st turn.
                for _ in 0..64 {
                    tokio::task::yield_now().await;
                }
                pass(Duration::from_millis(1)).await;
            }
        });
        Running(self.clone(), task)
    }

    /// The recorded waits before retries.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.waits.lock().unwrap().clone()
    }

    /// When each attempt began.
    pub(crate) fn begun(&self) -> Vec<Instant> {
        self.0.begun.lock().unwrap().clone()
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

/// A clock that runs until this is dropped.
pub(crate) struct Running(TestClock, JoinHandle<()>);

impl Running {
    /// Stops the clock.
    pub(crate) fn stop(self) -> TestClock {
        self.0.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.1.abort();
    }
}

/// Advances the clock, and lets tasks that waited for it continue.
pub(crate) async fn pass(duration: Duration) {
    // Timers have a resolution of a millisecond.
    let milliseconds = u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap();
    advance(Duration::from_millis(milliseconds)).await;
    tokio::task::yield_now().await;
}
