//! What is left of a text, as numbers, words and signs with their places.

use crate::text::pattern::pattern;
use crate::text::quantities::convention::NUMBER;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Number,
    Word,
    Sign,
}

#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
}

/// A word ends where a script without spaces begins: its characters are signs here, and read as units elsewhere.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let letters = r"[[\p{L}\p{M}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]]+";
    pattern(&format!(
        r"(?P<number>{NUMBER})|(?P<word>°\s?[CF]\b|[cdk]?m[23]\b|{letters}(?:[-'/.]{letters})*[²³]?)|[^\s\x01]"
    ))
});

/// The tokens of `text`, in order.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let Some(pattern) = TOKEN.as_ref() else { return Vec::new() };
    let token = |found: regex::Captures<'_>| {
        let kind = match (found.name("number"), found.name("word")) {
            (Some(_), _) => TokenKind::Number,
            (_, Some(_)) => TokenKind::Word,
            _ => TokenKind::Sign,
        };
        let range = found.get(0)?.range();
        Some(Token { kind, text: text.get(range.clone())?, range })
    };
    pattern.captures_iter(text).filter_map(token).collect()
}
