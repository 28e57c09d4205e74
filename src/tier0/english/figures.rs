//! Figures in a sentence: lengths of time, deadlines, amounts, percentages. What a text demands with a number
//! is what a reader will hold it to, so numbers are compared, kept and never made up.

use super::words::words;
use crate::base::Span;

const NUMBER_WORDS: [(&str, u32); 16] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("twelve", 12),
    ("fourteen", 14),
    ("fifteen", 15),
    ("twenty", 20),
    ("thirty", 30),
    ("ninety", 90),
];

const UNITS: [&str; 6] = ["second", "minute", "hour", "day", "week", "month"];

/// Every length of time in `text`, with the word before it (`within`, `after`, `least`).
pub(crate) fn spans(text: &str) -> Vec<(Span, String)> {
    let words = words(text);
    let at = |index: usize| words.get(index).map(String::as_str).unwrap_or_default();
    let mut found = Vec::new();
    for index in 0..words.len() {
        let Some(count) = number(at(index)) else { continue };
        let business = ["business", "working"].contains(&at(index + 1));
        let unit = at(index + 1 + usize::from(business));
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        if !UNITS.contains(&singular) {
            continue;
        }
        // A limit is kept in whole units sopd knows; `4 business hours` are at least 4 hours.
        let business = if business && singular == "day" { "business " } else { "" };
        let before = if index == 0 { "" } else { at(index - 1) };
        if let Ok(span) = format!("{count} {business}{singular}").parse() {
            found.push((span, before.to_owned()));
        }
    }
    found
}

fn number(word: &str) -> Option<u32> {
    let named = NUMBER_WORDS.iter().find(|(name, _)| *name == word).map(|(_, count)| *count);
    named.or_else(|| word.parse().ok()).filter(|count| *count > 0)
}

/// A figure with its unit, comparable: `5000 eur`, `30 day`, `2 %`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// The value, digits and decimal point only.
    pub(crate) value: String,
    /// Singular, lower case; currencies by code.
    pub(crate) unit: String,
}

impl Figure {
    /// Whether two figures measure the same kind of thing, so that one can stand in the other's place.
    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        let time = |figure: &Self| UNITS.iter().any(|unit| figure.unit.ends_with(unit));
        self.unit == other.unit || (time(self) && time(other))
    }
    /// The same kind, and another amount.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        self.same_kind(other) && self != other
    }
}

const UNIT_NAMES: [(&str, &str); 17] = [
    ("€", "eur"),
    ("euro", "eur"),
    ("euros", "eur"),
    ("eur", "eur"),
    ("$", "usd"),
    ("usd", "usd"),
    ("dollar", "usd"),
    ("dollars", "usd"),
    ("£", "gbp"),
    ("gbp", "gbp"),
    ("%", "%"),
    ("percent", "%"),
    ("points", "point"),
    ("point", "point"),
    ("words", "word"),
    ("employees", "employee"),
    ("times", "time"),
];

/// Every figure with a unit we know.
pub(crate) fn figures(text: &str) -> Vec<Figure> {
    let spaced = spaced_symbols(text);
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut found: Vec<Figure> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(value) = amount(token) else { continue };
        let neighbour = |at: Option<usize>| at.and_then(|at| tokens.get(at)).and_then(|word| unit_name(word));
        if let Some(unit) = neighbour(Some(index + 1)).or_else(|| neighbour(index.checked_sub(1))) {
            found.push(Figure { value, unit: unit.to_owned() });
        }
    }
    let span = |(span, _): (Span, String)| {
        let text = span.to_string();
        let (count, unit) = text.split_once(' ')?;
        Some(Figure { value: count.to_owned(), unit: unit.trim_end_matches('s').to_owned() })
    };
    found.extend(spans(text).into_iter().filter_map(span));
    found
}

fn spaced_symbols(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if ['€', '$', '£', '%'].contains(&c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out
}

fn unit_name(word: &str) -> Option<&'static str> {
    let word = word.trim_matches([',', '.', ';', ')', '(']).to_lowercase();
    UNIT_NAMES.iter().find(|(name, _)| *name == word).map(|(_, unit)| *unit)
}

/// `5,000` → `5000`; `2.5` stays.
fn amount(token: &str) -> Option<String> {
    let token = token.trim_matches(|c: char| !c.is_ascii_digit());
    let value: String = token.chars().filter(|c| *c != ',').collect();
    let number = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit() || c == '.');
    number.then_some(value)
}

/// `Complete without review at a confidence of 85 % or more` → 85.
pub(crate) fn threshold(line: &str) -> Option<u8> {
    let lower = line.to_lowercase();
    let about = lower.contains("without review") || lower.contains("confidence of");
    let before = lower.split('%').next().filter(|_| about && lower.contains('%'))?;
    before.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_compare_across_spellings() {
        let found = figures("Above 5,000 euro or €5000, 2 % of it, within 30 days");
        let told: Vec<String> = found.iter().map(|f| format!("{} {}", f.value, f.unit)).collect();
        assert_eq!(told, ["5000 eur", "5000 eur", "2 %", "30 day"]);
    }
}
