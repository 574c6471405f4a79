//! Ids, version numbers, sites, base URLs and keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use llmobs_datasets::{BaseUrl, Credentials, DatasetId, DatasetVersion, ProjectId, Site};

fuzz_target!(|text: &str| {
    let _ = text.parse::<ProjectId>().map_err(|error| error.to_string());
    let _ = text.parse::<DatasetId>().map_err(|error| error.to_string());
    let _ = text
        .parse::<DatasetVersion>()
        .map_err(|error| error.to_string());
    let _ = text.parse::<Site>().map_err(|error| error.to_string());
    let _ = text.parse::<BaseUrl>().map_err(|error| error.to_string());
    let _ = BaseUrl::with_plain_http(text).map_err(|error| error.to_string());
    let _ = Credentials::new(text, text).map_err(|error| error.to_string());
});
