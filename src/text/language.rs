//! Tells the language of a text: by the share of small words where letters are Latin, by its script elsewhere.
//! A small detector for reading numbers and small words right. It never guesses: too little evidence is `None`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

/// A language; where only the script can be told, the language most written in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Italian.
    Italian,
    /// Dutch.
    Dutch,
    /// Portuguese.
    Portuguese,
    /// Any text in Cyrillic letters.
    Russian,
    /// Greek.
    Greek,
    /// Any text in Arabic letters.
    Arabic,
    /// Hebrew.
    Hebrew,
    /// Any text in Devanagari.
    Hindi,
    /// Thai.
    Thai,
    /// Han characters without kana.
    Chinese,
    /// Han characters with kana, or kana alone.
    Japanese,
    /// Hangul.
    Korean,
}

use Language::{
    Arabic, Chinese, Dutch, English, French, German, Greek, Hebrew, Hindi, Italian, Japanese, Korean,
    Portuguese, Russian, Spanish, Thai,
};

/// Characters that are looked at: enough to tell, and a limit on the time a large file takes.
const LOOKED_AT: usize = 20_000;
/// The least number of small words that tells a language; one alone stands in too many of them.
const FEWEST: usize = 2;
/// Of this many words of a text, at least one is small; terse instructions have few.
const ONE_IN: usize = 14;

impl Language {
    /// The language a data table names by its two letters, of those that are told by their words.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "en" => English,
            "de" => German,
            "fr" => French,
            "es" => Spanish,
            "it" => Italian,
            "nl" => Dutch,
            "pt" => Portuguese,
            _ => return None,
        })
    }

    /// Whether a text in it writes `1.500,5` for what is `1,500.5` in English; `None` where both are found.
    pub fn decimal_comma(self) -> Option<bool> {
        match self {
            German | French | Italian | Dutch | Portuguese | Russian | Greek => Some(true),
            English | Chinese | Japanese | Korean | Thai | Hebrew | Hindi => Some(false),
            // Spain and most of South America write a comma, Mexico and Central America a point; Arabic differs by country.
            Spanish | Arabic => None,
        }
    }
}

/// The language of `text`, or `None` where nothing tells it clearly.
pub fn detect(text: &str) -> Option<Language> {
    let end = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(at, _)| at);
    let head = text.get(..end).unwrap_or(text);
    by_script(head).or_else(|| by_words(head))
}

/// Whether `word`, in lower case, is a small word of `language`.
pub fn is_small(word: &str, language: Language) -> bool {
    STOP_WORDS.get(&language).is_some_and(|words| words.contains(word))
}

/// Whether `word`, in lower case, is a small word of any language with Latin letters.
pub(super) fn is_small_anywhere(word: &str) -> bool {
    STOP_WORDS.values().any(|words| words.contains(word))
}

static STOP_WORDS: LazyLock<HashMap<Language, HashSet<&'static str>>> = LazyLock::new(|| {
    table(include_str!("data/stopwords.txt"))
        .filter_map(|(code, words)| Some((Language::of_code(code)?, words.split_whitespace().collect())))
        .collect()
});

/// The lines of a data table: its first word, and the rest. Empty lines and comments are passed over.
pub(super) fn table(data: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    data.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.trim().split_once(' '))
}

/// A script other than Latin that holds at least a third of the letters: names and units stay Latin in any text.
fn by_script(text: &str) -> Option<Language> {
    let mut counts: HashMap<Language, usize> = HashMap::new();
    let mut letters = 0;
    for language in text.chars().filter(|c| c.is_alphabetic()).map(script) {
        letters += 1;
        if let Some(language) = language {
            *counts.entry(language).or_default() += 1;
        }
    }
    let kana = counts.get(&Japanese).copied().unwrap_or(0);
    if kana > 0
        && let Some(han) = counts.remove(&Chinese)
    {
        counts.insert(Japanese, kana + han);
    }
    let (language, count) = counts.into_iter().max_by_key(|(language, count)| (*count, *language))?;
    (count * 3 >= letters).then_some(language)
}

/// The language a character's script stands for; `None` for Latin and all others.
pub(super) fn script(c: char) -> Option<Language> {
    Some(match c {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Greek,
        '\u{400}'..='\u{52f}' => Russian,
        '\u{590}'..='\u{5ff}' => Hebrew,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' => Arabic,
        '\u{900}'..='\u{97f}' => Hindi,
        '\u{e00}'..='\u{e7f}' => Thai,
        '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => Japanese,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => Chinese,
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => Korean,
        _ => return None,
    })
}

fn by_words(text: &str) -> Option<Language> {
    let words: Vec<String> = text
        .unicode_words()
        .flat_map(|word| word.split(['\'', '’']))
        .map(str::to_lowercase)
        .filter(|word| word.chars().all(char::is_alphabetic) && !word.is_empty())
        .collect();
    let mut counts: Vec<(usize, Language)> = STOP_WORDS
        .iter()
        .map(|(language, small)| {
            (words.iter().filter(|word| small.contains(word.as_str())).count(), *language)
        })
        .collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let (most, language) = counts.first().copied()?;
    let second = counts.get(1).map_or(0, |(count, _)| *count);
    (most >= FEWEST && most > second && most * ONE_IN >= words.len()).then_some(language)
}

#[cfg(test)]
mod tests;
