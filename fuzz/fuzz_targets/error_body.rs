//! The errors in the body of an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;

// Not public, so it is compiled in.
#[allow(dead_code, reason = "not all of it is called here")]
#[path = "../../src/api_error.rs"]
mod api_error;

fuzz_target!(|body: &[u8]| {
    for error in api_error::read(body) {
        let _ = error.words(Some("Bad Request"));
        let _ = error.words(None);
    }
});
