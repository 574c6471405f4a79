//! Exit 0 means that the code compiles and reads what the spec documents; anything else has a place and a
//! remedy. Small specs of random parts, the same in each run, are held to that: those that are used are
//! compiled as one batch.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

mod batch;
mod requests;
mod specs;

use xtask_codegen::{generate, lower};
use xtask_spec::Document;

use self::batch::Batch;
use self::specs::Specs;

const SPECS: usize = 340;

/// Fewer would leave too little to compile.
const USED: usize = 200;

#[test]
#[ignore = "compiles for half a minute; `cargo xtask ci codegen` runs it"]
fn a_spec_that_is_used_compiles_and_reads_its_examples() {
    let mut batch = Batch::new();
    let mut used = 0;
    for spec in Specs::new().take(SPECS) {
        let text = serde_json::to_string_pretty(&spec).unwrap();
        let document = Document::parse("spec.json".to_owned(), text.clone()).unwrap();
        let code = lower(&document).and_then(|it| generate::generate(&document, &it));
        match code {
            Ok(code) => {
                used += 1;
                batch.add(&code, &spec);
            }
            Err(refused) => {
                for fault in refused.to_string().split("error: ").skip(1) {
                    let is_placed = fault.starts_with("spec.json:") && fault.contains(": #/");
                    assert!(is_placed && fault.contains("\n  help: "), "{fault}\n{text}");
                    assert!(!fault.contains("Some("), "a dump: {fault}");
                    println!("{fault}");
                }
            }
        }
    }
    println!("{used} of {SPECS} specs are used");
    assert!(used >= USED, "only {used} of {SPECS} specs are used");
    batch.check();
    batch.run();
}
