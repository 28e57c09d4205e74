//! Whether two quantities say the same. Comparing words do not count here: code points at those, a mind decides.

use super::decimal::Decimal;
use super::{Kind, Quantity, Value};

/// Whether `a` and `b` say the same: of one kind, in one unit, with a value in common. `90 minutes` is `1.5 hours`,
/// `24 hours` is not `1 day`.
pub fn same(a: &Quantity, b: &Quantity) -> bool {
    a.kind == b.kind && a.unit == b.unit && a.readings.iter().any(|value| b.readings.contains(value))
}

/// Those of `of` that `in_` does not hold. Besides [`same`], these hold one another: a range and both its ends; a date and
/// one that says more; a bare number and the same number with a unit, since a table says the unit in its head.
pub fn missing<'q>(of: &'q [Quantity], in_: &[Quantity]) -> Vec<&'q Quantity> {
    of.iter().filter(|wanted| !in_.iter().any(|one| holds(one, wanted)) && !holds_ends(in_, wanted)).collect()
}

fn holds(one: &Quantity, wanted: &Quantity) -> bool {
    let bare = wanted.kind == Kind::Count && wanted.unit.is_none();
    let counted = matches!(one.kind, Kind::Measure | Kind::Money | Kind::Percent);
    same(one, wanted)
        || is_end(one, wanted)
        || bare && counted && wanted.plain.iter().any(|number| one.plain.contains(number))
        || one.kind == wanted.kind
            && one.readings.iter().any(|a| wanted.readings.iter().any(|b| says_more(a, b)))
}

/// Whether `wanted` is one end of the range `one`.
fn is_end(one: &Quantity, wanted: &Quantity) -> bool {
    let ends = |number: &Decimal| {
        one.readings
            .iter()
            .any(|value| matches!(value, Value::Span(low, high) if low == number || high == number))
    };
    one.kind == wanted.kind
        && one.unit == wanted.unit
        && wanted.readings.iter().any(|value| matches!(value, Value::Number(number) if ends(number)))
}

/// Whether both ends of the range `wanted` stand in `in_`, each by itself.
fn holds_ends(in_: &[Quantity], wanted: &Quantity) -> bool {
    let alone = |number: Decimal| {
        let value = Value::Number(number);
        in_.iter()
            .any(|one| one.kind == wanted.kind && one.unit == wanted.unit && one.readings.contains(&value))
    };
    wanted.readings.iter().any(|value| matches!(value, Value::Span(low, high) if alone(*low) && alone(*high)))
}

/// Whether the date `one` says all that `wanted` says.
fn says_more(one: &Value, wanted: &Value) -> bool {
    let (Value::Date { year, month, day }, Value::Date { year: y, month: m, day: d }) = (one, wanted) else {
        return false;
    };
    (y.is_none() || y == year) && (m.is_none() || m == month) && (d.is_none() || d == day)
}
