//! The signals that end the program or are passed on to the command.

use std::io;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::mpsc;

const INT: i32 = 2;
pub(crate) const TERM: i32 = 15;

/// A signal that was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    pub(crate) number: i32,
    pub(crate) name: &'static str,
    /// Whether the terminal sent it, and therefore sent it to the command, too.
    pub(crate) from_terminal: bool,
}

impl Signal {
    /// Whether the signal asks the program to end.
    pub(crate) fn ends(self) -> bool {
        matches!(self.number, INT | TERM)
    }
}

/// The signals received since `install`.
pub(crate) struct Signals(mpsc::UnboundedReceiver<Signal>);

impl Signals {
    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// Waits for a future. After a TERM or INT, waits for at most `grace`, and returns `None` if that isn't enough.
    pub(crate) async fn bound<T>(
        &mut self,
        future: impl Future<Output = T>,
        grace: Duration,
    ) -> Option<T> {
        let asked = async {
            while !self.next().await.ends() {}
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            biased;
            value = future => Some(value),
            () = asked => None,
        }
    }
}

#[cfg(unix)]
impl Signals {
    /// Installs the handlers. A signal that is ignored at the start, as under `nohup`, stays ignored, also in
    /// the command.
    pub(crate) fn install() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
        use signal_hook::iterator::{SignalsInfo, exfiltrator::WithOrigin};
        use tokio::signal::unix;

        // While it is ignored, as some parents leave it, the system forgets the command's exit code.
        drop(unix::signal(unix::SignalKind::child())?);
        let handled = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];
        let ignored = ignored();
        let handled = handled.iter().filter(|it| ignored >> (*it - 1) & 1 == 0);
        let mut signals = SignalsInfo::<WithOrigin>::new(handled)?;
        let (sender, receiver) = mpsc::unbounded_channel();
        std::thread::Builder::new().spawn(move || {
            for origin in &mut signals {
                let number = origin.signal;
                // On Linux, 0 is a process outside of the container.
                let process = origin.process;
                let process = process.filter(|it| it.pid != 0 || cfg!(target_os = "linux"));
                let _ = sender.send(Signal {
                    number,
                    name: signal_hook::low_level::signal_name(number).unwrap_or("a signal"),
                    // A hang-up may reach the leader of the session alone.
                    from_terminal: process.is_none() && matches!(number, SIGINT | SIGQUIT),
                });
            }
        })?;
        Ok(Self(receiver))
    }
}

/// The ignored signals, one bit each. Only Linux has a safe way to read them.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default()
}

/// Sends a signal to a process that may have ended.
#[cfg(unix)]
pub(crate) fn send(child: &mut Child, number: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    let id = child
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let (Some(id), Some(signal)) = (id, Signal::from_named_raw(number)) {
        let _ = kill_process(id, signal);
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Handles Ctrl-C alone, which the console sends to the command, too.
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
    pub(crate) fn install() -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let (number, name) = (INT, "Ctrl-C");
                let signal = Signal {
                    number,
                    name,
                    from_terminal: true,
                };
                let _ = sender.send(signal);
            }
        });
        Ok(Self(receiver))
    }
}

/// Kills the process: there is no milder way on this platform.
#[cfg(not(unix))]
pub(crate) fn send(child: &mut Child, _: i32) {
    let _ = child.start_kill();
}
