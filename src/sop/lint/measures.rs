//! What can be measured: the end, the trigger, the confidence threshold, the way back, the review of danger.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::{RiskLevel, Section, Step};
use crate::sop::measure::{measures, thresholds};
use crate::sop::outline::bullets;
use crate::sop::prose::sentences;
use crate::sop::tokens::{stem, words};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "definition_of_done_measurable",
        what: "the definition of done names an amount, a time limit or a state one can look up",
        severity: Advisory,
        section: Section::DefinitionOfDone,
        look: definition_of_done_measurable,
    },
    Rule {
        name: "trigger_exact",
        what: "the trigger is an event one can see happen",
        severity: Blocking,
        section: Section::Trigger,
        look: trigger_exact,
    },
    Rule {
        name: "trigger_is_one_event",
        what: "the trigger is one event, not several",
        severity: Advisory,
        section: Section::Trigger,
        look: trigger_is_one_event,
    },
    Rule {
        name: "confidence_threshold_present",
        what: "a percentage says from when a result stands without review",
        severity: Blocking,
        section: Section::Confidence,
        look: confidence_threshold_present,
    },
    Rule {
        name: "confidence_threshold_agrees",
        what: "the head and the section name one confidence threshold",
        severity: Blocking,
        section: Section::Confidence,
        look: confidence_threshold_agrees,
    },
    Rule {
        name: "exceptions_routed",
        what: "exceptions go to a named agent",
        severity: Advisory,
        section: Section::Confidence,
        look: exceptions_routed,
    },
    Rule {
        name: "rollback_present",
        what: "Risk and rollback says how to undo the work",
        severity: Blocking,
        section: Section::Risk,
        look: rollback_present,
    },
    Rule {
        name: "danger_is_reviewed",
        what: "an SOP of high or critical risk has an approval gate or says who reviews",
        severity: Blocking,
        section: Section::Risk,
        look: danger_is_reviewed,
    },
];

/// Participles that name a state one can look up.
const STATES: [&str; 34] = [
    "accepted",
    "acknowledged",
    "approved",
    "archived",
    "assigned",
    "booked",
    "closed",
    "completed",
    "confirmed",
    "countersigned",
    "delivered",
    "deployed",
    "documented",
    "entered",
    "exists",
    "filed",
    "granted",
    "linked",
    "logged",
    "notified",
    "paid",
    "passed",
    "posted",
    "published",
    "recorded",
    "rejected",
    "removed",
    "resolved",
    "revoked",
    "saved",
    "sent",
    "set",
    "signed",
    "stored",
];

/// Triggers that nobody can see happen.
const VAGUE_TRIGGERS: [&str; 8] = [
    "as needed",
    "when needed",
    "if needed",
    "when necessary",
    "as required",
    "when appropriate",
    "from time to time",
    "on an ongoing basis",
];

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

/// What in a line can be measured or looked up: amounts, and states by their participle.
pub(super) fn measured(line: &str) -> Vec<String> {
    let amounts = measures(line).into_iter().map(|measure| measure.amount);
    amounts.chain(words(line).into_iter().filter(|word| STATES.contains(&word.as_str()))).collect()
}

fn definition_of_done_measurable(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.definition_of_done;
    if text.is_empty() || !measured(text).is_empty() {
        return Vec::new();
    }
    let message =
        "Nobody can measure this definition of done; name an amount with its unit, a time limit or a state.";
    vec![Hit::new(Section::DefinitionOfDone, message, first_line(text))]
}

fn trigger_exact(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.trigger;
    let lower = text.to_lowercase();
    let vague = VAGUE_TRIGGERS.iter().find(|vague| lower.contains(*vague));
    let short = !text.is_empty() && words(text).len() < 3;
    if vague.is_none() && !short {
        return Vec::new();
    }
    let message =
        "The trigger is not an event one can see happen; say what changes, where, and to which value.";
    vec![Hit::new(Section::Trigger, message, first_line(text))]
}

fn trigger_is_one_event(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.trigger;
    let first = sentences(text, 1).into_iter().next().map(|sentence| sentence.text).unwrap_or_default();
    let either = first.contains(" or when ") || first.contains(", or ") || first.contains(" or if ");
    if bullets(text, 1).len() < 2 && !either {
        return Vec::new();
    }
    let message = "The trigger names more than one event; choose the one that starts this SOP.";
    vec![Hit::new(Section::Trigger, message, first_line(text))]
}

