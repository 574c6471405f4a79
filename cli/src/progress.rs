//! Progress while the lock is waited for, and the log of `--verbose`.

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

/// A line on a terminal that shows who holds the lock, and for how long it has been waited for.
pub(crate) struct Progress {
    holder: Holder,
    began: Instant,
    on: bool,
}

/// Who holds the lock, as the last event about a wait reports.
#[derive(Clone, Default)]
struct Holder(watch::Sender<String>);

impl Progress {
    /// Starts to listen to the client, and to log if asked: a log needs no progress line.
    pub(crate) fn begin(verbose: bool) -> Self {
        let holder = Holder::default();
        let log = verbose.then(|| {
            // Errors of it would be reported on standard error, with a panic if that is closed.
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

    /// Shows the line, from the time on when there is a holder.
    pub(crate) async fn show(&self) -> Infallible {
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        loop {
            ticks.tick().await;
            let holder = self.holder.0.borrow();
            if self.on && !holder.is_empty() {
                let waited = self.began.elapsed().as_secs();
                // Short, so that the holder fits: a longer line would wrap, and not be overwritten.
                let line = format!("waiting ({waited} s): {}", *holder);
                let line: String = line.chars().take(79).collect();
                let _ = write!(stderr(), "\r\x1b[2K{line}");
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
            // The ids before it are those of the command line.
            let why = holder.split_once(": ").map_or(&*holder, |(_, why)| why);
            self.0.send_replace(why.to_owned());
        }
    }
}
