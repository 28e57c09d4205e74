//! What holds digits and is no quantity: addresses, ids, versions, sections, phone numbers, hashes. Kept as written.

use super::scan::{Found, Scan, after, before};
use super::units::{is_unit, unit};
use super::words::times;
use super::{Kind, Value};
use crate::text::language::table;
use crate::text::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// A reference over the whole of `range`, compared as `text` without white space.
fn reference(range: std::ops::Range<usize>, text: &str) -> Found {
    let bare = text.chars().filter(|c| !c.is_whitespace()).collect();
    Found::new(Kind::Reference, range, vec![Value::Verbatim(bare)])
}

static ADDRESSES: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    [
        // Code spans, unless a plain number is set as code.
        r"``[^`\n]+(?:`[^`\n]+)*``|`[^`\n]*[^`\n\d.,%\s][^`\n]*`",
        r"[a-z][a-z0-9+.-]*://[^\s<>\x22)\x01]*[^\s<>\x22).,;:!?\x01]",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        // Paths, and names of hosts and files that hold a digit.
        r"(?:~|\.{1,2})?(?:/[\w.@-]*[\p{L}_][\w.@-]*){2,}/?",
        r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    ]
    .map(pattern)
    .into()
});

/// The digits of the shortest number that is taken for one of a telephone.
const FEWEST_OF_PHONE: usize = 7;

static PHONES: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    [
        r"\+\d{1,3}[ \u{a0}/.-]?(?:\(0\))?(?:[ \u{a0}/.-]?\(?\d{1,5}\)?){2,6}",
        r"\(?\b0\d{1,5}\)?[ \u{a0}]?[ /-][ \u{a0}]?\d{2,8}(?:[ -]\d{1,6}){0,4}",
        r"\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b",
    ]
    .map(pattern)
    .into()
});

/// Reads what stands by itself: addresses, code, phone numbers. Those without a digit are blotted out as well, but only
/// those with one are kept.
pub(super) fn addresses(scan: &mut Scan) {
    for pattern in ADDRESSES.iter() {
        scan.each(pattern.as_ref(), |scan, found| {
            let all = found.get(0)?;
            let inside = before(scan.text(), all.start()).is_some_and(char::is_alphanumeric);
            if inside && all.as_str().starts_with('/') {
                return None;
            }
            let mut one = reference(all.range(), all.as_str());
            if !all.as_str().contains(|c: char| c.is_ascii_digit()) {
                one.readings.clear();
            }
            Some(one)
        });
    }
    for pattern in PHONES.iter() {
        scan.each(pattern.as_ref(), |scan, found| {
            let all = found.get(0)?;
            let inside =
                before(scan.text(), all.start()).is_some_and(|c| c.is_alphanumeric() || "-/.,:+".contains(c));
            let digits: String = all.as_str().chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (!inside && digits.len() >= FEWEST_OF_PHONE).then(|| reference(all.range(), &digits))
        });
    }
}

static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = table(include_str!("../data/labels.txt")).flat_map(|(_, words)| words.split_whitespace());
    let words: Vec<String> = words.map(regex::escape).collect();
    pattern(&format!(
        r"(?i)(?:^|[^\p{{L}}\p{{N}}])(?P<label>{})\.?[ \u{{a0}}]?(?P<number>\d+(?:[./-]\d+)*(?:-[A-Z]\b|[a-z]\b)?(?:\([0-9a-z]{{1,3}}\))*)",
        words.join("|")
    ))
});

static STANDARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b(?:ISO|IEC|EN|DIN|RFC|NIST|VDE|VDI|ANSI|IEEE|CFR|BS)(?:[ /-](?:ISO|IEC|EN|TS|TR|SP|VDE))*[ -]\d[\d.:-]*\d",
    )
});

/// Letters of scripts that part their words, so that a kanji beside a number is no part of an id.
const ID: &str = r"[\p{Latin}\p{Greek}\p{Cyrillic}_][\p{Latin}\p{Greek}\p{Cyrillic}\d_]*(?:[-_.:#@+][\p{Latin}\p{Greek}\p{Cyrillic}\d_]+)*";

static IDS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(ID));
static HASH: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b[0-9a-f]{7,64}\b"));
static CAPITALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\d+(?P<tail>\p{Lu}[\p{Latin}\d]*)(?:-[\p{Latin}\d]+)*"));
static NUMERALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"#\d+|\d+(?:\.\d+){2,}|\d+(?:/\d+)+|\d+(?:-\d+){2,}|\d+:\d+(?::\d+)*"));
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?m)^[ \t>*-]*(?P<number>\d+(?:\.\d+)+\.?|\d+[.)])[ \t\u{a0}]+(?P<word>[^\s,.;:]+)")
});

/// Reads numbers that are names: ids, versions, sections, list numbers, ratios.
pub(super) fn numbers(scan: &mut Scan) {
    scan.each(STANDARD.as_ref(), |_, found| {
        let all = found.get(0)?;
        Some(reference(all.range(), all.as_str()))
    });
    scan.each(HEAD.as_ref(), |scan, found| {
        let (number, word) = (found.name("number")?, found.name("word")?.as_str());
        let counted = is_unit(word) || times(&word.to_lowercase()).is_some() || word.starts_with('%');
        let list = number.as_str().ends_with(['.', ')']) || scan.text().len() > number.end();
        (list && !counted).then(|| reference(number.range(), number.as_str().trim_end_matches(['.', ')'])))
    });
    scan.each(LABEL.as_ref(), |scan, found| {
        let (label, number) = (found.name("label")?, found.name("number")?);
        // `No 5 days` and `part 2.5 hours` do not stand alone; `Version 2.3.` ends a sentence.
        let cut = after(scan.text(), number.end()).is_some_and(|c| c.is_ascii_alphanumeric() || c == '%');
        // `SEV1` is an id.
        let joined = label.end() == number.start() && label.as_str().ends_with(char::is_alphabetic);
        (!cut && !joined).then(|| reference(label.start()..number.end(), number.as_str()))
    });
    scan.each(IDS.as_ref(), |scan, found| {
        let all = found.get(0)?;
        let text = all.as_str();
        let head: String = text.chars().take_while(|c| !c.is_ascii_digit()).collect();
        let money = unit(head.trim_end_matches(['-', '.'])).is_some_and(|unit| unit.money);
        let attached = before(scan.text(), all.start()).is_some_and(|c| c.is_ascii_digit() || c == '°');
        let digit = text.contains(|c: char| c.is_ascii_digit());
        let version =
            text.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let one = || reference(all.range(), version.unwrap_or(text));
        (digit && !attached && !money && !is_unit(text)).then(one)
    });
    scan.each(HASH.as_ref(), |_, found| {
        let all = found.get(0)?;
        let letters = all.as_str().bytes().filter(u8::is_ascii_alphabetic).count();
        (letters > 0 && letters < all.len()).then(|| reference(all.range(), all.as_str()))
    });
    scan.each(CAPITALS.as_ref(), |_, found| {
        let (all, tail) = (found.get(0)?, found.name("tail")?.as_str());
        let head = all.as_str().split('-').next().unwrap_or_default();
        let counted = is_unit(tail) || times(&tail.to_lowercase()).is_some() || head.is_empty();
        (!counted).then(|| reference(all.range(), all.as_str()))
    });
    scan.each(NUMERALS.as_ref(), |scan, found| {
        let all = found.get(0)?;
        let text = all.as_str();
        let grouped = !scan.convention.readings(text).is_empty() && !text.contains(['/', ':', '-', '#']);
        (!grouped).then(|| reference(all.range(), text))
    });
}
