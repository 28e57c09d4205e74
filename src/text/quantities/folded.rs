//! A text prepared for reading: digits of all scripts as ASCII, signs of one meaning as one, and stretches that were read
//! blotted out, so that nothing is read twice. Knows for each byte where it stands in the text it was made from.

use std::ops::Range;

/// What a stretch that was read is filled with; no pattern matches it.
const BLOT: u8 = 1;

/// A prepared text.
pub(super) struct Folded {
    text: String,
    /// For each byte of `text`, and its end, the byte of the original.
    places: Vec<usize>,
}

impl Folded {
    pub(super) fn new(original: &str) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len() + 1);
        for (at, c) in original.char_indices() {
            text.push(folded(c));
            places.resize(text.len(), at);
        }
        places.push(original.len());
        Self { text, places }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the original a range of this text stands for.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let at = |index: usize| self.places.get(index).or(self.places.last()).copied().unwrap_or(0);
        at(range.start)..at(range.end)
    }

    /// Blots out `ranges`, all at once: the text is walked once for all of them.
    pub(super) fn blot(&mut self, ranges: impl Iterator<Item = Range<usize>>) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        for range in ranges {
            if let Some(read) = bytes.get_mut(range) {
                read.fill(BLOT);
            }
        }
        // Ranges begin and end between characters, so the bytes stay text.
        self.text = String::from_utf8(bytes).unwrap_or_default();
    }
}

fn folded(c: char) -> char {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{9e6}'..='\u{9ef}' => 0x9e6,
        '\u{e50}'..='\u{e59}' => 0xe50,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return sign(c),
    };
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}

fn sign(c: char) -> char {
    match c {
        '\u{202f}' | '\u{2009}' | '\u{2007}' => '\u{a0}',
        '\u{2212}' | '\u{2010}' | '\u{2011}' | '－' => '-',
        '—' | '～' | '〜' => '–',
        '％' | '٪' | '﹪' => '%',
        '：' => ':',
        '’' => '\'',
        '٫' => '.',
        '٬' | '，' => ',',
        '（' => '(',
        '）' => ')',
        // A blot in the original would otherwise look like one of ours.
        '\u{1}' => '\u{2}',
        _ => c,
    }
}
