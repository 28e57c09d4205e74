//! Numbers written as words: `two`, `zwei`, `vingt-cinq`, and the words that multiply: `million`.

use super::decimal::Decimal;
use crate::text::language::{Language, table};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Words and their values; `None` stands for any language.
type Words = HashMap<(&'static str, Option<Language>), i128>;

struct Tables {
    counts: Words,
    orders: Words,
    times: Words,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables { counts: Words::new(), orders: Words::new(), times: Words::new() };
    for (kind, rest) in table(include_str!("../data/numbers.txt")) {
        let mut parts = rest.split_whitespace();
        let (Some(code), Some(value)) = (parts.next(), parts.next().and_then(|value| value.parse().ok()))
        else {
            continue;
        };
        let words = match kind {
            "count" => &mut tables.counts,
            "order" => &mut tables.orders,
            _ => &mut tables.times,
        };
        words.extend(parts.map(|word| ((word, Language::of_code(code)), value)));
    }
    tables
});

/// Where a language is not known, these are tried: few words of theirs mean something else elsewhere.
const TRIED: [Language; 3] = [Language::English, Language::German, Language::French];

fn look_up(words: &Words, word: &str, language: Option<Language>) -> Option<i128> {
    let get = |language| words.get(&(word, Some(language))).copied();
    match language {
        Some(language) => get(language),
        None => TRIED.into_iter().find_map(get),
    }
}

/// The number `word` (in lower case) names.
pub(super) fn count(word: &str, language: Option<Language>) -> Option<i128> {
    let plain = |word: &str| look_up(&TABLES.counts, word, language);
    if let Some(value) = plain(word) {
        return Some(value);
    }
    if let Some((tens, ones)) = word.split_once('-') {
        let ones = ones.strip_prefix("et-").unwrap_or(ones);
        return Some(plain(tens).filter(|tens| *tens >= 20)? + plain(ones).filter(|ones| *ones < 20)?);
    }
    // German and Dutch say the ones first: fünfundzwanzig.
    let (ones, tens) = word.split_once("und").or_else(|| word.split_once("en"))?;
    let both =
        plain(tens).filter(|tens| *tens >= 20 && *tens < 100)? + plain(ones).filter(|ones| *ones < 10)?;
    Some(both)
}

/// The place `word` (in lower case) names: `third` is 3.
pub(super) fn order(word: &str, language: Option<Language>) -> Option<i128> {
    look_up(&TABLES.orders, word, language)
}

/// What `word` (in lower case) multiplies the number before it by.
pub(super) fn times(word: &str) -> Option<Decimal> {
    TABLES.times.get(&(word, None)).copied().map(Decimal::whole)
}

/// The multiplying character a text begins with, as it stands behind digits in Chinese and Japanese, and its length.
pub(super) fn times_sign(rest: &str) -> Option<(Decimal, usize)> {
    let sign = rest.chars().next().filter(|c| !c.is_ascii())?;
    let end = sign.len_utf8();
    Some((times(rest.get(..end)?)?, end))
}
