//! Numbers and bullets Markdown does not know (`3.1.2 The job starts`, `• Call`), as word processors leave them in pasted
//! text: each such line of a paragraph becomes an item of its own. Never adds, drops or moves a word.

use super::{Block, BlockKind};
use crate::text::lines;
use crate::text::pattern::pattern;
use crate::text::quantities::is_unit;
use regex::Regex;
use std::sync::LazyLock;

/// `3.1` and deeper; a bullet of a word processor; `a)`, `(2)`, `2)`, `①`.
static MARKER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^[ \t]*(?:(?P<levels>\d{1,3}(?:\.\d{1,2})+)\.?[ \t\u{a0}]+|(?P<bullet>[•‣◦▪●・])[ \t\u{a0}]*|(?P<dash>[–—])[ \t\u{a0}]+|(?P<letter>\(?[a-z]\)|\(\d{1,2}\)|\d{1,2}[)）．]|[①-⑳])[ \t\u{a0}]*)(?P<rest>\S)",
    )
});

/// A marker found at the head of a line.
struct Marker {
    text: String,
    levels: u32,
    numbered: bool,
    /// Bytes of the line before its words.
    length: usize,
}

/// Cuts a paragraph or item before each line that begins with such a marker.
pub(super) fn split(block: Block) -> Vec<Block> {
    if !block.text.contains('\n') && marker(&block.text).is_none() {
        return vec![block];
    }
    let widest = lines::widest(&block.text);
    let mut cuts: Vec<(usize, Option<Marker>)> = Vec::new();
    let mut before: Option<&str> = None;
    let mut offset = 0;
    for line in block.text.split_inclusive('\n') {
        let own = before.is_none() && !matches!(block.kind, BlockKind::Paragraph);
        let fits = before.is_none_or(|before| begins_anew(before, line, widest));
        let marker = marker(line).filter(|_| fits && !own);
        if marker.is_some() || offset == 0 {
            cuts.push((offset, marker));
        }
        before = Some(line);
        offset += line.len();
    }
    if cuts.iter().all(|(_, marker)| marker.is_none()) {
        return vec![block];
    }
    let ends: Vec<usize> = cuts.iter().skip(1).map(|cut| cut.0).chain([block.text.len()]).collect();
    let last = block.last;
    let mut parts: Vec<Block> =
        cuts.into_iter().zip(ends).map(|((start, marker), end)| part(&block, start..end, marker)).collect();
    let lasts: Vec<u32> =
        parts.iter().skip(1).map(|next| next.first.saturating_sub(1)).chain([last]).collect();
    for (part, last) in parts.iter_mut().zip(lasts) {
        part.last = last.max(part.first);
    }
    parts
}

/// A marker may stand where a line was ended on purpose, or where a sentence or heading before it is over.
fn begins_anew(before: &str, line: &str, widest: usize) -> bool {
    before.trim_end().ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '：'])
        || marker(before).is_some()
        || lines::is_meant(before, line, widest)
}

fn marker(line: &str) -> Option<Marker> {
    let found = MARKER.as_ref()?.captures(line)?;
    let length = found.name("rest")?.start();
    let rest = line.get(length..)?;
    if let Some(levels) = found.name("levels") {
        let text = levels.as_str().to_owned();
        let word = rest.split(|c: char| c.is_whitespace() || ",.;:".contains(c)).next().unwrap_or_default();
        let heading = rest
            .chars()
            .next()
            .is_some_and(|c| c.is_alphabetic() && !c.is_lowercase() || "*`„\"«".contains(c));
        // `3.5 Tage` and `16.30 Uhr` are quantities, `3.05` is none of a heading.
        let quantity =
            is_unit(word) || word == "Uhr" || text.split('.').skip(1).any(|part| part.starts_with('0'));
        let count = text.split('.').count();
        let levels = u32::try_from(count).unwrap_or(u32::MAX);
        // Three levels count nothing, so a line may begin small behind them: `2.1.2 it.security reads …`.
        return ((heading || count > 2) && !quantity).then_some(Marker {
            text,
            levels,
            numbered: true,
            length,
        });
    }
    let kind = found.name("bullet").or_else(|| found.name("dash"));
    let numbered = kind.is_none();
    let text = kind.or_else(|| found.name("letter"))?.as_str().to_owned();
    Some(Marker { text, levels: 1, numbered, length })
}

fn part(block: &Block, range: std::ops::Range<usize>, marker: Option<Marker>) -> Block {
    let first = if range.start == 0 { block.first } else { block.line_at(range.start) };
    let skipped = range.start + marker.as_ref().map_or(0, |marker| marker.length);
    let text = block.text.get(skipped..range.end).unwrap_or_default().trim_end().to_owned();
    // Found by halves: a filter would read all lines of the paragraph for each of them.
    let at = |offset: usize| block.starts.partition_point(|(start, _)| *start < offset);
    let starts = block.starts.get(at(range.start)..at(range.end)).unwrap_or_default();
    let starts = starts.iter().map(|(at, line)| (at.saturating_sub(skipped), *line)).collect();
    let (kind, depth) = match marker {
        Some(Marker { text, levels, numbered, .. }) => {
            let depth = if numbered && levels > 1 { levels.max(block.depth) } else { block.depth + 1 };
            (BlockKind::Item { marker: text, numbered, checked: None }, depth)
        }
        None => (block.kind.clone(), block.depth),
    };
    let (headings, quoted) = (block.headings.clone(), block.quoted);
    Block { kind, first, last: block.last, text, source: String::new(), headings, depth, quoted, starts }
}
