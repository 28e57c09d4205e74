//! One secret in one spelling, and how to recognise it in a text: each letter may be written in several ways, and
//! between two letters there may be a line break.

/// The letters of Base64 by their value, and the other alphabet's for the last two (RFC 4648, 4 and 5).
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// A secret cut off by the end of a text is taken for one from this many letters on.
const LEAST_BEGINNING: usize = 4;
/// Bytes a letter takes in its longest spelling (twice-escaped `\u1234\u1234`), with a line break before it.
const LONGEST_LETTER: usize = 24;
/// Blanks after a line break that are taken for indentation.
const MOST_INDENT: usize = 64;

/// A secret in one spelling.
#[derive(Clone)]
pub(super) struct Form {
    letters: Vec<char>,
    base64: bool,
}

impl Form {
    /// The spellings of `secret`: plain, and the parts of its Base64 that do not depend on what stands before or after
    /// it, for each of the three ways in which it can lie across the groups of three bytes.
    pub(super) fn all(secret: &str) -> Vec<Self> {
        let mut letters: Vec<char> = Vec::new();
        // Line breaks may be anywhere or nowhere; and any number of backslashes, escaped or not, is any other number.
        for letter in secret.chars().filter(|letter| !matches!(letter, '\n' | '\r')) {
            if letter != '\\' || letters.last() != Some(&'\\') {
                letters.push(letter);
            }
        }
        let mut all = vec![Self { letters, base64: false }];
        all.extend((0..3).map(|before| Self { letters: base64(secret.as_bytes(), before), base64: true }));
        all
    }

    /// The bytes it can begin with.
    pub(super) fn begins(&self) -> Vec<u8> {
        let Some(first) = self.letters.first() else { return Vec::new() };
        let mut bytes = vec![b'%', b'\\'];
        let mut space = [0; 4];
        bytes.extend(first.encode_utf8(&mut space).bytes().next());
        match first {
            ' ' => bytes.push(b'+'),
            '+' => bytes.push(b'-'),
            '/' => bytes.push(b'_'),
            _ => {}
        }
        bytes
    }

    /// An upper bound of the bytes it takes in a text whose indentation is moderate.
    pub(super) fn reach(&self) -> usize {
        self.letters.len() * LONGEST_LETTER + 4 * MOST_INDENT
    }

    /// Where it ends when it begins at `at`. With `cut`, the end of the text stands for the rest of it.
    pub(super) fn end(&self, text: &[u8], at: usize, cut: bool) -> Option<usize> {
        let mut here = at;
        for (index, letter) in self.letters.iter().enumerate() {
            let next = self.letter(text, here, *letter).or_else(|| {
                let after = (index > 0).then(|| line_break(text, here)).flatten()?;
                // A line break may stand in the place of a blank.
                if *letter == ' ' { Some(after) } else { self.letter(text, after, *letter) }
            });
            here = match next {
                Some(next) => next,
                None if cut && index >= LEAST_BEGINNING && ends(text, here) => return Some(text.len()),
                None => return None,
            };
        }
        if self.base64 { Some(padding(text, here)) } else { Some(self.last(text, at, here)) }
    }

    /// The end of `letter` at `at`, in whichever spelling.
    fn letter(&self, text: &[u8], at: usize, letter: char) -> Option<usize> {
        let rest = text.get(at..)?;
        let first = *rest.first()?;
        let mut space = [0; 4];
        let plain = letter.encode_utf8(&mut space).as_bytes();
        match (letter, first) {
            ('\\', b'\\') => return Some(at + backslashes(rest)),
            _ if rest.starts_with(plain) => return Some(at + plain.len()),
            (' ', b'+') => return Some(at + 1),
            ('+', b'-') | ('/', b'_') if self.base64 => return Some(at + 1),
            (_, b'%') => return percent(rest, plain).map(|length| at + length),
            _ => {}
        }
        let slashes = backslashes(rest);
        // The backslash of this letter's escape may have been taken for one of a letter that is a backslash itself.
        if slashes == 0 && at.checked_sub(1).and_then(|before| text.get(before)) != Some(&b'\\') {
            return None;
        }
        let escape = rest.get(slashes..)?;
        let length = match (letter, *escape.first()?) {
            ('"', b'"') | ('/', b'/') | ('\'', b'\'') | ('\t', b't') | ('\u{8}', b'b') | ('\u{c}', b'f') => 1,
            (_, b'u') => unicode(escape, letter)?,
            _ => return None,
        };
        Some(at + slashes + length)
    }

