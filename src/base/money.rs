//! Money as whole micro-dollars: sums stay exact, and a stored amount reads the same on every machine.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// Millionths of a US dollar. Stored as an integer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

/// Largest amount that may be written in a file, in dollars; beyond it somebody made a typing error.
const MAX_DOLLARS: f64 = 1e9;

impl MicroUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Dollars as written in a file, rounded to the nearest micro-dollar. Not a number, negative, or absurdly
    /// large amounts are refused with the reason.
    pub fn from_dollars(dollars: f64) -> Result<Self, String> {
        if !(0.0..=MAX_DOLLARS).contains(&dollars) {
            return Err(format!("`{dollars}` is not an amount of US dollars"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range was checked, and is rounded to whole numbers"
        )]
        Ok(Self((dollars * 1e6).round() as i64))
    }

    /// The amount as dollars, for a file.
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "amounts written in files are far below 2^53")]
        let micros = self.0 as f64;
        micros / 1e6
    }
}

impl Add for MicroUsd {
    type Output = Self;
    /// Stops at the largest amount instead of wrapping round.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for MicroUsd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for MicroUsd {
    /// Exact, with at least two decimals: `$2.00`, `$0.0123`, `-$0.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let digits = format!("{part:06}");
        let kept = digits.trim_end_matches('0').len().max(2);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}${whole}.{}", digits.get(..kept).unwrap_or_default())
    }
}

/// For fields that a person writes in dollars: `#[serde(with = "dollars")]` on an `Option<MicroUsd>`.
pub mod dollars {
    use super::MicroUsd;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    /// Writes dollars, or nothing.
    pub fn serialize<S: Serializer>(amount: &Option<MicroUsd>, serializer: S) -> Result<S::Ok, S::Error> {
        amount.map(MicroUsd::dollars).serialize(serializer)
    }

    /// Reads dollars, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MicroUsd>, D::Error> {
        let dollars = Option::<f64>::deserialize(deserializer)?;
        dollars.map(MicroUsd::from_dollars).transpose().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_plain() {
        for (dollars, shown) in [
            (2.0, "$2.00"),
            (0.0123, "$0.0123"),
            (0.000_001, "$0.000001"),
            (0.0, "$0.00"),
            (1234.5, "$1234.50"),
        ] {
            let amount = MicroUsd::from_dollars(dollars).unwrap();
            assert_eq!(amount.to_string(), shown);
            assert_eq!(MicroUsd::from_dollars(amount.dollars()).unwrap(), amount);
        }
        assert_eq!((MicroUsd(0) - MicroUsd(500_000)).to_string(), "-$0.50");
        assert_eq!(MicroUsd(i64::MAX) + MicroUsd(1), MicroUsd(i64::MAX));
        for bad in [-0.01, f64::NAN, f64::INFINITY, 1e12] {
            assert!(MicroUsd::from_dollars(bad).is_err(), "{bad}");
        }
    }
}
