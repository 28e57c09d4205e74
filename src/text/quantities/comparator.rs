//! The words around a quantity that say on which side of it things lie: `more than`, `mindestens`, `以内`.
//! They are recorded, so that a change of them can be pointed at; they decide nothing.

use crate::text::language::table;
use crate::text::pattern::pattern;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// On which side of a quantity things lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparator {
    /// `more than 5`.
    MoreThan,
    /// `at least 5`.
    AtLeast,
    /// `less than 5`.
    LessThan,
    /// `at most 5`, `within 5 days`, `until 17:00`.
    AtMost,
    /// `about 5`.
    About,
    /// `every 5 minutes`.
    Every,
}

const ALL: [(&str, Comparator); 6] = [
    ("more", Comparator::MoreThan),
    ("least", Comparator::AtLeast),
    ("less", Comparator::LessThan),
    ("most", Comparator::AtMost),
    ("about", Comparator::About),
    ("every", Comparator::Every),
];

/// As far as is looked, in bytes: the longest phrase and two small words.
const WINDOW: usize = 64;

/// Small words that may stand between the phrase and the number.
const BETWEEN: &str = r"(?:(?:the|an?|of|next|first|last|von|vom|der|den|dem|des|nächsten|de|les|le|la|los|las|di|die|il|o|os|eine[mnrs]?|un|une)\s+){0,2}";

struct Phrases {
    before: Option<Regex>,
    after: Option<Regex>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let spaced = alternatives("before", true);
    let signs = alternatives("before", false);
    let behind = alternatives("after", true);
    let unspaced = alternatives("after", false);
    Phrases {
        before: pattern(&format!(r"(?i)(?:(?:^|[^\p{{L}}\p{{N}}])(?:{spaced})\s+{BETWEEN}|(?:{signs})\s*)$")),
        after: pattern(&format!(r"(?i)^(?:[\s)]*(?:{behind})(?:[^\p{{L}}]|$)|\s*(?:{unspaced}))")),
    }
});

/// The phrases of one place as alternatives, a named group for each comparator: those of scripts with spaces, which need
/// white space behind them, or signs and the others.
fn alternatives(place: &str, spaced: bool) -> String {
    let data = include_str!("../data/comparators.txt");
    let mut groups: Vec<String> = Vec::new();
    for (kind, rest) in table(data) {
        let Some(phrases) = rest.strip_prefix(place) else { continue };
        let own = phrases.trim().split('|').filter(|phrase| phrase.chars().all(is_spaced) == spaced);
        let own: Vec<String> = own.map(regex::escape).collect();
        if !own.is_empty() {
            let name = format!("{kind}{}", if spaced { "" } else { "_sign" });
            groups.push(format!("(?P<{name}>{})", own.join("|")));
        }
    }
    groups.join("|")
}

fn is_spaced(c: char) -> bool {
    matches!(c, ' ' | '.' | '\'' | '’') || c.is_alphabetic() && u32::from(c) < 0x2000
}

/// The comparator of the quantity at `range`; one before it goes first.
pub(super) fn around(text: &str, range: &Range<usize>) -> Option<Comparator> {
    let mut start = range.start.saturating_sub(WINDOW);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut end = (range.end + WINDOW).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = |phrases: &Option<Regex>, window: Option<&str>| {
        let found = phrases.as_ref()?.captures(window?)?;
        let named = |name: &str| found.name(name).or(found.name(&format!("{name}_sign"))).is_some();
        ALL.into_iter().find(|(name, _)| named(name)).map(|(_, comparator)| comparator)
    };
    found(&PHRASES.before, text.get(start..range.start))
        .or_else(|| found(&PHRASES.after, text.get(range.end..end)))
}

/// Whether what stands before `at` compares: `within a week` is one week, `a week` alone is none.
pub(super) fn stands_before(text: &str, at: usize) -> bool {
    around(text, &(at..at)).is_some_and(|comparator| comparator != Comparator::Every)
}
