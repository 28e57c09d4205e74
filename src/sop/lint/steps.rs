//! The steps: each has who and what, says what to do, and their order can be walked.

use super::order::waits_for;
use super::{Hit, Rule, Subject, heading};
use crate::base::text::counted;
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::{Lapse, OnFailure, Section, Step};
use crate::sop::fences;
use crate::sop::render::section_text;
use crate::sop::work::work;
use std::collections::{BTreeMap, BTreeSet};

/// The check that a step which is spoken of is there. It advises only: a number may be that of a step elsewhere.
pub const NAMED: &str = "steps_spoken_of_exist";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "steps_have_assignees",
        what: "every step names who does it",
        severity: Blocking,
        section: Section::Steps,
        look: |s| lacking(s, "assignee", |step| step.assignee.is_none(), "add `**Assignee**: <agent id>`"),
    },
    Rule {
        name: "steps_have_artifacts",
        what: "every step names what exists afterwards",
        severity: Blocking,
        section: Section::Steps,
        look: |s| {
            lacking(
                s,
                "artifact",
                |step| step.artifact.is_none(),
                "add `**Artifact**: <what exists afterwards>`",
            )
        },
    },
    Rule {
        name: "steps_have_instructions",
        what: "every step says what to do",
        severity: Blocking,
        section: Section::Steps,
        look: |s| {
            lacking(
                s,
                "instruction",
                |step| step.text.trim().is_empty(),
                "write what to do below its heading",
            )
        },
    },
    Rule {
        name: "steps_can_be_done",
        what: "every step asks for one kind of work that can be read",
        severity: Blocking,
        section: Section::Steps,
        look: steps_can_be_done,
    },
    Rule {
        name: "dependencies_exist",
        what: "Depends On and On Failure name steps of this SOP",
        severity: Blocking,
        section: Section::Steps,
        look: dependencies_exist,
    },
    Rule {
        name: NAMED,
        what: "every step that the text speaks of is there",
        severity: Advisory,
        section: Section::Steps,
        look: steps_spoken_of_exist,
    },
    Rule {
        name: "no_dependency_cycles",
        what: "no step waits for itself, directly or through others",
        severity: Blocking,
        section: Section::Steps,
        look: no_dependency_cycles,
    },
    Rule {
        name: "gates_complete",
        what: "a step with an approval time-out asks for the approval, and none that names approvers says it needs none",
        severity: Blocking,
        section: Section::Steps,
        look: gates_complete,
    },
    Rule {
        name: "no_silent_approval",
        what: "no gate opens by itself when nobody answers",
        severity: Advisory,
        section: Section::Steps,
        look: no_silent_approval,
    },
    Rule {
        name: "three_to_five_steps",
        what: "the work has three to five steps",
        severity: Advisory,
        section: Section::Steps,
        look: three_to_five_steps,
    },
];

fn lacking(subject: &Subject<'_>, what: &str, lacks: fn(&Step) -> bool, hint: &str) -> Vec<Hit> {
    let steps = subject.steps().iter().filter(|step| lacks(step));
    steps.map(|step| Hit::step(step, format!("Step {} has no {what}; {hint}.", step.number))).collect()
}

fn steps_can_be_done(subject: &Subject<'_>) -> Vec<Hit> {
    let wrong = |step: &Step| Some(Hit::step(step, format!("Step {}: {}.", step.number, work(step).err()?)));
    subject.steps().iter().filter_map(wrong).collect()
}

fn numbers(subject: &Subject<'_>) -> BTreeSet<u32> {
    subject.steps().iter().map(|step| step.number).collect()
}

fn dependencies_exist(subject: &Subject<'_>) -> Vec<Hit> {
    let known = numbers(subject);
    let mut hits = Vec::new();
    for step in subject.steps() {
        let goto = match step.on_failure {
            Some(OnFailure::Goto(number)) => Some(("On Failure", number)),
            _ => None,
        };
        let named = step.depends_on.iter().map(|number| ("Depends On", *number)).chain(goto);
        for (key, number) in named.filter(|(_, number)| !known.contains(number)) {
            let message =
                format!("`{key}` of step {} names step {number}, which does not exist.", step.number);
            hits.push(Hit::new(Section::Steps, message, heading(step)));
        }
    }
    hits
}

