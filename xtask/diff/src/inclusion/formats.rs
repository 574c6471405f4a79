//! Formats as sets of strings or numbers: which are within which, and whether a string is of one.

use std::collections::BTreeSet;

use regex::Regex;

/// Formats of which each value is one of another as well.
const WITHIN: &[(&str, &str)] = &[
    ("float", "double"),
    ("ipv4", "ip"),
    ("ipv6", "ip"),
    ("uri", "uri-reference"),
    ("url", "uri"),
];

/// Formats that can be told from a string, with their form and an example.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "uuid",
        r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        "9f64e5c7-dc5a-45c8-a17c-1b85f0bec97d",
    ),
    ("date", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2024-01-31"),
    (
        "date-time",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        "2024-01-31T00:00:00Z",
    ),
    ("ipv4", r"^[0-9]{1,3}([.][0-9]{1,3}){3}$", "192.0.2.1"),
    ("email", "@", "a@example.com"),
    ("uri", ":", "https://example.com/"),
];

/// Formats with all that contain them.
pub(super) fn with_wider(formats: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = formats.clone();
    for _ in 0..2 {
        let wider = WITHIN.iter().filter(|(inner, _)| all.contains(*inner));
        let wider: Vec<String> = wider.map(|(_, outer)| (*outer).to_owned()).collect();
        all.extend(wider);
    }
    all
}

/// Whether no string is of both formats.
pub(super) fn apart(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let is_strict = |name: &str| matches!(name, "uuid" | "date" | "date-time" | "ipv4");
    let strict = |formats: &BTreeSet<String>| formats.iter().find(|it| is_strict(it)).cloned();
    matches!((strict(a), strict(b)), (Some(a), Some(b)) if a != b)
}

/// Whether a string is of a format; `None` if that can't be told.
pub(super) fn has(format: &str, text: &str) -> Option<bool> {
    let (_, form, example) = KNOWN.iter().find(|(name, ..)| *name == format)?;
    if text == *example {
        return Some(true);
    }
    // What has the form may still be no day of the calendar.
    let is_certain = format == "uuid";
    match matches(form, text) {
        Some(true) if !is_certain => None,
        known => known,
    }
}

/// A string of a format.
pub(super) fn example(format: &str) -> Option<&'static str> {
    let known = KNOWN.iter().find(|(name, ..)| *name == format);
    known.map(|(.., example)| *example)
}

/// Whether a string has a pattern; `None` if that can't be told. Patterns are those of JavaScript: what is
/// written otherwise there, or means something else beyond ASCII, is left open.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    if !text.is_ascii() || text.contains('\n') || pattern.contains("(?") {
        return None;
    }
    thread_local! {
        static COMPILED: std::cell::RefCell<std::collections::HashMap<String, Option<Regex>>> =
            std::cell::RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let regex = compiled
            .entry(pattern.to_owned())
            .or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().map(|regex| regex.is_match(text))
    })
}
