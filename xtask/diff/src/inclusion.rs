//! Schemas as sets of values: is every value of one a value of another?
//!
//! [`Prover`] puts schemas into a normal form, `atom`, when they are asked for (`store`, `normal`, and
//! `family` for discriminators): a union of atoms, each of values of one JSON type. `meet` intersects them,
//! `member` asks whether a value fits, `within` whether all values do, and `witness` looks for one that
//! doesn't. What is said to be within is; what breaks has a value that proves it; what has neither
//! can't be told.
//!
//! The idea is that of "Finding Data Compatibility Bugs with JSON Subschema Checks" (ISSTA 2021). Recursion
//! is by assumption, as in subtyping of recursive types. Of OpenAPI 3.0 it takes what JSON Schema doesn't
//! have: `nullable`, `readOnly` and `writeOnly` by the direction, and discriminators, whose values are the
//! names of components unless they are mapped.

mod atom;
mod exact;
mod family;
mod formats;
mod meet;
mod member;
mod normal;
mod prover;
mod store;
mod within;
mod witness;

pub(crate) use prover::{Prover, Shown};
pub(crate) use store::Message;

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test, whose random schemas are one list of kinds"
)]
mod tests;