/// What a step is called where texts speak of one by its number.
const STEP_WORDS: [&str; 9] =
    ["step", "steps", "schritt", "schritte", "étape", "étapes", "paso", "passo", "stap"];

/// Another SOP's steps, and code, are not looked at.
fn steps_spoken_of_exist(subject: &Subject<'_>) -> Vec<Hit> {
    let known = numbers(subject);
    let mut hits = Vec::new();
    for (section, _) in Section::ALL {
        let text = section_text(subject.sop, section);
        let prose = fences::pieces(&text).into_iter().filter(|(fenced, _)| !fenced);
        for line in prose.flat_map(|(_, piece)| piece.lines().map(str::to_owned).collect::<Vec<_>>()) {
            if line.contains("[[") || line.starts_with("### ") {
                continue;
            }
            let words: Vec<&str> =
                line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let spoken = words.windows(2).filter_map(|pair| match pair {
                [word, number] if STEP_WORDS.contains(&word.to_lowercase().as_str()) => {
                    number.parse::<u32>().ok()
                }
                _ => None,
            });
            for number in spoken.filter(|number| !known.contains(number)) {
                let message = format!(
                    "The text speaks of step {number}, and there is none; name the step that is meant."
                );
                hits.push(Hit::new(section, message, line.trim()));
            }
        }
    }
    hits
}

fn no_dependency_cycles(subject: &Subject<'_>) -> Vec<Hit> {
    let steps = subject.steps();
    let known = numbers(subject);
    // How many steps each still waits for, and who waits for each: a step is taken once, when its last one is done.
    let mut open: BTreeMap<u32, usize> = BTreeMap::new();
    let mut followers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for step in steps {
        let waits: BTreeSet<u32> =
            waits_for(step).into_iter().filter(|number| known.contains(number)).collect();
        open.insert(step.number, waits.len());
        for number in waits {
            followers.entry(number).or_default().push(step.number);
        }
    }
    let mut ready: Vec<u32> =
        open.iter().filter(|(_, count)| **count == 0).map(|(number, _)| *number).collect();
    let mut done: BTreeSet<u32> = ready.iter().copied().collect();
    while let Some(number) = ready.pop() {
        for follower in followers.get(&number).into_iter().flatten() {
            let count = open.entry(*follower).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 && done.insert(*follower) {
                ready.push(*follower);
            }
        }
    }
    let stuck = steps.iter().filter(|step| !done.contains(&step.number));
    stuck
        .map(|step| {
            let waits: Vec<String> = waits_for(step).iter().map(ToString::to_string).collect();
            let message = format!(
                "Step {} can never start: it waits for step {}, which waits for it; change `Depends On`.",
                step.number,
                waits.join(" and ")
            );
            Hit::step(step, message)
        })
        .collect()
}

fn gates_complete(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let described = step.approvers.is_some() || step.approval_timeout.is_some();
        let denied = step.approval_required == Some(false) && step.approval_when.is_some();
        if (described && !step.asks()) || denied {
            let message = format!(
                "Step {} describes an approval that it does not ask for; write `**Approval Required**: Yes` or name `**Approvers**`, or drop it.",
                step.number
            );
            hits.push(Hit::step(step, message));
        }
    }
    hits
}

fn no_silent_approval(subject: &Subject<'_>) -> Vec<Hit> {
    let silent =
        |step: &&Step| step.approval_timeout.as_ref().is_some_and(|timeout| timeout.then == Lapse::Approve);
    let steps = subject.steps().iter().filter(silent);
    steps
        .map(|step| {
            let message = format!(
                "The gate of step {} opens by itself when nobody answers; is that meant?",
                step.number
            );
            Hit::step(step, message)
        })
        .collect()
}

fn three_to_five_steps(subject: &Subject<'_>) -> Vec<Hit> {
    let steps = subject.steps();
    match (steps.first(), steps.len()) {
        (None, _) | (_, 3..=5) => Vec::new(),
        (Some(first), count) => {
            let advice = if count < 3 { "say more of what is done" } else { "join steps or split the SOP" };
            let message = format!(
                "The SOP has {}; three to five are easiest to follow: {advice}.",
                counted(count, "step")
            );
            vec![Hit::step(first, message)]
        }
    }
}
