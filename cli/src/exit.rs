//! The exit codes, which `help.txt` lists.

pub(crate) const SUCCESS: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
/// Somebody else holds the lock. `EX_TEMPFAIL` in `sysexits.h`.
pub(crate) const HELD: u8 = 75;
/// The call may have taken effect. `EX_PROTOCOL` in `sysexits.h`.
pub(crate) const UNKNOWN: u8 = 76;
// The codes of the programs `timeout` and `env`.
pub(crate) const WAITED: u8 = 124;
pub(crate) const OWN_FAILURE: u8 = 125;
pub(crate) const CANNOT_RUN: u8 = 126;
pub(crate) const NOT_FOUND: u8 = 127;

/// The exit code for a signal.
pub(crate) fn of_signal(number: i32) -> u8 {
    u8::try_from(128 + number).unwrap_or(OWN_FAILURE)
}
