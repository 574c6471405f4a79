//! What is told of each kind of change.
//!
//! - `cases`: `base.yaml`, and the patches in `cases/` with the verdicts on each, both ways;
//! - `rules`: each case has its verdicts, and each rule has a case;
//! - `documents`: small documents, for what no patch of the base can be;
//! - `properties`: how a document is written doesn't matter, and both ways tell of the same places.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod cases;
mod documents;
mod properties;
mod rewrites;
mod rules;
