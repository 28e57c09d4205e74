//! Names worth guarding in a text: ids, code, acronyms, proper names, quoted words. It would rather miss a name than take a
//! common word for one: a name wrongly missed in a draft would stop a text that was fine.

use super::language::{Language, is_small_anywhere, table};
use super::quantities::{is_month, is_unit};
use super::sentences::cut;
use crate::text::pattern::pattern;
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// What kind of name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// An agent, a host, an address, a file: `vp.sales`, `chair@example.com`.
    Id,
    /// What stands in a code span, without its backticks.
    Code,
    /// What stands in quotation marks, without them.
    Quoted,
    /// Two capitals or more: `CRM`.
    Acronym,
    /// A word with a capital inside a sentence, or one like `GitHub` and `S3` anywhere.
    Proper,
}

/// One name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What kind it is.
    pub kind: NameKind,
    /// The name itself.
    pub text: String,
    /// Its bytes in the text, marks around it included.
    pub range: Range<usize>,
}

/// Quoted words longer than this are speech, not a name.
const LONGEST_QUOTE: usize = 60;
/// Words in capitals longer than this are shouted.
const LONGEST_ACRONYM: usize = 6;

static MARKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?P<code>`+[^`\n]+`+)|(?P<quoted>"[^"\n]+"|“[^”“\n]+[”“]|„[^“”\n]+[“”]|«[^»\n]+»|»[^«\n]+«|「[^」\n]+」|『[^』\n]+』)|(?P<id>[a-z][a-z0-9+.-]*://[^\s<>"),;]*[^\s<>"),;.:!?]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"#,
    )
});

/// `vp.sales`, `speakup.example.com`, `audit-log.md`: small letters, points within.
static ID: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"[a-z][a-z0-9_-]+(?:\.[a-z0-9_-]*[a-z][a-z0-9_-]*)+"));

static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"[\p{Latin}\p{Greek}\p{Cyrillic}\d]+(?:[-/&'’][\p{Latin}\p{Greek}\p{Cyrillic}\d]+)*")
});

/// So many long words, each with a capital, are a title.
const FEWEST_OF_TITLE: usize = 4;
/// Acronyms that are small words of some language, too.
const NAMED: [&str; 3] = ["IT", "US", "PO"];
/// Halves of the day and forms of address: no names by themselves.
const FORMS: [&str; 12] = ["am", "pm", "mr", "mrs", "ms", "dr", "prof", "mme", "mlle", "herr", "frau", "sr"];

/// Words in capitals that are stressed, not names, beside the small words of all languages.
static STRESSED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let modal = table(include_str!("data/modality.txt")).flat_map(|(_, rest)| rest.split([' ', '|']));
    let more = "note important warning caution attention todo tbd ok yes step steps all both first last new old do keep stop wichtig achtung hinweis fertig";
    modal.chain(more.split(' ')).collect()
});

/// The names in `text`, in order; no two overlap. `language` is that of the file. A capital is taken for a name only
/// in a language known to write common nouns small.
pub fn names(text: &str, language: Option<Language>) -> Vec<Name> {
    let mut found = marked(text);
    add(&mut found, ids(text));
    add(&mut found, capitalised(text, language));
    found
}

/// Adds those of `more` that overlap with none of `found`. Both are in order, and stay so.
fn add(found: &mut Vec<Name>, more: Vec<Name>) {
    let free = |name: &Name| {
        let after = found.partition_point(|other| other.range.end <= name.range.start);
        found.get(after).is_none_or(|other| name.range.end <= other.range.start)
    };
    let more: Vec<Name> = more.into_iter().filter(free).collect();
    found.extend(more);
    found.sort_by_key(|name| name.range.start);
}

fn ids(text: &str) -> Vec<Name> {
    let joins = |c: char| c.is_alphanumeric() || "/_.".contains(c);
    let alone = |at: usize| !text.get(..at).is_some_and(|head| head.ends_with(joins));
    let all = ID.as_ref().map(|pattern| pattern.find_iter(text)).into_iter().flatten();
    all.filter(|id| alone(id.start()) && !is_abbreviated(id.as_str()))
        .map(|id| Name { kind: NameKind::Id, text: id.as_str().to_owned(), range: id.range() })
        .collect()
}

/// Those of `of` that `text` does not hold. Capitals do not count, and the words of a name of several may stand apart.
pub fn missing<'n>(of: &'n [Name], text: &str) -> Vec<&'n Name> {
    let lower = text.to_lowercase();
    let words: HashSet<&str> =
        lower.split(|c: char| !is_inside(c)).map(|word| word.trim_matches(['.', '-'])).collect();
    let holds = |name: &Name| {
        let name = name.text.to_lowercase();
        let mut parts = name.split(|c: char| !is_inside(c)).filter(|part| !part.is_empty());
        words.contains(name.as_str())
            || lower.contains(&name) && !name.chars().all(is_inside)
            || parts.all(|part| words.contains(part))
    };
    of.iter().filter(|name| !holds(name)).collect()
}

fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@')
}

fn marked(text: &str) -> Vec<Name> {
    let all = MARKED.as_ref().map(|pattern| pattern.captures_iter(text)).into_iter().flatten();
    let name = |found: regex::Captures<'_>| {
        let all = found.get(0)?;
        let inner = |marks: &[char]| all.as_str().trim_matches(marks).trim().to_owned();
        let (kind, text) = if found.name("code").is_some() {
            (NameKind::Code, inner(&['`']))
        } else if found.name("quoted").is_some() {
            (NameKind::Quoted, inner(&['"', '“', '”', '„', '«', '»', '「', '」', '『', '』']))
        } else {
            (NameKind::Id, all.as_str().to_owned())
        };
        let long = kind == NameKind::Quoted && text.chars().count() > LONGEST_QUOTE;
        (text.chars().any(char::is_alphanumeric) && !long).then(|| Name { kind, text, range: all.range() })
    };
    all.filter_map(name).collect()
}

