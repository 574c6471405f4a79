//! The headers about rate limits, waits and time: a line for each, which begins with its name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use llmobs_datasets::fuzzing;
use reqwest::header::{HeaderMap, HeaderValue};

const NAMES: [&str; 7] = [
    "retry-after",
    "date",
    "x-ratelimit-limit",
    "x-ratelimit-period",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-name",
];

fuzz_target!(|lines: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some((first, value)) = line.split_first() else {
            continue;
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(NAMES[usize::from(*first) % NAMES.len()], value);
        }
    }
    fuzzing::headers(&headers);
});
