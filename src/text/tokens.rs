//! Words of a text in a form in which they can be compared, and how much of one text stands in another.
//! A hint for finding passages and neighbours; it never decides that two texts say the same.

use super::language::{Language, is_small, is_small_anywhere, script};
use std::collections::HashSet;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// In lower case, accents kept. Of Chinese, Japanese and Thai, which part no words: two characters.
    pub text: String,
    /// Its bytes in the text.
    pub range: Range<usize>,
}

/// The words of `text`, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut run: Vec<(usize, char)> = Vec::new();
    for (start, word) in text.unicode_word_indices() {
        if word.chars().all(is_unspaced) {
            let next = run.last().is_none_or(|(at, c)| at + c.len_utf8() == start);
            if !next {
                pairs(&std::mem::take(&mut run), &mut found);
            }
            run.extend(word.char_indices().map(|(at, c)| (start + at, c)));
        } else {
            pairs(&std::mem::take(&mut run), &mut found);
            found.push(Token { text: word.to_lowercase(), range: start..start + word.len() });
        }
    }
    pairs(&run, &mut found);
    found
}

/// Scripts that part no words.
fn is_unspaced(c: char) -> bool {
    matches!(script(c), Some(Language::Chinese | Language::Japanese | Language::Thai))
}

/// Each two neighbours of a run of characters; one that stands alone by itself.
fn pairs(run: &[(usize, char)], found: &mut Vec<Token>) {
    if let [(at, c)] = run {
        found.push(Token { text: c.to_string(), range: *at..at + c.len_utf8() });
    }
    for pair in run.windows(2) {
        if let [(start, a), (last, b)] = pair {
            found.push(Token { text: String::from_iter([*a, *b]), range: *start..last + b.len_utf8() });
        }
    }
}

/// The words of `text` that carry content, as keys: without small words, English ones without their endings.
pub fn content(text: &str, language: Option<Language>) -> Vec<String> {
    let small =
        |word: &str| language.map_or_else(|| is_small_anywhere(word), |language| is_small(word, language));
    let words = tokens(text).into_iter().map(|token| token.text).filter(|word| !small(word));
    match language {
        Some(Language::English) => words.map(|word| stem(&word)).collect(),
        _ => words.collect(),
    }
}

/// The share of the content words of `a` that stand in `b` as well: 0 to 1; 1 where `a` has none.
pub fn overlap(a: &str, b: &str, language: Option<Language>) -> f64 {
    let wanted: HashSet<String> = content(a, language).into_iter().collect();
    let there: HashSet<String> = content(b, language).into_iter().collect();
    if wanted.is_empty() {
        return 1.0;
    }
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    count(wanted.intersection(&there).count()) / count(wanted.len())
}

/// An English word without its ending, so that `approves`, `approved` and `approval` compare equal.
fn stem(word: &str) -> String {
    if word.chars().count() <= 3 || !word.chars().all(char::is_alphabetic) {
        return if word.len() == 3 { word.trim_end_matches('s').to_owned() } else { word.to_owned() };
    }
    for (ending, instead) in [("ification", "ify"), ("ies", "y"), ("ied", "y"), ("ying", "y")] {
        if let Some(start) = word.strip_suffix(ending).filter(|start| start.len() >= 2) {
            return format!("{start}{instead}");
        }
    }
    let plural = !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    let mut start = word.strip_suffix('s').filter(|_| plural).unwrap_or(word);
    for ending in ["ment", "ing", "ion", "ed", "al", "e"] {
        if let Some(rest) = start.strip_suffix(ending).filter(|rest| rest.len() >= 3) {
            start = rest;
            break;
        }
    }
    let last = start.chars().next_back();
    let single =
        last.and_then(|c| start.strip_suffix(c)).filter(|rest| last.is_some_and(|c| rest.ends_with(c)));
    single.filter(|_| start.len() > 3).unwrap_or(start).to_owned()
}

#[cfg(test)]
mod tests;
