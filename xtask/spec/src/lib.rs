//! The one model of an OpenAPI 3.0 document.

#![allow(
    clippy::missing_errors_doc,
    reason = "one kind of error here is for people, and `finding` describes it"
)]

pub mod document;
pub mod finding;
pub mod node;
pub mod openapi;
pub mod workspace;
mod yaml;
