//! Defined terms: each has one definition and is written the same way everywhere.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::Section;
use crate::sop::outline::bullets;

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
    let terms = defined(&subject.sop.body.scope, 1);
    let mut hits = Vec::new();
    for (index, (term, ..)) in terms.iter().enumerate() {
        if terms.iter().take(index).any(|(other, ..)| other.eq_ignore_ascii_case(term)) {
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
    let mut hits = Vec::new();
    for (term, ..) in defined(&subject.sop.body.scope, 1) {
        for (section, _) in Section::ALL {
            let text = subject.text(section);
            let line =
                text.lines().find_map(|line| otherwise_written(line, &term).map(|other| (line, other)));
            if let Some((line, other)) = line {
                let message = format!(
                    "The term \"{term}\" is written \"{other}\" here; write it the same way everywhere."
                );
                hits.push(Hit::new(section, message, line.trim()));
            }
        }
    }
    hits
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
