//! What sopd does itself for a step: one thing, without conditions in words, understood, not under a person's name; and
//! what its author should say or see of it: the network it uses, the secrets it sends.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::blocks::{Blocks, look, look_for_scripts};
use crate::sop::document::{Section, Step};
use crate::sop::network::{exposed, user_of};
use crate::sop::work::{Work, script, work};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "one_script_per_step",
        what: "a step, and its rollback, holds one script",
        severity: Blocking,
        section: Section::Steps,
        look: one_script_per_step,
    },
    Rule {
        name: "scripts_need_no_words",
        what: "no words around a block hold it back: it is done in any case",
        severity: Blocking,
        section: Section::Steps,
        look: scripts_need_no_words,
    },
    Rule {
        name: "blocks_are_understood",
        what: "every fenced block is done, or tagged as something to be read",
        severity: Blocking,
        section: Section::Steps,
        look: blocks_are_understood,
    },
    Rule {
        name: "people_run_no_blocks",
        what: "a step whose assignee is a person holds no block that sopd does",
        severity: Blocking,
        section: Section::Steps,
        look: people_run_no_blocks,
    },
    Rule {
        name: "network_is_named",
        what: "a step whose script uses the network says so",
        severity: Advisory,
        section: Section::Steps,
        look: network_is_named,
    },
    Rule {
        name: "secrets_travel_safely",
        what: "no request sends a secret in clear, or to a private address",
        severity: Advisory,
        section: Section::Steps,
        look: secrets_travel_safely,
    },
];

/// Where blocks stand: "Step 2", "The rollback of step 2", with what they are; and the step.
fn places<'a>(subject: &Subject<'a>) -> Vec<(String, Blocks, &'a Step)> {
    let steps = subject.sop.body.steps.iter();
    steps
        .flat_map(|step| {
            let text = (format!("Step {}", step.number), look(&step.text), step);
            let rollback = step.rollback.as_deref().map(look_for_scripts);
            let rollback =
                rollback.map(|blocks| (format!("The rollback of step {}", step.number), blocks, step));
            std::iter::once(text).chain(rollback)
        })
        .collect()
}

fn one_script_per_step(subject: &Subject<'_>) -> Vec<Hit> {
    let two = places(subject).into_iter().filter(|(_, blocks, _)| blocks.scripts > 1);
    two.map(|(place, blocks, step)| {
        let message = format!(
            "{place} holds {} scripts, and all of them would run, one after the other, whatever stands between them; make them one, or steps of their own (with `**When**` where one runs only in some cases).",
            blocks.scripts
        );
        Hit::step(step, message)
    })
    .collect()
}

fn scripts_need_no_words(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, blocks, step) in places(subject) {
        for words in blocks.conditions {
            let message = format!(
                "{place}: “{words}” does not hold the block back, it is done in any case; write `**When**: <expression>` in a step of its own, or put the condition into the script."
            );
            hits.push(Hit::step(step, message));
        }
    }
    hits
}

fn blocks_are_understood(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (place, blocks, step) in places(subject) {
        let told = blocks.passed_over.into_iter().map(|told| Hit::step(step, format!("{place}: {told}.")));
        hits.extend(told);
    }
    let checks = look_for_scripts(&subject.text(Section::Preflight)).passed_over;
    hits.extend(
        checks.into_iter().map(|told| Hit::new(Section::Preflight, format!("Pre-flight: {told}."), "")),
    );
    hits
}

fn people_run_no_blocks(subject: &Subject<'_>) -> Vec<Hit> {
    let of_person = |step: &&Step| {
        step.assignee.as_ref().is_some_and(|assignee| subject.context.people.contains(assignee))
    };
    let done = |step: &Step| {
        let what = match work(step).ok()? {
            Work::Command(_) => "run its script on this machine",
            Work::Http(_) => "send its request",
            Work::Nested(_) | Work::Wait(_) | Work::Hands => return None,
        };
        let who = step.assignee.as_deref().unwrap_or_default();
        let message = format!(
            "Step {} is for {who}, a person, but sopd would {what} by itself; tag the block `text` if {who} is to read it, or give the step to an agent.",
            step.number
        );
        Some(Hit::step(step, message))
    };
    subject.steps().iter().filter(of_person).filter_map(done).collect()
}

fn network_is_named(subject: &Subject<'_>) -> Vec<Hit> {
    let silent = |step: &&Step| step.network.is_none();
    let uses = |step: &Step| {
        let rollback = step.rollback.as_deref().and_then(script);
        let user = script(&step.text).into_iter().chain(rollback).find_map(|script| user_of(&script))?;
        let message = format!(
            "Step {} uses `{user}`, and its script has no network; add `**Network**: Yes` if it needs it, or `No`.",
            step.number
        );
        Some(Hit::step(step, message))
    };
    subject.steps().iter().filter(silent).filter_map(uses).collect()
}

fn secrets_travel_safely(subject: &Subject<'_>) -> Vec<Hit> {
    let sends = |step: &Step| {
        let Ok(Work::Http(block)) = work(step) else { return None };
        Some(Hit::step(step, format!("Step {} {}.", step.number, exposed(&block)?)))
    };
    subject.steps().iter().filter_map(sends).collect()
}
