//! Exact decimal numbers: what a text says in digits, without the surprises of binary fractions.

use std::fmt;

/// An exact decimal number. Two of them are equal where their values are: `1.50` is `1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// All digits as one whole number.
    digits: i128,
    /// How many of them stand behind the point; the last of those is not 0.
    scale: u32,
}

impl Decimal {
    /// A whole number.
    pub fn whole(number: i128) -> Self {
        Self { digits: number, scale: 0 }
    }

    /// Reads `-12.50`: ASCII digits and at most one point. `None` for anything else, and beyond 30 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let all = format!("{whole}{fraction}");
        let digits_only = all.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || all.len() > 30 || !digits_only {
            return None;
        }
        let digits: i128 = all.parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { digits: if negative { -digits } else { digits }, scale }.normal())
    }

    /// The product; `None` where it has too many digits to be held.
    pub fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self { digits, scale: self.scale + other.scale }.normal())
    }

    /// The sum; `None` where it has too many digits to be held.
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let raised = |one: Self| one.digits.checked_mul(10_i128.checked_pow(scale - one.scale)?);
        Some(Self { digits: raised(self)?.checked_add(raised(other)?)?, scale }.normal())
    }

    /// Whether it is less than `other`; `None` where that needs too many digits.
    pub fn is_less(self, other: Self) -> Option<bool> {
        let opposite = Self { digits: other.digits.checked_neg()?, scale: other.scale };
        Some(self.plus(opposite)?.digits < 0)
    }

    /// The negative of it.
    pub(super) fn negated(self) -> Self {
        Self { digits: self.digits.saturating_neg(), ..self }
    }

    fn normal(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let all = self.digits.unsigned_abs().to_string();
        let behind = usize::try_from(self.scale).unwrap_or(0);
        let all = format!("{all:0>width$}", width = behind + 1);
        let (whole, fraction) = all.split_at_checked(all.len() - behind).unwrap_or((&all, ""));
        let point = if fraction.is_empty() { "" } else { "." };
        write!(out, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_is_written_in_its_shortest_form() {
        for (text, shown) in [("1.50", "1.5"), ("0.05", "0.05"), ("-18", "-18"), ("007", "7"), ("0.000", "0")]
        {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "-", ".5", "1.2.3", "1e5", "1234567890123456789012345678901"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(digits in any::<i64>(), scale in 0_u32..12) {
            let one = Decimal { digits: i128::from(digits), scale }.normal();
            prop_assert_eq!(Decimal::parse(&one.to_string()), Some(one));
            prop_assert_eq!(one.plus(Decimal::whole(0)), Some(one));
            prop_assert_eq!(one.is_less(one), Some(false));
        }
    }
}
