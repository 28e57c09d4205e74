//! Whether a mark ends a sentence: what stands before it and behind it, with abbreviations and ordinals as data.

use crate::text::language::{Language, is_small, is_small_anywhere, script, table};
use crate::text::quantities::is_month;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The marks that may end a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ends one wherever it stands: `。`.
    Always,
    /// `!`, `?` and `…`: where white space and no small letter follows.
    Loud,
    /// `.`: also part of numbers, names and abbreviations.
    Point,
}

impl Stop {
    pub(super) fn of(c: char) -> Option<Self> {
        match c {
            '。' | '！' | '？' | '｡' | '．' | '।' | '॥' | '؟' | '۔' | '։' | '።' | '။' | '។' => {
                Some(Self::Always)
            }
            '!' | '?' | '…' | '‼' | '⁉' | '‽' => Some(Self::Loud),
            '.' => Some(Self::Point),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Short {
    Always,
    Number,
    Soft,
}

/// Abbreviations with their kind and the language they belong to; none is any.
type Abbreviations = HashMap<&'static str, Vec<(Short, Option<Language>)>>;

static ABBREVIATIONS: LazyLock<Abbreviations> = LazyLock::new(|| {
    let mut found = Abbreviations::new();
    for (kind, rest) in table(include_str!("../data/abbreviations.txt")) {
        let kind = match kind {
            "always" => Short::Always,
            "number" => Short::Number,
            _ => Short::Soft,
        };
        let Some((code, words)) = rest.split_once(' ') else { continue };
        for word in words.split_whitespace() {
            found.entry(word).or_default().push((kind, Language::of_code(code)));
        }
    }
    found
});

/// What kinds of abbreviation `word` is in a text in `language`; where that is not known, in any.
fn abbreviation(word: &str, language: Option<Language>) -> impl Iterator<Item = Short> {
    let found = ABBREVIATIONS.get(word).into_iter().flatten();
    found
        .filter(move |(_, own)| own.is_none() || language.is_none() || *own == language)
        .map(|(kind, _)| *kind)
}

/// Whether the sentence `before` ends with `stop`, seen what comes `after` the white space behind it. `spaced` is false
/// where no white space stands there.
pub(super) fn ends_sentence(
    stop: Stop,
    before: &str,
    after: &str,
    spaced: bool,
    language: Option<Language>,
) -> bool {
    let next = Next::of(after);
    if stop == Stop::Always {
        // A quotation inside a sentence goes on: 「はい。」と言う。
        return !(next.is_particle() && !spaced && before_is_quoted(before));
    }
    if !spaced || before.trim().is_empty() {
        return false;
    }
    if after.is_empty() {
        return true;
    }
    match stop {
        Stop::Loud => !next.is_small() || next.is_id(),
        _ => point(before, &next, language),
    }
}

/// The first word of what follows.
struct Next<'t> {
    word: &'t str,
}

impl<'t> Next<'t> {
    fn of(after: &'t str) -> Self {
        let bare = after.trim_start_matches(['"', '“', '„', '«', '(', '[', '\'', '‘', '»', '¿', '¡']);
        Self { word: bare.split(char::is_whitespace).next().unwrap_or_default() }
    }

    fn first(&self) -> Option<char> {
        self.word.chars().next()
    }

    fn is_small(&self) -> bool {
        self.first().is_some_and(char::is_lowercase)
    }

    fn is_digit(&self) -> bool {
        self.first().is_some_and(char::is_numeric)
    }

    /// A particle that goes on behind a quotation.
    fn is_particle(&self) -> bool {
        matches!(self.first(), Some('と' | 'っ' | 'は' | 'が' | 'を' | 'の'))
    }

    /// Whether it begins small and is a name all the same: `it.security`.
    fn is_id(&self) -> bool {
        let word = self.word.trim_end_matches(['.', ',', ';', ':', '?', '!']);
        word.contains(['.', '_', '@', '/']) && !is_dotted(word)
    }

    /// Whether it is a small word with a capital: `Then`, `Der`.
    fn begins(&self, language: Option<Language>) -> bool {
        let word: String =
            self.word.chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
        !self.is_small()
            && language.map_or_else(|| is_small_anywhere(&word), |language| is_small(&word, language))
    }
}

fn point(before: &str, next: &Next<'_>, language: Option<Language>) -> bool {
    let token = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = token.trim_start_matches(|c: char| !c.is_alphanumeric());
    let lower = word.to_lowercase();
    if word.is_empty() {
        return !next.is_small();
    }
    if word.chars().all(char::is_numeric) {
        return ordinal(before, word, next, language);
    }
    if is_month(word) && next.is_digit() && word.chars().count() <= 4 {
        return false;
    }
    for kind in abbreviation(&lower, language) {
        match kind {
            Short::Always => return false,
            Short::Number if next.is_digit() || is_roman(next.word) => return false,
            Short::Soft if !next.begins(language) => return false,
            _ => {}
        }
    }
    if is_dotted(&lower) || word.chars().count() == 1 && script_is_cased(word) {
        return !next.is_small() && next.begins(language);
    }
    !next.is_small() || next.is_id() || goes_small(&lower, language)
}

/// `3. März`, `der 2. Stock`, and the list number at the head of a text: no end. `in 2019. Make`: an end.
fn ordinal(before: &str, digits: &str, next: &Next<'_>, language: Option<Language>) -> bool {
    if before.trim() == digits || next.is_small() || is_month(next.word) {
        return false;
    }
    // `Nr. 3. Drei Werktage`: what an abbreviation counts is no ordinal.
    let head = before.trim_end_matches(digits).trim_end();
    let token = head.rsplit(char::is_whitespace).next().unwrap_or_default();
    let label = token.strip_suffix('.').unwrap_or_default().to_lowercase();
    if abbreviation(&label, language).any(|kind| kind == Short::Number) {
        return true;
    }
    // Languages that write an ordinal with a point, and capitals in the middle of a sentence.
    let dotted = matches!(language, Some(Language::German)) && digits.chars().count() <= 2;
    !dotted || next.begins(language) || next.is_digit()
}

/// Who writes all in small letters still ends sentences; a word that looks like one, and no abbreviation, is taken for
/// its end.
fn goes_small(word: &str, language: Option<Language>) -> bool {
    let vowels = word.chars().filter(|c| "aeiouyäöüáéíóúàèìòùâêîôûãõ".contains(*c)).count();
    word.chars().count() >= 4
        && vowels >= 2
        && word.chars().all(char::is_alphabetic)
        && !matches!(language, Some(Language::German))
}

/// `e.g`, `z.B`, `U.S`: single letters parted by points.
fn is_dotted(word: &str) -> bool {
    word.contains('.') && word.split('.').all(|part| part.chars().count() <= 1)
}

fn is_roman(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    !bare.is_empty() && bare.chars().all(|c| "IVXLCDM".contains(c))
}

fn script_is_cased(word: &str) -> bool {
    word.chars().all(|c| script(c).is_none() && c.is_alphabetic())
}

fn before_is_quoted(before: &str) -> bool {
    before.rfind(['「', '『']) > before.rfind(['」', '』'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_abbreviations_is_in_lower_case_and_without_the_last_point() {
        for word in ABBREVIATIONS.keys() {
            assert_eq!(*word, word.to_lowercase());
            assert!(!word.ends_with('.'), "{word}");
        }
    }
}
