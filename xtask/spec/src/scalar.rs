//! From the scalars of YAML to the values that JSON has.

use std::borrow::Cow;

use saphyr::{Scalar, ScalarStyle, Tag};
use serde_json::Number;

use crate::node::Data;

/// Why a scalar is refused, and a remedy.
pub(crate) type Refusal<'a> = (&'a str, &'a str);

/// That a tag makes a value one that JSON doesn't have.
pub(crate) const TAGGED: Refusal<'_> = (
    "is not a value that JSON has",
    "write it without a YAML tag",
);

/// The number up to which every whole number is exact as a floating-point one: 2 to the 53rd.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of a scalar. A tag decides, not the quotes: `! 1` and `!!str 1` are strings,
/// `!!int "1"` is a number.
pub(crate) fn read(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Data, Refusal<'static>> {
    let (style, tag) = match tag {
        None => (style, None),
        Some(tag) if is_string(tag) => (ScalarStyle::DoubleQuoted, None),
        Some(tag) if is_known(tag) => (ScalarStyle::Plain, Some(Cow::Borrowed(tag))),
        Some(_) => return Err(TAGGED),
    };
    Ok(
        match Scalar::parse_from_cow_and_metadata(text.into(), style, tag.as_ref()) {
            Some(Scalar::Null) => Data::Null,
            Some(Scalar::Boolean(value)) => Data::Bool(value),
            Some(Scalar::Integer(value)) => Data::Number(value.into()),
            Some(Scalar::FloatingPoint(value)) => number(value.into_inner()).ok_or((
                "is a number that JSON doesn't have",
                "write a finite number, or quote it",
            ))?,
            Some(Scalar::String(text)) => Data::Text(text.into()),
            None => return Err(TAGGED),
        },
    )
}

/// Whether a tag is one of YAML's own.
pub(crate) fn is_known(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() || is_string(tag)
}

fn is_string(tag: &Tag) -> bool {
    (tag.handle.as_str(), tag.suffix.as_str()) == ("", "!")
        || (tag.is_yaml_core_schema() && tag.suffix == "str")
}

/// A JSON number. A whole one has one spelling, because JSON knows no other kind of it.
fn number(value: f64) -> Option<Data> {
    if value.fract() == 0.0 && value.abs() < MAX_EXACT {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "whole, and below 2 to the 53rd"
        )]
        return Some(Data::Number(Number::from(value as i64)));
    }
    Number::from_f64(value).map(Data::Number)
}
