//! One number, in digits or in words, with its sign and what multiplies it. What it counts is read elsewhere.

use super::Reader;
use super::tokens::{Token, TokenKind};
use crate::text::language::Language;
use crate::text::quantities::comparator::stands_before;
use crate::text::quantities::decimal::Decimal;
use crate::text::quantities::scan::before;
use crate::text::quantities::words;

/// A number or a range being read.
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) low: Vec<Decimal>,
    pub(super) high: Option<Vec<Decimal>>,
    pub(super) in_words: bool,
    /// Counts only with a unit: `one`, `ein`.
    pub(super) needs_unit: bool,
}

impl Reader<'_> {
    /// `£2m` is two millions; without a currency before it, it is two metres.
    pub(super) fn millions(&self, number: &mut Number, index: usize) {
        let next = self.token(self.next(number.end));
        let attached = next.filter(|next| matches!(next.text, "m" | "M") && next.range.start == number.end);
        if let Some(token) = attached.filter(|_| self.currency_before(index).is_some()) {
            let million = Decimal::whole(1_000_000);
            number.low = raised(&number.low, million);
            number.high = number.high.as_deref().map(|high| raised(high, million));
            number.end = token.range.end;
        }
    }

    /// A number at `index`, in digits or as a word, multiplied by the word behind it.
    pub(super) fn number(&self, index: usize) -> Option<Number> {
        let token = self.token(index)?;
        let (mut low, in_words, needs_unit) = match token.kind {
            TokenKind::Number => (self.scan.convention.readings(token.text), false, false),
            TokenKind::Word => {
                let (value, needs_unit) = self.word(token)?;
                (vec![Decimal::whole(value)], true, needs_unit)
            }
            TokenKind::Sign => return None,
        };
        let (mut start, mut end) = (token.range.start, token.range.end);
        if self.is_negative(index) {
            start -= 1;
            low = low.into_iter().map(Decimal::negated).collect();
        }
        let mut multiplied = false;
        while let Some((factor, behind)) = self.times(end) {
            low = raised(&low, factor);
            end = behind;
            multiplied = true;
        }
        if in_words && multiplied {
            (low, end) = self.added(low, end);
        }
        let end = if in_words { self.repeated(&low, end) } else { end };
        let needs_unit = needs_unit && !multiplied;
        (!low.is_empty()).then_some(Number { start, end, low, high: None, in_words, needs_unit })
    }

    /// `one hundred and twenty`: what a word adds to hundreds and thousands.
    fn added(&self, low: Vec<Decimal>, end: usize) -> (Vec<Decimal>, usize) {
        let mut index = self.next(end);
        if self.token(index).is_some_and(|token| token.text == "and") {
            index += 1;
        }
        let small = self.token(index).filter(|token| token.kind == TokenKind::Word);
        let value = small.and_then(|token| words::count(&token.text.to_lowercase(), self.language));
        match (small, value.filter(|value| (1..100).contains(value))) {
            (Some(token), Some(value)) => {
                (low.into_iter().filter_map(|one| one.plus(Decimal::whole(value))).collect(), token.range.end)
            }
            _ => (low, end),
        }
    }

    /// `thirty (30) days`: the same number in digits behind its word.
    fn repeated(&self, low: &[Decimal], end: usize) -> usize {
        let at = self.next(end);
        let (Some(open), Some(digits), Some(close)) =
            (self.token(at), self.token(at + 1), self.token(at + 2))
        else {
            return end;
        };
        let again = digits.kind == TokenKind::Number && self.scan.convention.readings(digits.text) == low;
        if open.text == "(" && close.text == ")" && again { close.range.end } else { end }
    }

    /// The value of a number word, and whether it counts only with a unit.
    fn word(&self, token: &Token<'_>) -> Option<(i128, bool)> {
        let lower = token.text.to_lowercase();
        if matches!(lower.as_str(), "a" | "an")
            && self.language.is_none_or(|language| language == Language::English)
        {
            return stands_before(self.text, token.range.start).then_some((1, true));
        }
        let value = words::count(&lower, self.language)?;
        Some((value, value < 2))
    }

    fn times(&self, end: usize) -> Option<(Decimal, usize)> {
        let rest = self.text.get(end..)?;
        if let Some((factor, length)) = words::times_sign(rest) {
            return Some((factor, end + length));
        }
        let token = self.token(self.next(end)).filter(|token| token.kind == TokenKind::Word)?;
        let gap = self.text.get(end..token.range.start)?;
        let attached_only = matches!(token.text, "k" | "K" | "bn" | "mil");
        let factor = words::times(&token.text.to_lowercase())?;
        (if attached_only { gap.is_empty() } else { gap.trim().is_empty() })
            .then_some((factor, token.range.end))
    }

    /// A minus directly before the digits, with nothing before it that it could join.
    fn is_negative(&self, index: usize) -> bool {
        let (Some(token), Some(sign)) =
            (self.token(index), index.checked_sub(1).and_then(|at| self.token(at)))
        else {
            return false;
        };
        let free = before(self.text, sign.range.start).is_none_or(|c| c.is_whitespace() || "(|:".contains(c));
        sign.text == "-" && sign.range.end == token.range.start && free && token.kind == TokenKind::Number
    }
}

/// Each of `all` multiplied, without those that grow too long to be held.
fn raised(all: &[Decimal], factor: Decimal) -> Vec<Decimal> {
    all.iter().filter_map(|one| one.times(factor)).collect()
}