/// `e.g`, `z.b`: one letter each.
fn is_abbreviated(id: &str) -> bool {
    id.split('.').all(|part| part.chars().count() <= 1) || id.split('.').any(str::is_empty)
}

/// Acronyms and proper names, sentence by sentence.
fn capitalised(text: &str, language: Option<Language>) -> Vec<Name> {
    let mut found = Vec::new();
    let mut start = 0;
    for sentence in cut(text, language) {
        of_sentence(sentence, start, language, &mut found);
        start += sentence.len();
    }
    found
}

/// A word of a sentence, as far as names are concerned.
struct Word<'t> {
    text: &'t str,
    range: Range<usize>,
    /// Nothing stands before it that would have let it begin small.
    begins: bool,
    capital: bool,
    /// A number or a colon follows, to which it is the label: `Section 4`, `Time Limit:`.
    labels: bool,
}

fn of_sentence(sentence: &str, offset: usize, language: Option<Language>, found: &mut Vec<Name>) {
    let words = words(sentence);
    let shouted = words.iter().filter(|word| is_upper(word.text) && word.text.chars().count() > 1).count();
    // A title that begins each word with a capital says nothing of its words.
    let long =
        |word: &&Word<'_>| word.text.chars().count() >= 4 && !is_small_anywhere(&word.text.to_lowercase());
    let is_title = words.iter().filter(long).count() >= FEWEST_OF_TITLE
        && words.iter().filter(long).all(|word| word.capital);
    let is_shout = shouted * 2 > words.len() && words.len() > 2;
    let small_nouns = matches!(
        language,
        Some(
            Language::English
                | Language::French
                | Language::Spanish
                | Language::Italian
                | Language::Dutch
                | Language::Portuguese
        )
    );
    let mut last: Option<usize> = None;
    for (index, word) in words.iter().enumerate() {
        let shout = is_shout || neighbour_shouts(&words, index);
        let kind = kind(word, shout, small_nouns && !is_title);
        let Some(kind) = kind else { continue };
        let range = offset + word.range.start..offset + word.range.end;
        let joined = last.is_some_and(|last| last + 1 == index)
            && found.last().is_some_and(|name| {
                name.kind == NameKind::Proper && kind == NameKind::Proper && name.range.end + 1 == range.start
            })
            && !word.begins;
        last = Some(index);
        match found.last_mut() {
            Some(name) if joined => {
                name.text = format!("{} {}", name.text, word.text);
                name.range.end = range.end;
            }
            _ => found.push(Name { kind, text: word.text.to_owned(), range }),
        }
    }
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    for found in WORD.as_ref().map(|pattern| pattern.find_iter(sentence)).into_iter().flatten() {
        let from = words.last().map_or(0, |word| word.range.end);
        let gap = sentence.get(from..found.start()).unwrap_or_default();
        // A colon, a bar, a bracket, a quotation, a dash or a line end may be followed by a capital that names nothing.
        // `(Google, Slack)` is a list of names all the same.
        let listed =
            gap.trim() == "(" && sentence.get(found.end()..).is_some_and(|rest| rest.starts_with([',', ')']));
        let parted =
            gap.contains([':', '|', '(', '"', '“', '„', '«', '–', '—', '\n', '>', '?', '!', '[', '•']);
        let begins = !listed && (words.is_empty() || parted);
        // The 's of a genitive is no part of the name.
        let text = found.as_str();
        let text = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).unwrap_or(text);
        let capital = text.chars().next().is_some_and(char::is_uppercase);
        let rest = sentence.get(found.end()..).unwrap_or_default().trim_start_matches([' ', '.']);
        let labels = rest.starts_with(|c: char| c.is_ascii_digit() || c == ':');
        words.push(Word { text, range: found.start()..found.start() + text.len(), begins, capital, labels });
    }
    // `Time Limit:` is one label.
    for index in (1..words.len()).rev() {
        let labels = words.get(index).is_some_and(|word| word.labels && word.capital && !word.begins);
        if let Some(before) = words.get_mut(index - 1) {
            before.labels |= labels;
        }
    }
    words
}

