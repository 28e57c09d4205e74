//! Cuts text into sentences in any language, by marks, abbreviations and scripts. A cut never loses a character: the
//! pieces joined are the text. It does not know what a sentence means, and where marks say nothing it does not cut.

mod stop;

use super::blocks::{Block, BlockKind};
use super::language::Language;
use super::lines;
use std::ops::Range;
use stop::{Stop, ends_sentence};

/// One sentence of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its bytes in the block's text, white space behind it included, so that all ranges together cover the text.
    pub range: Range<usize>,
    /// The line of the file it begins on.
    pub line: u32,
    /// Its words, without white space at either end.
    pub text: String,
}

/// The sentences of `block`. A heading and a table row are one each; each line of a code block is one. `language` is that
/// of the file, where it is known.
pub fn sentences(block: &Block, language: Option<Language>) -> Vec<Sentence> {
    let text = block.text.as_str();
    let pieces = match block.kind {
        BlockKind::Heading { .. } | BlockKind::Row { .. } | BlockKind::Other => vec![text],
        BlockKind::Code { .. } | BlockKind::Html => text.split_inclusive('\n').collect(),
        BlockKind::Rule | BlockKind::FrontMatter => Vec::new(),
        BlockKind::Paragraph | BlockKind::Item { .. } => cut(text, language),
    };
    let mut found: Vec<Sentence> = Vec::with_capacity(pieces.len());
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.len();
        let words = piece.trim();
        match found.last_mut() {
            Some(before) if words.is_empty() => before.range.end = end,
            _ if words.is_empty() => continue,
            _ => {
                let indent = piece.len() - piece.trim_start().len();
                let line = block.line_at(start + indent);
                // White space nobody has yet, at the head of the text, belongs to the first sentence.
                let from = found.last().map_or(0, |before| before.range.end);
                found.push(Sentence { range: from..end, line, text: words.to_owned() });
            }
        }
        start = end;
    }
    found
}

/// Cuts running text. The pieces joined are `text`; each but the last ends with the white space behind its sentence.
pub fn cut(text: &str, language: Option<Language>) -> Vec<&str> {
    let widest = lines::widest(text);
    let mut pieces = Vec::new();
    let mut start = 0;
    // End of the last token that was looked at, so that no character is read twice.
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if at < done {
            continue;
        }
        let end = match Stop::of(c) {
            Some(stop) => {
                let (behind, end) = run(text, at);
                done = behind;
                let before = text.get(start..at).unwrap_or_default();
                let after = text.get(end..).unwrap_or_default();
                let spaced = end > behind || after.is_empty();
                ends_sentence(stop, before, after, spaced, language).then_some(end)
            }
            None if c == '\n' => line_end(text, start, at, widest),
            None => None,
        };
        if let Some(end) = end {
            pieces.push(text.get(start..end).unwrap_or_default());
            start = end;
            done = end;
        }
    }
    pieces.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    pieces
}

/// The stops and closing marks from `at` on, and the white space behind them: the ends of both.
fn run(text: &str, at: usize) -> (usize, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let stops = rest.len() - rest.trim_start_matches(|c| Stop::of(c).is_some()).len();
    let behind = rest.get(stops..).unwrap_or_default();
    let mut closed = behind.trim_start_matches(is_closing);
    // In French a closing guillemet stands behind a narrow space.
    if let Some(inner) =
        closed.strip_prefix(['\u{a0}', '\u{202f}', ' ']).and_then(|rest| rest.strip_prefix('»'))
    {
        closed = inner;
    }
    let tight = at + rest.len() - closed.len();
    (tight, text.len() - closed.trim_start().len())
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '"'
            | '\''
            | '”'
            | '’'
            | '»'
            | '」'
            | '』'
            | '）'
            | '】'
            | '〉'
            | '》'
            | '`'
            | '*'
            | '_'
    ) || c == '“'
}

/// The end of the sentence at a line break, where the break was meant.
fn line_end(text: &str, start: usize, at: usize, widest: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let end = text.len() - rest.trim_start().len();
    let line = text.get(start..at)?.lines().next_back().unwrap_or_default();
    let next = text.get(end..)?.lines().next()?;
    lines::is_meant(line, next, widest).then_some(end)
}

#[cfg(test)]
mod tests;
