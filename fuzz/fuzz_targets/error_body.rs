//! The errors in the body of a response.
#![no_main]

use libfuzzer_sys::fuzz_target;
use llmobs_datasets::fuzzing;

fuzz_target!(|body: &[u8]| fuzzing::error_body(body));