    /// Where to end so that what follows is not left with half an escape: a last backslash that in JSON begins an
    /// escape takes the letter after it along.
    fn last(&self, text: &[u8], from: usize, end: usize) -> usize {
        if self.letters.last() != Some(&'\\') {
            return end;
        }
        let run =
            text.get(from..end).map_or(0, |all| all.iter().rev().take_while(|byte| **byte == b'\\').count());
        let letter = text.get(end..).and_then(|rest| rest.utf8_chunks().next()?.valid().chars().next());
        if run % 2 == 1 { end + letter.map_or(0, char::len_utf8) } else { end }
    }
}

/// The beginning of the JSON escape (`\n`, `\u0041`) that `at` lies in, or `at` itself.
pub(super) fn whole_escape(text: &[u8], at: usize) -> usize {
    for back in 1..=5 {
        let Some(start) = at.checked_sub(back) else { break };
        if text.get(start) != Some(&b'\\') {
            continue;
        }
        let before =
            text.get(..=start).map_or(0, |all| all.iter().rev().take_while(|byte| **byte == b'\\').count());
        let inside = back == 1 || text.get(start + 1) == Some(&b'u');
        return if before % 2 == 1 && inside { start } else { at };
    }
    at
}

fn backslashes(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}

/// The end of a run of line breaks at `at`, however escaped, and of the indentation after it.
fn line_break(text: &[u8], at: usize) -> Option<usize> {
    let mut here = at;
    while let Some(next) = one_break(text.get(here..)?) {
        here += next;
    }
    let rest = text.get(here..)?;
    let indent = rest.iter().take(MOST_INDENT).take_while(|byte| matches!(**byte, b' ' | b'\t')).count();
    (here > at).then_some(here + indent)
}

fn one_break(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'\n' | b'\r' => Some(1),
        b'%' => percent(rest, b"\n").or_else(|| percent(rest, b"\r")),
        b'\\' => {
            let slashes = backslashes(rest);
            matches!(rest.get(slashes)?, b'n' | b'r').then_some(slashes + 1)
        }
        _ => None,
    }
}

/// The length of `plain` with every byte as `%XX`, when that is what `rest` begins with.
fn percent(rest: &[u8], plain: &[u8]) -> Option<usize> {
    for (byte, three) in plain.iter().zip(rest.chunks(3).chain(std::iter::repeat(&[][..]))) {
        let [b'%', high, low] = three else { return None };
        if hex(&[*high, *low])? != u32::from(*byte) {
            return None;
        }
    }
    Some(plain.len() * 3)
}

/// The length of `letter` as `uXXXX`, or as two of them for what is beyond 16 bits, without its first backslashes.
fn unicode(rest: &[u8], letter: char) -> Option<usize> {
    let mut space = [0; 2];
    let mut here = 0;
    for (index, unit) in letter.encode_utf16(&mut space).iter().enumerate() {
        if index > 0 {
            here += backslashes(rest.get(here..)?);
        }
        let (first, digits) = rest.get(here..here + 5)?.split_first()?;
        if *first != b'u' || hex(digits)? != u32::from(*unit) {
            return None;
        }
        here += 5;
    }
    Some(here)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// Whether the text ends here, or in the middle of an escape that begins here.
fn ends(text: &[u8], here: usize) -> bool {
    let rest = text.get(here..).unwrap_or_default();
    rest.iter().all(|byte| matches!(byte, b'\n' | b'\r' | b' ' | b'\t'))
        || (rest.len() < 6 && matches!(rest.first(), Some(b'%' | b'\\')))
}

/// Behind a Base64 text: the letter that holds its last bits, and what pads it.
fn padding(text: &[u8], end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let letter =
        usize::from(rest.first().is_some_and(|byte| BASE64.contains(byte) || matches!(byte, b'-' | b'_')));
    let pads = rest.iter().skip(letter).take(2).take_while(|byte| **byte == b'=').count();
    // Without a pad the letter may belong to what comes next.
    if pads > 0 { end + letter + pads } else { end }
}

/// The letters of the Base64 of `bytes` that depend on nothing else, when `before` bytes stand before them in their
/// group of three.
fn base64(bytes: &[u8], before: usize) -> Vec<char> {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    // The first letter that holds no bit of an earlier byte begins so many bits into ours.
    let skip = (6 - before * 8 % 6) % 6;
    let bits: Vec<u8> = bits.skip(skip).collect();
    let value = |six: &[u8]| six.iter().fold(0, |value, bit| value * 2 + usize::from(*bit));
    bits.chunks_exact(6).filter_map(|six| BASE64.get(value(six)).copied().map(char::from)).collect()
}
