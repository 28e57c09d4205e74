//! Quantities of a text, read so that they can be compared: numbers, money, percentages, measures, ranges, dates, times,
//! weekdays, and beside them the references (ids, versions, addresses) that look like numbers and are none.
//! It reads what is written. It never converts what has no fixed ratio, and leaves open what can be read in two ways.

mod amounts;
mod calendar;
mod comparator;
mod compare;
mod convention;
mod decimal;
mod folded;
mod references;
mod scan;
mod units;
mod words;

pub use comparator::Comparator;
pub use compare::{missing, same};
pub use convention::Convention;
pub use decimal::Decimal;

pub(super) use calendar::is_month;
pub(super) use units::is_unit;

use std::ops::Range;

/// What kind of quantity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A bare number.
    Count,
    /// A number of something that is measured, time included.
    Measure,
    /// A sum of money.
    Money,
    /// A share in percent.
    Percent,
    /// A place in an order: `3rd`, `third working day`.
    Ordinal,
    /// A date, whole or in part.
    Date,
    /// A time of day.
    Time,
    /// A day of the week.
    Weekday,
    /// An id, a version, a section, a phone number, an address: compared as written.
    Reference,
}

/// A value in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number of [`Quantity::unit`].
    Number(Decimal),
    /// From the first to the second.
    Span(Decimal, Decimal),
    /// A date; what is not said is `None`.
    Date {
        /// Four digits.
        year: Option<u16>,
        /// 1 to 12.
        month: Option<u8>,
        /// 1 to 31.
        day: Option<u8>,
    },
    /// Seconds since midnight, 0 to 86,400.
    Time(u32),
    /// 1 is Monday, 7 is Sunday.
    Weekday(u8),
    /// As written, without white space.
    Verbatim(String),
}

/// One quantity in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// What kind it is.
    pub kind: Kind,
    /// All values it may have: more than one where the text does not say which, as in `3/4/2026`. Never empty.
    pub readings: Vec<Value>,
    /// The unit of its values: `s` (of all seconds, minutes and hours), `business-day`, `EUR`, `%`; a word attached to
    /// a number that is no unit we know, as written.
    pub unit: Option<String>,
    /// On which side of it things lie, where that is said. It does not count when quantities are compared.
    pub comparator: Option<Comparator>,
    /// Whether the number is a word.
    pub in_words: bool,
    /// Its bytes in the text, without the comparator.
    pub range: Range<usize>,
    /// As written.
    pub text: String,
    /// The numbers as written, before any conversion.
    plain: Vec<Decimal>,
}

/// The quantities of `text`, in order; no two overlap. `convention` is that of the whole file: [`Convention::of`].
pub fn quantities(text: &str, convention: Convention) -> Vec<Quantity> {
    let mut scan = scan::Scan::new(text, convention);
    references::addresses(&mut scan);
    calendar::dates(&mut scan);
    calendar::times(&mut scan);
    references::numbers(&mut scan);
    calendar::weekdays(&mut scan);
    amounts::amounts(&mut scan);
    scan.finish(text)
}

#[cfg(test)]
mod tests;