fn is_upper(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic());
    letters.clone().count() > 0 && letters.clone().all(char::is_uppercase)
}

/// Words in capitals side by side, one of them stressed or both long, are shouted: `DO NOT OPEN`.
fn neighbour_shouts(words: &[Word<'_>], index: usize) -> bool {
    let own = words.get(index).map_or(0, |word| word.text.len());
    let shouts = |at: Option<usize>| {
        let beside = at.and_then(|at| words.get(at)).filter(|word| is_upper(word.text));
        beside.is_some_and(|word| own > 4 && word.text.len() > 4 || is_stressed(word.text))
    };
    shouts(index.checked_sub(1)) || shouts(index.checked_add(1))
}

fn is_stressed(word: &str) -> bool {
    if NAMED.contains(&word) {
        return false;
    }
    let lower = word.to_lowercase();
    STRESSED.contains(lower.as_str()) || is_small_anywhere(&lower)
}

fn kind(word: &Word<'_>, shout: bool, small_nouns: bool) -> Option<NameKind> {
    let letters = word.text.chars().filter(|c| c.is_alphabetic()).count();
    let uppers = word.text.chars().filter(|c| c.is_uppercase()).count();
    if !word.text.chars().next().is_some_and(char::is_alphabetic) || is_unit(word.text) {
        return None;
    }
    if FORMS.contains(&word.text.to_lowercase().as_str()) {
        return None;
    }
    if is_upper(word.text) && letters >= 2 {
        let acronym = !shout && word.text.chars().count() <= LONGEST_ACRONYM && !is_stressed(word.text);
        return acronym.then_some(NameKind::Acronym);
    }
    // `SOP-REV-x` is an id; of `IT-Abteilung` the acronym is the name.
    let parts: Vec<&str> = word.text.split('-').collect();
    if parts.iter().filter(|part| is_upper(part) && part.chars().count() >= 2).count() >= 2 {
        return Some(NameKind::Id);
    }
    let inner =
        word.text.chars().skip(1).any(char::is_uppercase) && !word.text.contains(['-', '/', '\'', '’']);
    let digits = word.text.chars().any(|c| c.is_ascii_digit()) && uppers > 0;
    if inner || digits {
        return Some(NameKind::Proper);
    }
    let lower = word.text.to_lowercase();
    let common = is_small_anywhere(&lower)
        || lower == "i"
        || lower.starts_with("i'")
        || is_month(word.text)
        || lower.split('-').all(is_weekday);
    (word.capital && small_nouns && !word.begins && !word.labels && !common && letters >= 2)
        .then_some(NameKind::Proper)
}

static WEEKDAYS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let names = table(include_str!("data/calendar.txt")).filter(|(kind, _)| *kind == "weekday");
    let short = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    names.flat_map(|(_, names)| names.split(' ')).chain(short).collect()
});

/// Weekdays are quantities.
fn is_weekday(lower: &str) -> bool {
    WEEKDAYS.contains(lower) || lower.strip_suffix('s').is_some_and(|day| WEEKDAYS.contains(day))
}

#[cfg(test)]
mod tests;
