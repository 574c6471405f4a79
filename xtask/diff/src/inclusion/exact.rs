//! Numbers as they are written: no floating point, in which 0.3 is no multiple of 0.1.

use num_bigint::BigInt;
use num_rational::BigRational;
use serde_json::{Number, Value};

/// A number of any size and precision.
pub(super) type Exact = BigRational;

/// The value of a JSON number. `None` for an exponent that no float has.
pub(super) fn exact(number: &Number) -> Option<Exact> {
    let text = number.to_string();
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits: BigInt = [whole, fraction].concat().parse().ok()?;
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if exponent.unsigned_abs() > 400 {
        return None;
    }
    let power = Exact::from_integer(10.into()).pow(exponent);
    Some(Exact::from_integer(digits) * power)
}

/// The JSON number of a value, if it has one of its own.
pub(super) fn json(value: &Exact) -> Option<Value> {
    if value.is_integer() {
        let whole = value.to_integer();
        if let Ok(whole) = i64::try_from(&whole) {
            return Some(Value::from(whole));
        }
        return u64::try_from(&whole).ok().map(Value::from);
    }
    // A short decimal: the numerator once the denominator is a power of ten.
    let mut scaled = value.clone();
    for places in 1..=15_usize {
        scaled *= Exact::from_integer(10.into());
        if scaled.is_integer() {
            let digits = scaled.to_integer();
            let sign = if digits < BigInt::ZERO { "-" } else { "" };
            let digits = format!("{:0>width$}", digits.magnitude(), width = places + 1);
            let (whole, fraction) = digits.split_at_checked(digits.len() - places)?;
            let number: f64 = format!("{sign}{whole}.{fraction}").parse().ok()?;
            let number = Number::from_f64(number)?;
            return (exact(&number)? == *value).then_some(Value::Number(number));
        }
    }
    None
}

/// Whether two values are equal as JSON: numbers by their value.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || exact(a) == exact(b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for text in ["0.1", "-2.50", "1e3", "12345678901234567890", "7", "-0.07"] {
            let Value::Number(number) = serde_json::from_str(text).unwrap() else {
                panic!("{text} is a number");
            };
            let value = exact(&number).unwrap();
            let again = json(&value).unwrap();
            assert!(equal(&again, &Value::Number(number)), "{text} {again}");
        }
    }
}
