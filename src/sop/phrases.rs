//! Who does what to which thing, as far as word lists can tell: verbs, their objects and subjects, conditions.
//! Made for comparing two SOPs; where it is not sure it finds nothing.

mod vocabulary;

use super::tokens::{STOP_WORDS, stem, stems, words};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use vocabulary::{ARRIVALS, BE, BOUNDARIES, DETERMINERS, GENERIC, IRREGULAR, VERBS, WEAK};

static ACTS: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let rows = VERBS
        .iter()
        .flat_map(|row| row.iter().map(|verb| (stem(verb), row.first().copied().unwrap_or(verb))));
    rows.chain(IRREGULAR.iter().map(|(form, verb)| ((*form).to_owned(), *verb))).collect()
});

/// The act a word stands for, whatever its form.
pub(super) fn act(word: &str) -> Option<&'static str> {
    if ["ment", "ments", "ion", "ions", "al", "als"].iter().any(|ending| word.ends_with(ending)) {
        return None;
    }
    ACTS.get(word).or_else(|| ACTS.get(&stem(word))).copied()
}

fn at(words: &[String], index: usize) -> &str {
    words.get(index).map_or("", String::as_str)
}

fn back(words: &[String], index: usize, by: usize) -> &str {
    index.checked_sub(by).map_or("", |index| at(words, index))
}

/// Whether a sentence that begins with `word` is an order.
fn is_order(word: &str) -> bool {
    VERBS.iter().any(|row| row.contains(&word))
}

/// Whether the word at `index` is used as a verb: `the review` and `data request` are things.
pub(super) fn is_verb(words: &[String], index: usize) -> bool {
    act(at(words, index)).is_some()
        && !DETERMINERS.contains(&back(words, index, 1))
        && (index == 0
            || BOUNDARIES.contains(&back(words, index, 1))
            || !BOUNDARIES.contains(&at(words, index + 1)) && !at(words, index + 1).is_empty()
            || back(words, index, 1).contains('.'))
}

/// A thing as a key: the endings of its words, sorted; empty when it is too common to compare.
pub(super) fn thing(words: &[String]) -> String {
    let told: Vec<&String> = words
        .iter()
        .filter(|word| !STOP_WORDS.contains(&word.as_str()) && !WEAK.contains(&word.as_str()))
        .collect();
    let generic =
        |word: &str| GENERIC.contains(&word) || GENERIC.contains(&word.strip_suffix('s').unwrap_or(word));
    if told.iter().all(|word| generic(word)) {
        return String::new();
    }
    let stems: BTreeSet<String> = told.into_iter().map(|word| stem(word)).collect();
    stems.into_iter().collect::<Vec<_>>().join(" ")
}

/// The words of the thing that begins at `from` and ends before `end`; also the index after it.
pub(super) fn thing_after(words: &[String], from: usize, end: usize) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut index = from;
    while index < end {
        let word = at(words, index);
        let of = word == "of" || word == "out" || word == "off";
        if BOUNDARIES.contains(&word) || is_number(word) {
            break;
        }
        if !of && !DETERMINERS.contains(&word) {
            found.push(word.to_owned());
        }
        index += 1;
    }
    (found, index)
}

