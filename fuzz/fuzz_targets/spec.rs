//! The file of a spec, from its bytes to what the generator is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xtask_spec::Document;

fuzz_target!(|bytes: &[u8]| {
    let document = Document::from_bytes("spec.yaml".to_owned(), bytes.to_vec());
    if let Ok(document) = document {
        let _ = xtask_codegen::lower(&document).map_err(|refused| refused.to_string());
    }
});
