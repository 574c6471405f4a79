#![doc = include_str!("../README.md")]

pub use llmobs_datasets_generated::*;
