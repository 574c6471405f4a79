//! What has changed about the schemas of messages.
//!
//! [`Roots`] are the pairs of schemas that operations lead to. `compare` goes through these and the pairs
//! that they lead to, each once. A pair is compared as [`Effective`] has its schemas, with `allOf` taken
//! together, keyword by keyword.

mod alternatives;
mod compare;
mod decide;
mod discriminator;
mod effective;
mod keywords;
mod limits;
mod pairs;
mod properties;
mod sides;
mod site;
mod words;

pub(crate) use compare::all;
pub(crate) use effective::Effective;
pub(crate) use pairs::Roots;
pub(crate) use site::{Direction, Site};
