//! Numbers with what they count: money, percentages, measures, ranges, ordinals, bare counts. Read from tokens, after
//! dates, times and references are taken out.

mod numbers;
mod ordinals;
mod tokens;

use super::decimal::Decimal;
use super::scan::{Found, Scan};
use super::units::{Unit, unit, unspaced};
use super::{Kind, Value};
use crate::text::language::Language;
use numbers::Number;
use std::ops::Range;
use tokens::{Token, TokenKind, tokens};

/// Words that may stand between a number and its unit: `3 full days`.
const BETWEEN: [&str; 15] = [
    "full",
    "whole",
    "more",
    "further",
    "additional",
    "consecutive",
    "volle",
    "vollen",
    "ganze",
    "weitere",
    "weiteren",
    "aufeinanderfolgende",
    "pleins",
    "consécutifs",
    "next",
];

/// Words and signs that part the two ends of a range, and those that do so behind `between`.
const TO: [&str; 12] = ["-", "–", "to", "through", "bis", "à", "a", "al", "tot", "até", "hasta", "から"];
const AND: [&str; 6] = ["and", "und", "et", "y", "e", "en"];
const BETWEEN_ENDS: [&str; 8] = ["between", "zwischen", "entre", "tra", "fra", "tussen", "from", "von"];

/// Reads all that is left.
pub(super) fn amounts(scan: &mut Scan) {
    let found = {
        let reader = Reader {
            text: scan.text(),
            language: scan.convention.language,
            scan,
            tokens: tokens(scan.text()),
        };
        reader.read()
    };
    scan.take(found);
}

struct Reader<'s> {
    text: &'s str,
    language: Option<Language>,
    scan: &'s Scan,
    tokens: Vec<Token<'s>>,
}

impl Reader<'_> {
    fn read(&self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let mut index = 0;
        while index < self.tokens.len() {
            let floor = found.last().map_or(0, |last| last.range.end);
            match self.amount(index, floor) {
                Some(one) => {
                    index = self.next(one.range.end).max(index + 1);
                    join(self.text, &mut found, one);
                }
                None => index += 1,
            }
        }
        found
    }

    fn token(&self, index: usize) -> Option<&Token<'_>> {
        self.tokens.get(index)
    }

    /// The first token at or behind byte `at`.
    fn next(&self, at: usize) -> usize {
        self.tokens.partition_point(|token| token.range.start < at)
    }

    /// The amount whose number stands at token `index`; what lies before byte `floor` is taken.
    fn amount(&self, index: usize, floor: usize) -> Option<Found> {
        if let Some(ordinal) = self.ordinal(index) {
            return Some(ordinal);
        }
        let mut number = self.number(index)?;
        self.range_end(&mut number);
        self.millions(&mut number, index);
        let behind = self.unit_behind(number.end);
        let before = behind
            .is_none()
            .then(|| self.currency_before(index))
            .flatten()
            .filter(|(_, start)| *start >= floor);
        let (unit, range) = match (behind, before) {
            (Some((unit, end)), _) => (Some(unit), number.start..end),
            (None, Some((unit, start))) => (Some(unit), start..number.end),
            (None, None) => (None, number.start..number.end),
        };
        if number.needs_unit && unit.is_none_or(|unit| unit.money) {
            return None;
        }
        let attached = unit.is_none().then(|| self.attached_word(number.end)).flatten();
        Some(found(&number, unit, attached, range))
    }

    /// Takes the second end of a range, where one follows.
    fn range_end(&self, number: &mut Number) {
        let at = self.next(number.end);
        let (Some(joint), Some(high)) = (self.token(at), self.number(at + 1)) else { return };
        let word = joint.text.to_lowercase();
        let first = self.next(number.start);
        let opened = first
            .checked_sub(1)
            .and_then(|before| self.token(before))
            .is_some_and(|token| BETWEEN_ENDS.contains(&token.text.to_lowercase().as_str()));
        let english_a =
            word == "a" && matches!(self.language, None | Some(Language::English | Language::German));
        let joined = TO.contains(&word.as_str()) && !english_a || AND.contains(&word.as_str()) && opened;
        let rising = number.low.first().zip(high.low.first()).and_then(|(low, high)| low.is_less(*high));
        let negative = high.start < joint.range.end;
        if joined && rising == Some(true) && !negative && self.currency_sign(at + 1).is_none() {
            number.end = high.end;
            number.high = Some(high.low);
        }
    }

    /// The unit behind byte `end`, and where it ends. A newline, a hyphen or one small word may stand between.
    fn unit_behind(&self, end: usize) -> Option<(Unit, usize)> {
        let rest = self.text.get(end..)?;
        if let Some((unit, length)) = unspaced(rest) {
            return Some((unit, end + length));
        }
        let mut index = self.next(end);
        let mut first = self.token(index)?;
        // `2,5 Mio. Euro`: the point belongs to the word that multiplied.
        let multiplied = super::scan::before(self.text, end).is_some_and(char::is_alphabetic);
        if multiplied && first.text == "." && first.range.start == end {
            return self.unit_at(index + 1);
        }
        let hyphen = first.text == "-" && first.range.start == end;
        if hyphen {
            index += 1;
            first = self.token(index)?;
        }
        let gap = self.text.get(end..first.range.start)?;
        if !gap.trim_matches(|c: char| c.is_whitespace() || c == '-').is_empty() || hyphen && gap.len() > 1 {
            return None;
        }
        if let Some(found) = self.unit_at(index) {
            return Some(found);
        }
        let small = BETWEEN.contains(&first.text.to_lowercase().as_str());
        small.then(|| self.unit_at(index + 1)).flatten()
    }

    /// The longest name of a unit from token `index` on: three words at most.
    fn unit_at(&self, index: usize) -> Option<(Unit, usize)> {
        let mut name = String::new();
        let mut best = None;
        let mut end: Option<usize> = None;
        let mut at = index;
        for _ in 0..3 {
            let Some(token) = self.token(at) else { break };
            let gap = end.map_or(Some(""), |end| self.text.get(end..token.range.start));
            let joined = gap.is_some_and(|gap| gap.trim().trim_start_matches('.').trim().is_empty());
            if !joined || token.kind == TokenKind::Number {
                break;
            }
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(token.text);
            end = Some(token.range.end);
            best = unit(&name).map(|unit| (unit, token.range.end)).or(best);
            at += 1;
            // The point of an abbreviation: `bus. days`.
            if self.token(at).is_some_and(|token| token.text == ".") {
                at += 1;
            }
        }
        best.or_else(|| {
            // `Stunden-Frist`, `day-old`: the unit is the first part.
            let token = self.token(index)?;
            let (head, _) = token.text.split_once(['-', '/'])?;
            Some((unit(head)?, token.range.start + head.len()))
        })
    }

    fn currency_sign(&self, index: usize) -> Option<Unit> {
        self.token(index).and_then(|token| unit(token.text)).filter(|unit| unit.money)
    }

    /// The currency before the number at token `index`, and where it begins.
    fn currency_before(&self, index: usize) -> Option<(Unit, usize)> {
        let number = self.token(index)?;
        let sign = self.token(index.checked_sub(1)?)?;
        let gap = self.text.get(sign.range.end..number.range.start)?;
        if gap.trim().is_empty()
            && let Some(before) = index.checked_sub(2).and_then(|at| self.token(at))
        {
            let both = format!("{}{}", before.text, sign.text);
            let joined = before.range.end == sign.range.start;
            if joined
                && sign.kind == TokenKind::Sign
                && let Some(unit) = unit(&both).filter(|unit| unit.money)
            {
                return Some((unit, before.range.start));
            }
        }
        let unit = unit(sign.text).filter(|unit| unit.money && gap.trim().is_empty())?;
        Some((unit, sign.range.start))
    }

    /// A word written on to the number that is no unit we know: `10rpm`.
    fn attached_word(&self, end: usize) -> Option<(String, usize)> {
        let token = self.token(self.next(end)).filter(|token| token.kind == TokenKind::Word)?;
        (token.range.start == end).then(|| (token.text.to_owned(), token.range.end))
    }
}

