//! Every combination of features that can be chosen, each linted on its own.

use xshell::Shell;

use super::programs::{Result, cargo, has_openssl};

/// The packages with features, and their folders.
const PACKAGES: [(&str, &str); 2] = [
    ("llmobs-datasets", "."),
    ("llmobs-datasets-generated", "generated-client"),
];

pub(super) fn check(shell: &Shell) -> Result {
    let native_tls = has_openssl(shell);
    if !native_tls {
        println!("skipped, no OpenSSL to build against: combinations with native-tls");
    }
    for (package, folder) in PACKAGES {
        let manifest: toml::Table = shell.read_file(format!("{folder}/Cargo.toml"))?.parse()?;
        let features = manifest.get("features").and_then(toml::Value::as_table);
        let features = features
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str());
        // Those that begin with `__` are no choice of a user's.
        let usable = |name: &&str| {
            *name != "default" && !name.starts_with("__") && (native_tls || *name != "native-tls")
        };
        for chosen in choices(&features.filter(usable).collect::<Vec<_>>()) {
            let features = format!("--no-default-features --features={chosen}");
            let clippy = format!("clippy --quiet --package {package} {features} --locked");
            cargo(shell, &format!("{clippy} -- -D warnings"))?;
        }
    }
    for feature in ["", "rustls-no-provider"] {
        let features = format!("--no-default-features --features={feature}");
        let test = "test --quiet --package llmobs-datasets --lib --locked";
        cargo(shell, &format!("{test} {features}"))?;
    }
    Ok(())
}

/// Each choice of features, separated by commas.
fn choices(features: &[&str]) -> Vec<String> {
    let choice = |bits: usize| {
        let chosen = features.iter().enumerate();
        let chosen = chosen.filter(|(index, _)| bits >> index & 1 == 1);
        chosen.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    };
    (0..1 << features.len()).map(choice).collect()
}
