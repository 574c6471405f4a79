//! Exit codes, as `help.txt` lists them.

pub(crate) const SUCCESS: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
/// Another user, or another process of this one, holds the lock; `EX_TEMPFAIL` of sysexits.
pub(crate) const HELD: u8 = 75;
/// The next of sysexits.
pub(crate) const UNKNOWN: u8 = 76;
// The codes of `timeout` and `env`.
pub(crate) const WAITED: u8 = 124;
pub(crate) const OWN_FAILURE: u8 = 125;
pub(crate) const CANNOT_RUN: u8 = 126;
pub(crate) const NOT_FOUND: u8 = 127;

/// The exit code for a signal.
pub(crate) fn of_signal(number: i32) -> u8 {
    u8::try_from(128 + number).unwrap_or(OWN_FAILURE)
}
