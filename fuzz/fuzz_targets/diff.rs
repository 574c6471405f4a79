//! Two specs against each other. A line of dashes stands between them; without one, a spec is compared
//! with itself, which must give nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xtask_spec::Document;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let read = |text: &str| Document::parse("spec.yaml".to_owned(), text.to_owned());
    match text.split_once("\n-----\n") {
        Some((base, revision)) => {
            if let (Ok(base), Ok(revision)) = (read(base), read(revision)) {
                let _ = xtask_diff::compare(&base, &revision).map_err(|refused| refused.to_string());
            }
        }
        None => {
            if let Ok(document) = read(&text) {
                if let Ok(changes) = xtask_diff::compare(&document, &document) {
                    assert!(changes.is_empty(), "{changes:?}");
                }
            }
        }
    }
});
