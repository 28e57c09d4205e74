//! Turns one topic of an agent's knowledge into the items of a draft.

use crate::draft::{Draft, DraftStep, Statement, Term};
use crate::roster::{KnownStep, Part, Topic};
use crate::sop::Section;

/// Adds what `topic` holds. Only the trigger and the definition of done of the `first` topic of a draft count.
pub(crate) fn add(draft: &mut Draft, topic: &Topic, first: bool) {
    for (part, lines) in &topic.parts {
        let Part::Section(section) = part else { continue };
        let single = matches!(section, Section::Trigger | Section::DefinitionOfDone);
        if matches!(section, Section::Inputs | Section::Steps) || (single && !first) {
            continue;
        }
        for line in lines {
            statement(draft, *section, line);
        }
    }
    for (term, definition) in topic.terms() {
        if !draft.terms.iter().any(|known| known.term == term) {
            draft.terms.push(Term { term: term.to_owned(), definition: definition.to_owned() });
        }
    }
    for input in topic.inputs() {
        if !draft.inputs.iter().any(|known| known.name == input.name) {
            draft.inputs.push(input);
        }
    }
    draft.steps.extend(topic.steps.iter().map(step));
    for rule in &topic.rules {
        statement(draft, Section::Steps, rule);
    }
}

/// Adds a sentence once.
pub(crate) fn statement(draft: &mut Draft, section: Section, text: &str) {
    if !draft.statements.iter().any(|known| known.section == section && known.text == text) {
        draft.statements.push(Statement { section, text: text.to_owned() });
    }
}

fn step(known: &KnownStep) -> DraftStep {
    DraftStep {
        phase: known.phase,
        title: known.step.title.clone(),
        text: known.step.text.trim().to_owned(),
        rules: known.rules.clone(),
        assignee: known.step.assignee.clone().unwrap_or_default(),
        artifact: known.step.artifact.clone().unwrap_or_default(),
        keys: known.keys.clone(),
    }
}
