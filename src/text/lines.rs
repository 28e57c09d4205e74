//! Line breaks inside a paragraph: which were made by wrapping, and which were meant.
//! Text pasted from elsewhere holds one thing a line; Markdown joins them all.

/// A line shorter than this share of the widest, in percent, was not ended by wrapping.
const SHORT: usize = 75;

/// The length in characters of the widest line of `text`.
pub(super) fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

/// Whether the break between `line` and `next` was meant: the first word of `next` would have had room in `line`, and
/// it begins like something new. `widest` is the widest line of the paragraph.
pub(super) fn is_meant(line: &str, next: &str, widest: usize) -> bool {
    let Some(word) = next.split_whitespace().next() else { return true };
    let needed = line.trim_end().chars().count() + 1 + word.chars().count();
    let begins = word.chars().next().is_some_and(|c| !c.is_lowercase());
    let end = line.trim_end();
    let hyphened = end.strip_suffix('-').is_some_and(|head| head.ends_with(char::is_alphanumeric));
    let goes_on = hyphened || end.ends_with([',', '、', '،', '–', '(', '/']);
    begins && !goes_on && (needed * 100 <= widest * SHORT || is_keyed(next))
}

/// `Subject: outage on Friday`: a short name and a colon.
fn is_keyed(line: &str) -> bool {
    let Some((key, rest)) = line.trim_start().split_once(':') else { return false };
    let words = key.split_whitespace().count();
    let letters = key.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '_' | '*'));
    (1..=3).contains(&words)
        && letters
        && (rest.is_empty() || rest.starts_with([' ', '\u{a0}', '*']))
        && key.chars().next().is_some_and(|c| !c.is_lowercase())
}
