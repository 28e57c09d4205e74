//! What is left to a person is decided by one: a text that says so is not carried out by a model alone.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::Blocking;
use crate::sop::document::{Section, Step};
use crate::sop::fences;
use regex::RegexSet;
use std::sync::LazyLock;

pub(super) const RULES: &[Rule] = &[Rule {
    name: "a_person_decides",
    what: "where the text leaves a decision to a person, the step that says so (or, where another section says so, some \
           step) is done by somebody who is a person, or asks for an approval",
    severity: Blocking,
    section: Section::Steps,
    look: a_person_decides,
}];

static PHRASES: LazyLock<RegexSet> = LazyLock::new(|| {
    let lines = include_str!("../data/persons.txt").lines().filter(|line| !line.starts_with('#'));
    let phrases = lines.filter_map(|line| Some(format!("(?i){}", line.split_once(' ')?.1)));
    RegexSet::new(phrases).unwrap_or_else(|_| RegexSet::empty())
});

/// The line of a text that leaves a decision to a person.
fn leaves_it(text: &str) -> Option<&str> {
    text.lines().find(|line| PHRASES.is_match(line)).map(str::trim)
}

/// Whether `text` leaves a decision to a person.
pub fn leaves_to_a_person(text: &str) -> bool {
    leaves_it(text).is_some()
}

fn a_person_decides(subject: &Subject<'_>) -> Vec<Hit> {
    let people = subject.context.people;
    let by_a_person =
        |step: &Step| step.asks() || step.assignee.as_ref().is_some_and(|assignee| people.contains(assignee));
    let mut hits = Vec::new();
    for step in subject.steps().iter().filter(|step| !by_a_person(step)) {
        let prose = fences::prose(&step.text);
        let Some(line) = leaves_it(&prose) else { continue };
        let assignee = step.assignee.as_deref().unwrap_or("nobody");
        let message = format!(
            "Step {} leaves a decision to a person and is for {assignee}, who is none; add `**Approval Required**: Yes` \
             with who approves, or give it to a person.",
            step.number
        );
        hits.push(Hit::new(Section::Steps, message, line));
    }
    if subject.steps().iter().any(by_a_person) || !hits.is_empty() {
        return hits;
    }
    let elsewhere = [Section::Purpose, Section::Scope, Section::Roles, Section::Confidence, Section::Risk];
    let said = elsewhere.into_iter().find_map(|section| {
        let text = subject.text(section);
        leaves_it(&text).map(|line| (section, line.to_owned()))
    });
    let message = "A decision is left to a person, and no step asks one: add `**Approval Required**: Yes` with who approves \
                   to the step that decides, or give that step to a person.";
    said.map(|(section, line)| Hit::new(section, message, &line)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_is_read() {
        let lines = include_str!("../data/persons.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(PHRASES.len(), lines);
    }

    #[test]
    fn a_decision_is_left_to_a_person_in_many_words() {
        for text in [
            "A person must decide every case.",
            "Only a person decides who is told.",
            "A named person approves the payment.",
            "It is approved by a person of the department.",
            "Über jeden Fall entscheidet ein Mensch.",
            "Ein Mensch muss jeden Fall entscheiden.",
            "Une personne doit décider de chaque cas.",
            "Una persona debe aprobar cada pago.",
        ] {
            assert!(leaves_to_a_person(text), "{text}");
        }
        for text in [
            "The person reported is heard before a decision.",
            "A person who reports may stay unnamed.",
            "The system decides by score.",
            "Nobody learns the name of the person who signed in.",
            "Eine Person meldet den Vorfall.",
        ] {
            assert!(!leaves_to_a_person(text), "{text}");
        }
    }
}