fn confidence_threshold_present(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.confidence;
    if subject.sop.head.confidence.is_some() || text.is_empty() || !thresholds(text).is_empty() {
        return Vec::new();
    }
    let percentage = |line: &&str| measures(line).iter().any(|measure| measure.dimension == "%");
    let (message, line) = match text.lines().find(percentage) {
        // Runs would ask for what nobody wrote, and say that the SOP does.
        Some(line) => (
            "It cannot be told which percentage is the threshold; write it into the head, as `confidence: 90`.",
            line.trim().to_owned(),
        ),
        None => (
            "No confidence threshold; say from which percentage a result stands without review.",
            first_line(text).to_owned(),
        ),
    };
    vec![Hit::new(Section::Confidence, message, &line)]
}

fn confidence_threshold_agrees(subject: &Subject<'_>) -> Vec<Hit> {
    let Some(head) = subject.sop.head.confidence else { return Vec::new() };
    let text = &subject.sop.body.confidence;
    let said = thresholds(text);
    if said.is_empty() || said.contains(&head) {
        return Vec::new();
    }
    let of = |line: &&str| thresholds(line).iter().any(|percent| said.contains(percent));
    let line = text.lines().find(of).unwrap_or_default().trim();
    let said: Vec<String> = said.iter().map(|percent| format!("{percent} %")).collect();
    let message = format!(
        "The head says `confidence: {head}` and the section says {}; only the head counts, so write one of them twice.",
        said.join(" and ")
    );
    vec![Hit::new(Section::Confidence, message, line)]
}

fn names_an_agent(subject: &Subject<'_>, text: &str) -> bool {
    subject.context.agents.iter().any(|id| super::people::holds_word(text, id))
}

fn exceptions_routed(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.confidence;
    if text.is_empty() || names_an_agent(subject, text) {
        return Vec::new();
    }
    let message = "Nobody is named to whom exceptions go; name the agent and what it is shown.";
    vec![Hit::new(Section::Confidence, message, first_line(text))]
}

/// Whether a line says how to undo something: a word for it, and enough other words.
pub(super) fn is_way_back(line: &str) -> bool {
    let words = words(line);
    let undo = |pair: &[String]| matches!(pair, [a, b] if a == "roll" && b == "back");
    let known = [
        "rollback", "undo", "restor", "revert", "revers", "withdraw", "rebuild", "recover", "reset", "cancel",
    ];
    let says = words.iter().any(|word| known.contains(&stem(word).as_str())) || words.windows(2).any(undo);
    says && words.len() >= 5 || labelled(line).is_some_and(|rest| self::words(rest).len() >= 2)
}

/// What stands behind `Rollback:` on its line.
fn labelled(line: &str) -> Option<&str> {
    let (label, rest) = line.trim_start_matches(['-', '*', '_', ' ']).split_once(':')?;
    (label.trim_end_matches(['*', '_']).eq_ignore_ascii_case("rollback")).then_some(rest.trim())
}

/// Whether the way back stands below its label, as a list or a block does.
fn is_told_below(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| labelled(line) != Some(""));
    lines.next().is_some() && lines.any(|line| line.chars().any(char::is_alphanumeric))
}

fn rollback_present(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.risk;
    let in_steps = subject.steps().iter().any(|step| step.rollback.is_some());
    if text.is_empty() || in_steps || text.lines().any(is_way_back) || is_told_below(text) {
        return Vec::new();
    }
    let message =
        "There is no way back; add `- Rollback: …` with what to undo, in which order, and who does it.";
    vec![Hit::new(Section::Risk, message, first_line(text))]
}

fn danger_is_reviewed(subject: &Subject<'_>) -> Vec<Hit> {
    let body = &subject.sop.body;
    if !matches!(subject.sop.head.risk_level, RiskLevel::High | RiskLevel::Critical) {
        return Vec::new();
    }
    let gated = subject.steps().iter().any(Step::asks);
    let reviewed = [&body.confidence, &body.risk].into_iter().flat_map(|text| text.lines()).any(|line| {
        let words = words(line);
        let review = words.iter().any(|word| matches!(stem(word).as_str(), "review" | "approv" | "sign"));
        let person = words.iter().any(|word| matches!(word.as_str(), "person" | "people" | "human"));
        review && (person || names_an_agent(subject, line))
    });
    if gated || reviewed || subject.steps().is_empty() {
        return Vec::new();
    }
    let message =
        "The risk is high and no step asks a person; add `**Approval Required**: Yes`, or say who reviews.";
    vec![Hit::new(Section::Risk, message, first_line(&body.risk))]
}