/// The words of the thing that ends before `end`.
pub(super) fn thing_before(words: &[String], end: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for index in (0..end).rev() {
        let word = at(words, index);
        if word == "of" && !found.is_empty() {
            continue;
        }
        if BOUNDARIES.contains(&word) || is_number(word) || word == "%" || (index == 0 && is_order(word)) {
            break;
        }
        if DETERMINERS.contains(&word) {
            if back(words, index, 1) == "of" {
                continue;
            }
            break;
        }
        found.insert(0, word.to_owned());
    }
    found
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// `approve` and the thing it is done to: found around the verb at `index`, active or passive.
pub(super) fn object(words: &[String], index: usize, end: usize) -> Vec<String> {
    let passive = (1..=2).find(|back_by| BE.contains(&back(words, index, *back_by)));
    if let Some(by) = passive {
        let mut subject_end = index - by;
        while ["must", "should", "may", "will", "shall", "can"].contains(&back(words, subject_end, 1)) {
            subject_end -= 1;
        }
        return thing_before(words, subject_end);
    }
    thing_after(words, index + 1, end).0
}

/// A sentence cut into its condition, if it has one, and the rest.
pub(super) fn condition(sentence: &str) -> (Option<&str>, &str) {
    let lower = sentence.to_lowercase();
    let leads = ["if ", "when ", "whenever ", "for ", "unless ", "once ", "in case ", "where "];
    if leads.iter().any(|lead| lower.starts_with(lead))
        && let Some((condition, rest)) = sentence.split_once(',')
    {
        return (Some(condition), rest);
    }
    for joint in [" if ", " when ", " unless ", " whenever ", " in case "] {
        if let Some((main, condition)) = sentence.split_once(joint) {
            return (Some(condition), main);
        }
    }
    (None, sentence)
}

/// What a condition adds beyond the thing itself being there; empty when it adds nothing.
pub(super) fn narrowing(condition: &str, thing: &str) -> String {
    let known: Vec<&str> = thing.split(' ').collect();
    let rest: BTreeSet<String> = stems(condition)
        .into_iter()
        .filter(|one| !known.contains(&one.as_str()) && !WEAK.contains(&one.as_str()))
        .filter(|one| {
            ARRIVALS.iter().all(|arrival| stem(arrival) != *one) && !["for", "unless"].contains(&one.as_str())
        })
        .collect();
    rest.into_iter().collect::<Vec<_>>().join(" ")
}

/// The thing a condition is about, for `it` in the rest of the sentence.
pub(super) fn thing_of_condition(words: &[String]) -> Vec<String> {
    let start =
        words.iter().position(|word| DETERMINERS.contains(&word.as_str())).map_or(1, |index| index + 1);
    let arrival = |word: &str| ARRIVALS.iter().any(|arrival| stem(arrival) == stem(word));
    let (thing, _) = thing_after(words, start, words.len());
    thing.into_iter().take_while(|word| !arrival(word)).collect()
}

/// An event as a key: its words without endings and filling, in any order.
pub(super) fn event(sentence: &str) -> String {
    let same = |one: String| {
        let arrived = ["receive", "arrive", "come"].iter().any(|arrival| stem(arrival) == one);
        if arrived { stem("arrive") } else { one }
    };
    let found: BTreeSet<String> =
        stems(sentence).into_iter().filter(|one| !["new", "out"].contains(&one.as_str())).map(same).collect();
    found.into_iter().collect::<Vec<_>>().join(" ")
}

/// The stems of `text` that tell one definition or rule from another.
pub(super) fn content(text: &str) -> BTreeSet<String> {
    let filling = [
        "more", "least", "most", "less", "above", "below", "within", "over", "up", "need", "needs", "point",
        "points",
    ];
    let said = |word: &&String| {
        let word = word.as_str();
        let sign = ["%", "€", "$", "£", ">", "<"].contains(&word);
        !sign
            && !is_number(word)
            && [STOP_WORDS.as_slice(), WEAK, &filling].iter().all(|list| !list.contains(&word))
    };
    words(text).iter().filter(said).map(|word| stem(word)).collect()
}

/// The thing that is the subject of a sentence whose verb stands at `end`, prepositions and all: read access
/// to production is not write access to production. Falls back to the nearest thing after another verb.
pub(super) fn whole_subject(words: &[String], end: usize) -> Vec<String> {
    let joined = ["to", "for", "in", "on", "of", "from", "with"];
    let before = words.get(..end).unwrap_or_default();
    let plain =
        before.iter().all(|word| joined.contains(&word.as_str()) || !BOUNDARIES.contains(&word.as_str()));
    let order = before.first().is_some_and(|word| is_order(word));
    if plain && !order && before.len() <= MAX_SUBJECT {
        return before.iter().filter(|word| !joined.contains(&word.as_str())).cloned().collect();
    }
    thing_before(words, end)
}

/// A subject longer than this many words holds more than one thing.
const MAX_SUBJECT: usize = 10;

/// The thing after a verb, with what it is joined to: `access to production`.
pub(super) fn whole_object(words: &[String], from: usize) -> (Vec<String>, usize) {
    let (mut found, mut end) = thing_after(words, from, words.len());
    while matches!(at(words, end), "to" | "for" | "in" | "on" | "from") {
        let (more, next) = thing_after(words, end + 1, words.len());
        if more.is_empty() {
            break;
        }
        found.extend(more);
        end = next;
    }
    (found, end)
}
