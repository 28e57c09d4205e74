//! Places in an order: `3rd`, `third working day`, and in German `3. Werktag`. A word counts only before a unit.

use super::Reader;
use super::tokens::TokenKind;
use crate::text::language::Language;
use crate::text::quantities::decimal::Decimal;
use crate::text::quantities::scan::{Found, after};
use crate::text::quantities::units::Unit;
use crate::text::quantities::{Kind, Value, words};
use std::ops::Range;

/// What ends an ordinal: `3rd`, `2e`, `1er`.
const ORDINAL_ENDS: [&str; 11] = ["st", "nd", "rd", "th", "er", "ère", "ème", "e", "º", "ª", "eme"];

impl Reader<'_> {
    /// `3rd`, `third working day`, and in German `3. Werktag`.
    pub(super) fn ordinal(&self, index: usize) -> Option<Found> {
        let token = self.token(index)?;
        let (place, mut end) = match token.kind {
            TokenKind::Number => self.ordinal_digits(index)?,
            TokenKind::Word => {
                let place = words::order(&token.text.to_lowercase(), self.language)?;
                let (unit, end) = self.unit_behind(token.range.end).filter(|(unit, _)| !unit.money)?;
                // `one second` is a second; `second working day` is the other one.
                return Some(ordinal(Decimal::whole(place), Some(unit), token.range.start..end, true));
            }
            TokenKind::Sign => return None,
        };
        let unit = self.unit_behind(end).filter(|(unit, _)| !unit.money);
        if let Some((_, behind)) = unit {
            end = behind;
        }
        Some(ordinal(place, unit.map(|(unit, _)| unit), token.range.start..end, false))
    }

    fn ordinal_digits(&self, index: usize) -> Option<(Decimal, usize)> {
        let (token, next) = (self.token(index)?, self.token(index + 1)?);
        let whole = token.text.bytes().all(|byte| byte.is_ascii_digit());
        if !whole || next.range.start != token.range.end {
            return None;
        }
        let place = Decimal::parse(token.text)?;
        let suffix = ORDINAL_ENDS.contains(&next.text);
        let point = next.text == "."
            && self.language == Some(Language::German)
            && token.text.len() <= 2
            && after(self.text, next.range.end).is_some_and(char::is_whitespace)
            && self.unit_behind(next.range.end).is_some_and(|(unit, _)| !unit.money);
        (suffix || point).then_some((place, next.range.end))
    }
}

fn ordinal(place: Decimal, unit: Option<Unit>, range: Range<usize>, in_words: bool) -> Found {
    let mut found = Found::new(Kind::Ordinal, range, vec![Value::Number(place)]);
    found.unit = unit.map(|unit| unit.own_name().to_owned());
    found.plain = vec![place];
    found.in_words = in_words;
    found
}
