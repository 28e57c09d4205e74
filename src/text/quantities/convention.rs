//! How a text writes its numbers: whether `1.500` is one and a half or fifteen hundred. Told by the text's own numbers
//! where they leave no doubt, by its language else, and left open where neither says so.

use super::decimal::Decimal;
use super::folded::Folded;
use crate::text::language::{Language, detect};
use crate::text::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// How the numbers of a text are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// Its language, where that can be told.
    pub language: Option<Language>,
    /// `.` or `,`, where that can be told.
    pub decimal: Option<char>,
}

/// One number, however its groups and its fraction are written.
pub(super) const NUMBER: &str = r"(?:\d{1,3}(?:[ \u{a0}']\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)";

static SURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"\d\.\d{3},\d|\d\.\d{3}\.\d{3}(?:[^.\d]|$)|(?P<point>\d,\d{3}\.\d|\d,\d{3},\d{3}(?:[^,\d]|$))")
});
/// Switzerland groups with apostrophes, and writes point or comma whatever the language.
static SWISS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\d'\d{3}(?:\D|$)"));
/// A fraction of one or two digits; a point also parts hours, dates and sections, which stand at the head of a line.
static COMMA: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?:^|[^\d.,:/-])\d+,\d{1,2}(?:[^\d.,:/-]|[.,]\D|$)"));
static POINT: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?:[^\d.,:/\s-][^\S\n]+|[$€£])\d+\.\d{1,2}(?:\s?[%€$£°]|\s\p{Ll})"));

impl Convention {
    /// How `text` writes its numbers. Give it the whole file: one sentence alone seldom tells.
    pub fn of(text: &str) -> Self {
        let language = detect(text);
        let folded = Folded::new(text);
        let holds =
            |shape: &Option<Regex>| shape.as_ref().is_some_and(|shape| shape.is_match(folded.as_str()));
        let sure = || {
            let found = SURE.as_ref()?.captures(folded.as_str())?;
            Some(if found.name("point").is_some() { '.' } else { ',' })
        };
        let by_language = || {
            let comma = language.filter(|_| !holds(&SWISS))?.decimal_comma()?;
            Some(if comma { ',' } else { '.' })
        };
        let likely = || holds(&COMMA).then_some(',').or_else(|| holds(&POINT).then_some('.'));
        let decimal = sure().or_else(by_language).or_else(likely);
        Self { language, decimal }
    }

    /// Knows nothing: what can be read in two ways is.
    pub fn unknown() -> Self {
        Self { language: None, decimal: None }
    }

    /// All values a number may have. Empty where it is none: `1.2.3`.
    pub(super) fn readings(self, written: &str) -> Vec<Decimal> {
        let bare: String = written.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        let grouped = written.contains([' ', '\u{a0}', '\'']);
        let marks: Vec<char> = bare.chars().filter(|c| !c.is_ascii_digit()).collect();
        let read = |decimal: Option<char>| {
            let kept = bare.chars().filter(|c| c.is_ascii_digit() || Some(*c) == decimal);
            Decimal::parse(&kept.map(|c| if c == ',' { '.' } else { c }).collect::<String>())
        };
        let one = |decimal: Option<char>| read(decimal).into_iter().collect();
        match marks.as_slice() {
            [] => one(None),
            [mark] if grouped || !is_group(&bare, *mark) => one(Some(*mark)),
            [mark] => match self.decimal {
                Some(decimal) => one(Some(*mark).filter(|mark| *mark == decimal)),
                None => [None, Some(*mark)].into_iter().filter_map(read).collect(),
            },
            [first @ .., last] if first.contains(last) => {
                let same = first.iter().all(|mark| mark == last);
                // Groups of two are Indian, and parted by commas.
                let groups =
                    bare.split(*last).skip(1).all(|part| part.len() == 3 || part.len() == 2 && *last == ',');
                let ends = bare.rsplit(*last).next().is_some_and(|part| part.len() == 3);
                if same && groups && ends { one(None) } else { Vec::new() }
            }
            [first @ .., last] if first.iter().all(|mark| Some(mark) == first.first()) => one(Some(*last)),
            _ => Vec::new(),
        }
    }
}

/// Whether the only mark of a number can part thousands: one to three digits before it, three behind.
fn is_group(bare: &str, mark: char) -> bool {
    bare.split_once(mark)
        .is_some_and(|(head, tail)| tail.len() == 3 && head.len() <= 3 && !head.starts_with('0'))
}
