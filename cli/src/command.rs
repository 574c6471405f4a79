//! Runs the command under the lock.

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use llmobs_datasets::{ErrorKind, LockedDataset};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::args::WithLock;
use crate::signals::{Signals, TERM, send};
use crate::{env, exit, message};

/// Runs the command until it has ended, and returns its exit code, or the code for a lost lock.
pub(crate) async fn run(args: &WithLock, locked: &LockedDataset, signals: &mut Signals) -> u8 {
    let program = args.command.first().cloned().unwrap_or_default();
    let mut command = Command::new(&program);
    command.args(args.command.iter().skip(1));
    command.envs(env::of_command(locked));
    match command.spawn() {
        Ok(child) => attend(child, args, locked, signals).await,
        Err(error) => {
            message::error(format_args!("can't run {}: {error}", program.display()));
            match error.kind() {
                io::ErrorKind::NotFound => exit::NOT_FOUND,
                _ => exit::CANNOT_RUN,
            }
        }
    }
}

/// Passes signals on until the command has ended. Kills it after a lost lock or a second TERM or INT.
async fn attend(
    mut child: Child,
    args: &WithLock,
    locked: &LockedDataset,
    signals: &mut Signals,
) -> u8 {
    let (mut is_lost, mut loss) = (false, pin!(loss(locked, args.check_every)));
    // The time of the kill is set later.
    let (mut killing, mut kill) = (false, pin!(sleep(Duration::MAX)));
    let mut requests_to_end = 0;
    let grace = humantime::format_duration(args.grace);
    loop {
        let kill_later = tokio::select! {
            biased;
            status = child.wait() => {
                let code = status.map_or(exit::OWN_FAILURE, code_of);
                return if is_lost { exit::OWN_FAILURE } else { code };
            }
            signal = signals.next() => {
                if !signal.from_terminal {
                    send(&mut child, signal.number);
                }
                requests_to_end += u32::from(signal.ends());
                let again = signal.ends() && requests_to_end == 2;
                if again {
                    message::note(format_args!("{} again: killing the command in {grace}", signal.name));
                }
                again
            }
            () = &mut loss, if !is_lost => {
                is_lost = true;
                message::error(format_args!("the draft lock was lost: killing the command in {grace}"));
                send(&mut child, TERM);
                true
            }
            () = &mut kill, if killing => {
                killing = false;
                // The command may have ended by now.
                let _ = child.start_kill();
                false
            }
        };
        if kill_later && !killing {
            killing = true;
            kill.set(sleep(args.grace));
        }
    }
}

/// Waits until a check shows that the lock is lost.
async fn loss(locked: &LockedDataset, check_every: Option<Duration>) {
    let Some(every) = check_every else {
        return std::future::pending().await;
    };
    loop {
        sleep(every).await;
        match locked.check().await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::LockLost => return,
            Err(error) => message::note(format_args!("can't check the lock: {error}")),
        }
    }
}

fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return exit::of_signal(signal);
    }
    // On other platforms a code has 32 bits. A failure must stay one.
    let code = status
        .code()
        .map(|code| u8::try_from(code).unwrap_or(exit::FAILED));
    code.unwrap_or(exit::OWN_FAILURE)
}
