//! Removes the keys from texts that a server sends back.

use std::collections::BTreeSet;

use memchr::memmem;
use secrecy::{ExposeSecret as _, SecretString};

/// The number of characters of a key that count as the key at the end of a text, which may be cut off.
const CUT: usize = 5;

/// The forms of the keys that are found in texts, in lower case.
#[derive(Debug)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    pub(crate) fn new(keys: [&SecretString; 2]) -> Self {
        let forms = keys.into_iter().flat_map(|key| {
            let key = key.expose_secret().to_ascii_lowercase();
            let json = key.replace('\\', r"\\").replace('"', r#"\""#);
            let url = key.bytes().map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).into(),
                _ => format!("%{byte:02x}"),
            });
            // Some servers escape the slash in JSON, too.
            [url.collect(), json.replace('/', r"\/"), json, key]
        });
        let forms: BTreeSet<String> = forms.collect();
        Self(forms.into_iter().map(Into::into).collect())
    }

    /// The text with `[redacted]` in place of keys; `None` if there are none.
    pub(crate) fn redact(&self, text: &[u8]) -> Option<Vec<u8>> {
        // `to_ascii_lowercase` would go over the text twice.
        let lower: Vec<u8> = text.iter().map(u8::to_ascii_lowercase).collect();
        let mut found = Vec::new();
        for form in self.0.iter().map(|form| form.expose_secret().as_bytes()) {
            found.extend(memmem::find_iter(&lower, form).map(|at| (at, at + form.len())));
            let mut cuts = (CUT..form.len())
                .rev()
                .map(|length| form.split_at(length).0);
            let cut = cuts.find(|cut| lower.ends_with(cut));
            found.extend(cut.map(|cut| (text.len() - cut.len(), text.len())));
        }
        found.sort_unstable();
        let (mut redacted, mut done) = (Vec::new(), 0);
        for &(start, end) in &found {
            // A match that overlaps the previous one extends it.
            if let Some(before) = text.get(done..start) {
                redacted.extend([before, b"[redacted]"].concat());
            }
            done = done.max(end);
        }
        redacted.extend_from_slice(text.get(done..)?);
        (!found.is_empty()).then_some(redacted)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    #[ignore = "measures: run with --release"]
    fn time_for_a_mebibyte() {
        let key = "0123456789abcdef0123456789abcdef".into();
        let application_key = "ddapp_k3yabcdef0123456789abcdef01234567".into();
        let redactor = Redactor::new([&key, &application_key]);
        for text in [
            "x",
            "{\"errors\":[{\"detail\":\"dataset 0a1b2c3d\"}]}",
            "9f64e5c7dc5a",
        ] {
            let text = text.repeat((1 << 20) / text.len());
            let time = || {
                let start = Instant::now();
                assert!(redactor.redact(text.as_bytes()).is_none());
                start.elapsed()
            };
            println!("{:?} for 1 MiB", (0..20).map(|_| time()).min().unwrap());
        }
    }
}
