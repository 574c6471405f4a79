//! The progress line during the wait for the lock, and the log of `--verbose`.

use std::convert::Infallible;
use std::fmt::Debug;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Lines on a terminal that show who holds the lock, and the time waited so far.
pub(crate) struct Progress {
    holder: Holder,
    began: Instant,
    on: bool,
}

/// The holder of the lock, from the last event about a wait.
#[derive(Clone, Default)]
struct Holder(watch::Sender<String>);

impl Progress {
    /// Starts to listen to the client's events. With `verbose`, logs them instead of showing the line.
    pub(crate) fn begin(verbose: bool) -> Self {
        let holder = Holder::default();
        let log = verbose.then(|| {
            // Reporting an error of the log would panic if standard error is closed.
            let log = tracing_subscriber::fmt::layer().log_internal_errors(false);
            log.with_writer(stderr).with_ansi(false)
        });
        let layers = log.with_filter(LevelFilter::INFO);
        let listener = holder.clone().with_filter(LevelFilter::INFO);
        let _ = tracing_subscriber::registry()
            .with(layers)
            .with(listener)
            .try_init();
        Self {
            holder,
            began: Instant::now(),
            on: !verbose && stderr().is_terminal(),
        }
    }

    /// Shows the holder once it is known, and the time waited below it.
    pub(crate) async fn show(&self) -> Infallible {
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        let mut shown = String::new();
        loop {
            ticks.tick().await;
            let holder = self.holder.0.borrow();
            if self.on && !holder.is_empty() {
                if *holder != shown {
                    shown.clone_from(&holder);
                    // It may be longer than the terminal is wide, and then can't be overwritten.
                    let _ = writeln!(stderr(), "\r\x1b[2Kwaiting: {shown}");
                }
                let waited = self.began.elapsed().as_secs();
                let _ = write!(stderr(), "\r\x1b[2Kwaited {waited} s");
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.on && !self.holder.0.borrow().is_empty() {
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}

impl<S: Subscriber> Layer<S> for Holder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut &*self);
    }
}

impl Visit for &Holder {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "holder" {
            let holder = format!("{value:?}");
            // The text before it repeats the ids of the command line.
            let why = holder.split_once(": ").map_or(&*holder, |(_, why)| why);
            self.0.send_replace(why.to_owned());
        }
    }
}
