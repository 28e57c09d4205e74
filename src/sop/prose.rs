//! Sentences of a Markdown text with their lines: paragraphs and list items, without fenced blocks.

use super::outline::{BlockKind, blocks, lines_between};

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Line of the file it starts on.
    pub line: u32,
    /// Its words on one line, without a list marker.
    pub text: String,
    /// Words that stand in the file exactly so: the sentence, or the line it starts on.
    pub quote: String,
}

/// Endings after which a sentence goes on.
const ABBREVIATIONS: [&str; 8] = ["e.g.", "i.e.", "etc.", "vs.", "approx.", "no.", "incl.", "max."];

/// The sentences of `text`, which starts on line `first_line` of its file.
pub fn sentences(text: &str, first_line: u32) -> Vec<Sentence> {
    let mut found = Vec::new();
    for (line, source, joined) in chunks(text) {
        let mut rest = joined.as_str();
        while let Some((sentence, after)) = cut_sentence(rest) {
            let quote = source
                .iter()
                .find(|line| line.contains(sentence))
                .map_or_else(|| source.first().map_or("", |line| line.trim()), |_| sentence);
            found.push(Sentence {
                line: line + first_line.saturating_sub(1),
                text: sentence.to_owned(),
                quote: quote.to_owned(),
            });
            rest = after;
        }
    }
    found
}

/// Paragraphs and items: first line, source lines, words on one line.
fn chunks(text: &str) -> Vec<(u32, Vec<&str>, String)> {
    let mut found: Vec<(u32, Vec<&str>, String)> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for block in blocks(text) {
        if !matches!(block.kind, BlockKind::Paragraph | BlockKind::List | BlockKind::Other) {
            continue;
        }
        let mut open = false;
        let mut fenced = false;
        for (line, source) in
            (block.first..).zip(lines_between(&lines, block.first, block.last).iter().copied())
        {
            let trimmed = source.trim();
            let fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
            fenced ^= fence;
            if fence || fenced || trimmed.is_empty() {
                open = false;
                continue;
            }
            let (marked, words) = without_marker(trimmed);
            match found.last_mut() {
                Some((_, sources, joined)) if open && !marked && !begins_anew(words) => {
                    sources.push(source);
                    joined.push(' ');
                    joined.push_str(words);
                }
                _ => found.push((line, vec![source], words.to_owned())),
            }
            open = true;
        }
    }
    found
}

/// A table row or a `**Key**:` line is not part of the sentence above it.
fn begins_anew(line: &str) -> bool {
    line.starts_with('|') || line.starts_with("**")
}

fn without_marker(line: &str) -> (bool, &str) {
    let line = line.trim_start_matches('>').trim_start();
    for marker in ["- [ ] ", "- [x] ", "- ", "* ", "+ "] {
        if let Some(rest) = line.strip_prefix(marker) {
            return (true, rest.trim_start());
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).unwrap_or_default();
    match rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")) {
        Some(words) if digits > 0 => (true, words.trim_start()),
        _ => (false, line),
    }
}

/// The first sentence of `text`, and what follows it.
fn cut_sentence(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    for (at, mark) in text.match_indices(['.', '!', '?']) {
        let (Some(head), Some(tail)) = (text.get(..at + mark.len()), text.get(at + mark.len()..)) else {
            continue;
        };
        let starts = tail
            .trim_start()
            .chars()
            .next()
            .is_none_or(|c| c.is_uppercase() || c.is_ascii_digit() || "`\"*".contains(c));
        let spaced = tail.is_empty() || tail.starts_with(' ');
        let short = ABBREVIATIONS.iter().any(|word| ends_with(head, word));
        if spaced && starts && (!short || tail.trim().is_empty()) {
            return Some((head, tail));
        }
    }
    Some((text, ""))
}

/// Whether `text` ends with `word`, in whichever capitals.
fn ends_with(text: &str, word: &str) -> bool {
    let from = text.len().checked_sub(word.len());
    from.and_then(|from| text.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_lines() {
        let text = "Ask vp.sales first. Then wait,\ne.g. a day.\n\n- One thing. Another 2.5 thing\n1. Count.\n\n```\nNot. This.\n```\n";
        let seen: Vec<_> = sentences(text, 3).into_iter().map(|s| (s.line, s.text)).collect();
        let expected = [
            (3, "Ask vp.sales first."),
            (3, "Then wait, e.g. a day."),
            (6, "One thing."),
            (6, "Another 2.5 thing"),
            (7, "Count."),
        ];
        assert_eq!(seen, expected.map(|(line, text)| (line, text.to_owned())));
    }
}
