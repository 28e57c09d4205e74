//! Whether a sentence binds: a must, a must not, a may, a negation, a condition, told by the phrases of five languages.
//! It says that such a word is there, so that a mind can be pointed at it. It never judges what the sentence means.

use super::language::{Language, table};
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

/// What a sentence holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent findings, each of which may be there or not"
)]
pub struct Modality {
    /// Something must be done: `must`, `hat zu`, `doit`.
    pub must: bool,
    /// Something must not be done: `may not`, `darf … nicht`, `nobody may`.
    pub must_not: bool,
    /// Something may be done.
    pub may: bool,
    /// Something is denied: `not`, `kein`, `sans`. Also set where something must not be done.
    pub negation: bool,
    /// It holds on a condition: `if`, `wenn`, `sauf si`.
    pub condition: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Must,
    MustNot,
    May,
    Negation,
    None,
    NoneFirst,
    Condition,
}

/// The words of each phrase and its sense, by language and first word; longer phrases first.
type Phrases = HashMap<(Language, &'static str), Vec<(Vec<&'static str>, Sense)>>;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::new();
    for (code, rest) in table(include_str!("data/modality.txt")) {
        let (Some(language), Some((sense, all))) = (Language::of_code(code), rest.split_once(' ')) else {
            continue;
        };
        let sense = match sense {
            "must" => Sense::Must,
            "must-not" => Sense::MustNot,
            "may" => Sense::May,
            "not" => Sense::Negation,
            "none" => Sense::None,
            "none-first" => Sense::NoneFirst,
            _ => Sense::Condition,
        };
        for phrase in all.split('|') {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            let Some(first) = words.first() else { continue };
            phrases.entry((language, first)).or_default().push((words, sense));
        }
    }
    for list in phrases.values_mut() {
        list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    phrases
});

/// What `sentence` holds; `None` for a language without a table, of which nothing is claimed.
pub fn modality(sentence: &str, language: Language) -> Option<Modality> {
    use Language::{English, French, German, Italian, Spanish};
    if !matches!(language, English | German | French | Spanish | Italian) {
        return None;
    }
    let lower = sentence.to_lowercase().replace('’', "'").replace("can't", "can not").replace("n't", " not");
    let mut reading = Reading { language, found: Modality::default(), may: false, none: false };
    for clause in lower.split([',', ';', ':']) {
        reading.clause(clause);
    }
    reading.found.negation |= reading.found.must_not;
    Some(reading.found)
}

struct Reading {
    language: Language,
    found: Modality,
    /// A may that a negation behind it would turn: `darf ohne Freigabe nicht`.
    may: bool,
    /// Nobody and nothing, which turn a may behind them: `nothing from the batch may be used`.
    none: bool,
}

impl Reading {
    fn clause(&mut self, clause: &str) {
        let words = clause.unicode_words().flat_map(|word| word.split('\'')).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        self.none = false;
        let mut rest = words.as_slice();
        while let Some(first) = rest.first() {
            let list = PHRASES.get(&(self.language, *first));
            let found = list.into_iter().flatten().filter(|(words, _)| rest.starts_with(words));
            // The longest phrase counts, and that in all its senses: `unless` denies and is a condition.
            let length = found.clone().next().map_or(1, |(words, _)| words.len());
            let found = found.filter(|(words, _)| words.len() == length);
            let head = rest.len() == words.len();
            rest = rest.get(length..).unwrap_or_default();
            // `no. 7` and `n° 7` deny nothing.
            let numbered = rest.first().is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
            for (_, sense) in found {
                if !(numbered && length == 1 && matches!(sense, Sense::Negation | Sense::NoneFirst)) {
                    self.take(*sense, head);
                }
            }
        }
    }

    fn take(&mut self, sense: Sense, head: bool) {
        match sense {
            Sense::Must => self.found.must = true,
            Sense::MustNot => self.found.must_not = true,
            Sense::May if self.none => self.found.must_not = true,
            Sense::May => {
                self.found.may = true;
                self.may = self.language == Language::German;
            }
            Sense::Negation | Sense::None | Sense::NoneFirst => {
                self.found.negation = true;
                self.none |= sense == Sense::None || sense == Sense::NoneFirst && head;
                if self.may {
                    (self.found.may, self.found.must_not, self.may) = (false, true, false);
                }
            }
            Sense::Condition => self.found.condition = true,
        }
    }
}

#[cfg(test)]
mod tests;
