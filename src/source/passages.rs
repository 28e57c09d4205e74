//! What of a long text speaks of something: found by the words they share, never judged.

use super::Passage;
use crate::text::tokens::content;
use crate::text::{BlockKind, Convention, blocks};
use std::collections::{BTreeMap, BTreeSet};

/// Most headings that are told of one text.
const MOST_HEADINGS: usize = 60;
/// Most lines of one passage: a longer paragraph is cut.
const LONGEST: usize = 25;

/// The headings of `text` with their lines, `14: Refunds`.
pub fn contents(text: &str) -> Vec<String> {
    let is_heading = |kind: &BlockKind| matches!(kind, BlockKind::Heading { .. });
    let all = blocks(text).into_iter().filter(|block| is_heading(&block.kind));
    all.map(|block| format!("{}: {}", block.first, block.text.trim())).take(MOST_HEADINGS).collect()
}

/// All of `text`.
pub fn whole(text: &str) -> Vec<Passage> {
    vec![Passage { first: 1, text: text.to_owned() }]
}

/// What of `text` shares most words with `wanted`, in at most `most` bytes and in the order of the text; all of it where it
/// is no longer.
pub fn passages(text: &str, wanted: &str, most: usize) -> Vec<Passage> {
    if text.len() <= most {
        return whole(text);
    }
    let language = Convention::of(text).language;
    let wanted: BTreeSet<String> = content(wanted, language).into_iter().collect();
    let pieces = pieces(text);
    let words: Vec<BTreeSet<String>> =
        pieces.iter().map(|piece| content(&piece.text, language).into_iter().collect()).collect();
    // A word that stands everywhere tells nothing about where to look.
    let mut spread: BTreeMap<&String, u32> = BTreeMap::new();
    for word in words.iter().flatten().filter(|word| wanted.contains(*word)) {
        *spread.entry(word).or_default() += 1;
    }
    let weight = |word: &String| spread.get(word).map_or(0.0, |count| 1.0 / f64::from(*count));
    let mut ranked: Vec<(f64, usize)> =
        words.iter().enumerate().map(|(at, words)| (words.iter().map(weight).sum(), at)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left = most;
    let mut chosen = BTreeSet::new();
    for (_, at) in ranked.iter().filter(|(score, _)| *score > 0.0) {
        let size = pieces.get(*at).map_or(usize::MAX, |piece| piece.text.len());
        if size <= left {
            left -= size;
            chosen.insert(*at);
        }
    }
    joined(pieces, &chosen)
}

/// The chosen pieces; those that follow each other are one passage.
fn joined(pieces: Vec<Passage>, chosen: &BTreeSet<usize>) -> Vec<Passage> {
    let mut found: Vec<Passage> = Vec::new();
    let mut next = None;
    for (at, piece) in pieces.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)) {
        match found.last_mut().filter(|_| next == Some(at)) {
            Some(last) => {
                let gap = usize::try_from(piece.first).unwrap_or(0);
                let held = usize::try_from(last.first).unwrap_or(0) + last.text.lines().count();
                last.text.push_str(&"\n".repeat(gap.saturating_sub(held) + 1));
                last.text.push_str(&piece.text);
            }
            None => found.push(piece),
        }
        next = Some(at + 1);
    }
    found
}

/// Paragraphs, as lines that follow each other without a blank one.
fn pieces(text: &str) -> Vec<Passage> {
    let mut found: Vec<Passage> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut first = 1;
    let mut close = |open: &mut Vec<&str>, first: u32| {
        if !open.is_empty() {
            found.push(Passage { first, text: std::mem::take(open).join("\n") });
        }
    };
    for (line, number) in text.lines().zip(1u32..) {
        if line.trim().is_empty() || open.len() >= LONGEST {
            close(&mut open, first);
        }
        if !line.trim().is_empty() {
            if open.is_empty() {
                first = number;
            }
            open.push(line);
        }
    }
    close(&mut open, first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Handbook\n\nWelcome to all of us.\n\n## Refunds\n\nA refund is paid within 14 days.\n\n\
                        ## Parking\n\nPark behind the house.\n\nRefunds above EUR 500 go to finance.\n";

    #[test]
    fn what_speaks_of_it_is_shown_with_its_lines() {
        assert_eq!(passages(TEXT, "anything", 10_000), whole(TEXT));
        let found = passages(TEXT, "How refunds are paid", 90);
        let lines: Vec<(u32, &str)> = found.iter().map(|one| (one.first, one.text.as_str())).collect();
        assert_eq!(
            lines,
            [
                (5, "## Refunds\n\nA refund is paid within 14 days."),
                (13, "Refunds above EUR 500 go to finance.")
            ]
        );
        assert_eq!(passages(TEXT, "holidays", 90), []);
        assert_eq!(contents(TEXT), ["1: Handbook", "5: Refunds", "9: Parking"]);
    }

    proptest::proptest! {
        #[test]
        fn every_passage_stands_where_it_says(text in "[a-c# \n]{0,200}", wanted in "[a-c ]{0,9}", most in 0usize..80) {
            let all: Vec<&str> = text.lines().collect();
            for passage in passages(&text, &wanted, most) {
                let first = usize::try_from(passage.first).unwrap() - 1;
                for (at, line) in passage.text.lines().enumerate() {
                    proptest::prop_assert_eq!(all[first + at].trim_end(), line.trim_end());
                }
            }
        }
    }
}
