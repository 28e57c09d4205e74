//! Defined terms: each has one definition and is written the same way everywhere.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::Section;
use crate::sop::outline::bullets;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "terms_defined_once",
        what: "no term is defined twice",
        severity: Blocking,
        section: Section::Scope,
        look: terms_defined_once,
    },
    Rule {
        name: "terms_written_alike",
        what: "a defined term is written with the same capitals everywhere",
        severity: Advisory,
        section: Section::Scope,
        look: terms_written_alike,
    },
];

/// The terms of a text as `(term, definition, line)`, from bullets `**Term**: definition`.
pub(in crate::sop) fn defined(text: &str, first_line: u32) -> Vec<(String, String, u32)> {
    bullets(text, first_line)
        .into_iter()
        .filter_map(|bullet| {
            let (term, rest) = bullet.text.strip_prefix("**")?.split_once("**")?;
            let definition =
                rest.trim_start().strip_prefix(':').or_else(|| term.ends_with(':').then_some(rest))?;
            Some((term.trim_end_matches(':').trim().to_owned(), definition.trim().to_owned(), bullet.line))
        })
        .collect()
}

fn terms_defined_once(subject: &Subject<'_>) -> Vec<Hit> {
    let mut seen = BTreeSet::new();
    let mut hits = Vec::new();
    for (term, ..) in defined(&subject.sop.body.scope, 1) {
        if !seen.insert(term.to_ascii_lowercase()) {
            hits.push(Hit::new(
                Section::Scope,
                format!("The term \"{term}\" is defined twice; keep one."),
                format!("**{term}**"),
            ));
        }
    }
    hits
}

fn terms_written_alike(subject: &Subject<'_>) -> Vec<Hit> {
    let terms: Vec<String> = defined(&subject.sop.body.scope, 1).into_iter().map(|(term, ..)| term).collect();
    let known = Terms::of(&terms);
    let mut hits: BTreeMap<(&str, Section), Hit> = BTreeMap::new();
    for (section, _) in Section::ALL {
        for line in subject.text(section).lines() {
            for term in known.may_be_in(line) {
                if hits.contains_key(&(term, section)) {
                    continue;
                }
                let Some(other) = otherwise_written(line, term) else { continue };
                let message = format!(
                    "The term \"{term}\" is written \"{other}\" here; write it the same way everywhere."
                );
                hits.insert((term, section), Hit::new(section, message, line.trim()));
            }
        }
    }
    hits.into_values().collect()
}

/// All terms by their words in lower case, so that a line is looked through once, however many terms there are.
struct Terms<'a> {
    terms: BTreeMap<String, BTreeSet<&'a str>>,
    lengths: BTreeSet<usize>,
}

impl<'a> Terms<'a> {
    fn of(all: &'a [String]) -> Self {
        let mut terms: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for term in all.iter().filter(|term| !term.is_empty()) {
            terms.entry(term.to_lowercase()).or_default().insert(term);
        }
        let lengths = terms.keys().map(String::len).collect();
        Self { terms, lengths }
    }

    /// The terms whose words stand in `line`, beginning where a word can.
    fn may_be_in(&self, line: &str) -> BTreeSet<&'a str> {
        let lower = line.to_lowercase();
        let mut before = None;
        let mut found = BTreeSet::new();
        for (at, letter) in lower.char_indices() {
            let inside = before.replace(letter).is_some_and(char::is_alphanumeric);
            if inside {
                continue;
            }
            let pieces = self.lengths.iter().filter_map(|length| lower.get(at..at + length));
            found.extend(pieces.filter_map(|piece| self.terms.get(piece)).flatten().copied());
        }
        found
    }
}

/// The term in other capitals. The first letter may differ, as it does at the start of a sentence, unless
/// the term begins with an acronym.
fn otherwise_written(line: &str, term: &str) -> Option<String> {
    let lower = line.to_lowercase();
    if lower.len() != line.len() || !super::people::holds_word(&lower, &term.to_lowercase()) {
        return None;
    }
    let acronym = term.chars().take(2).all(char::is_uppercase);
    let rest = |text: &str| if acronym { text.to_owned() } else { text.chars().skip(1).collect() };
    lower
        .match_indices(&term.to_lowercase())
        .filter_map(|(at, found)| line.get(at..at + found.len()))
        .find(|written| rest(written) != rest(term))
        .map(str::to_owned)
}
