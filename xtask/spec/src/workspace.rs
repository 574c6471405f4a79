//! Where the files of this workspace are.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the workspace, also if it was moved since this was built.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    root.map(Path::to_owned).unwrap_or(manifest)
}

/// The spec's path in the workspace, and in each revision of it.
pub const SPEC: &str = "openapi/llm-obs-datasets.yaml";

/// The generated module's path in the workspace, and in each revision of it.
pub const GENERATED: &str = "generated-client/src/generated.rs";

/// The spec.
pub fn spec() -> PathBuf {
    root().join(SPEC)
}

/// The generated module.
pub fn generated() -> PathBuf {
    root().join(GENERATED)
}

/// The name of a file in messages and generated code: its path from the workspace if it is inside, with `/` on
/// every system; else the path as given.
pub fn name(path: &Path) -> String {
    match path.strip_prefix(root()) {
        Ok(inner) => inner
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/"),
        Err(_) => path.display().to_string(),
    }
}