fn found(
    number: &Number,
    unit: Option<Unit>,
    attached: Option<(String, usize)>,
    mut range: Range<usize>,
) -> Found {
    let factor = unit.map_or(Decimal::whole(1), |unit| unit.factor);
    let scaled = |numbers: &[Decimal]| -> Vec<Decimal> {
        numbers.iter().filter_map(|one| one.times(factor)).collect()
    };
    let low = scaled(&number.low);
    let readings = match number.high.as_deref().map(scaled) {
        None => low.into_iter().map(Value::Number).collect(),
        // Both ends are written in one way, so their readings go together.
        Some(high) if high.len() == low.len() => {
            low.into_iter().zip(high).map(|(a, b)| Value::Span(a, b)).collect()
        }
        Some(high) => low.iter().flat_map(|low| high.iter().map(|high| Value::Span(*low, *high))).collect(),
    };
    let kind = match unit {
        Some(unit) if unit.money => Kind::Money,
        Some(unit) if unit.name == "%" => Kind::Percent,
        Some(_) => Kind::Measure,
        None if attached.is_some() => Kind::Measure,
        None => Kind::Count,
    };
    let name = unit.map(|unit| unit.name.to_owned());
    let (name, end) = match attached {
        Some((word, end)) => (Some(word), end),
        None => (name, range.end),
    };
    range.end = end;
    let mut found = Found::new(kind, range, readings);
    found.unit = name;
    found.plain = number.low.iter().chain(number.high.iter().flatten()).copied().collect();
    found.in_words = number.in_words;
    found
}

/// Adds `one` to what was found; `1 hour 30 minutes` becomes one.
fn join(text: &str, found: &mut Vec<Found>, one: Found) {
    let Some(before) = found.last_mut() else { return found.push(one) };
    let seconds = |found: &Found| found.kind == Kind::Measure && found.unit.as_deref() == Some("s");
    let gap = text.get(before.range.end..one.range.start).unwrap_or("x").trim();
    let near = matches!(gap, "" | "and" | "und" | "et" | "y" | "e" | "en");
    if let ([Value::Number(a)], [Value::Number(b)]) = (before.readings.as_slice(), one.readings.as_slice())
        && near
        && seconds(before)
        && seconds(&one)
        && b.is_less(*a) == Some(true)
        && let Some(sum) = a.plus(*b)
    {
        before.readings = vec![Value::Number(sum)];
        before.plain.extend(one.plain);
        before.range.end = one.range.end;
        return;
    }
    found.push(one);
}
