//! A length of time as a person writes it: `5 minutes`, `2 hours`, `3 business days`.

use std::fmt;
use std::str::FromStr;

/// The units a person may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days of 24 hours.
    Day,
    /// Days that are not Saturday or Sunday (UTC); public holidays are not known to sopd.
    BusinessDay,
    /// Weeks of seven days.
    Week,
    /// Months, taken as 30 days.
    Month,
}

/// A whole number of one unit. Written and read in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

const UNITS: [(Unit, &str, i64); 7] = [
    (Unit::Second, "second", 1_000),
    (Unit::Minute, "minute", 60_000),
    (Unit::Hour, "hour", 3_600_000),
    (Unit::Day, "day", 86_400_000),
    (Unit::BusinessDay, "business day", 86_400_000),
    (Unit::Week, "week", 604_800_000),
    (Unit::Month, "month", 2_592_000_000),
];

impl Span {
    /// Its length in milliseconds, business days counted as calendar days.
    pub fn millis(self) -> i64 {
        let unit = UNITS.iter().find(|(unit, ..)| *unit == self.unit).map_or(0, |(.., millis)| *millis);
        unit.saturating_mul(i64::from(self.count))
    }
    /// The moment this long after `from`; business days skip Saturdays and Sundays (UTC).
    pub fn after(self, from: super::Instant) -> super::Instant {
        if self.unit != Unit::BusinessDay {
            return from.plus_millis(self.millis());
        }
        let mut at = from;
        let mut left = self.count;
        while left > 0 {
            at = at.plus_millis(86_400_000);
            if !is_weekend(at) {
                left -= 1;
            }
        }
        at
    }
}

fn is_weekend(at: super::Instant) -> bool {
    use chrono::Datelike as _;
    matches!(at.utc().weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun)
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "`{text}` is not a length of time; write for example `5 minutes`, `2 hours` or `3 business days`"
            )
        };
        let (count, unit) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let count = match count {
            "a" | "an" | "one" => 1,
            digits => digits.parse::<u32>().map_err(|_not_a_number| wrong())?,
        };
        let unit = unit.split_whitespace().collect::<Vec<_>>().join(" ");
        let singular = unit.strip_suffix('s').unwrap_or(&unit);
        let (unit, ..) = UNITS.iter().find(|(_, name, _)| *name == singular).ok_or_else(wrong)?;
        Ok(Self { count, unit: *unit })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(unit, ..)| *unit == self.unit).map_or("", |(_, name, _)| name);
        write!(f, "{} {name}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;

    #[test]
    fn spans_read_as_they_are_written() {
        for text in ["5 minutes", "1 hour", "3 business days", "30 seconds", "2 weeks", "6 months", "1 day"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["", "5", "five minutes", "5 minuts", "-1 hours", "5minutes", "2 hours ago"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_business_day_after_friday_is_monday() {
        let friday = Instant(1_795_190_400_000);
        assert_eq!(friday.day(), "2026-11-20");
        assert_eq!("1 business day".parse::<Span>().unwrap().after(friday).day(), "2026-11-23");
        assert_eq!("1 day".parse::<Span>().unwrap().after(friday).day(), "2026-11-21");
    }
}
