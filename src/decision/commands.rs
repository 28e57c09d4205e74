//! The commands that answer a decision, ready to be typed.

use super::rows::{Decision, DecisionKind, Verb};
use crate::base::trace::is_run;
use serde::Serialize;
use serde_json::{Value, json};

/// One way to answer.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    /// What it does.
    #[serde(skip)]
    pub verb: Verb,
    /// The command line.
    pub line: String,
    /// What it leads to.
    pub leads_to: String,
}

/// The ways to answer `decision`, the usual one first; `sopd` is how a command line begins.
pub fn of(sopd: &str, decision: &Decision) -> Vec<Command> {
    let party = decision.ask.asked_of.first().map_or("PARTY", String::as_str);
    if decision.ask.kind == DecisionKind::Stuck && is_run(&decision.ask.mission) {
        return standstill(sopd, decision, party);
    }
    let ways = decision.ways().into_iter();
    ways.map(|(verb, leads_to)| {
        if verb == Verb::Complete {
            return task(sopd, decision, party);
        }
        let rest = rest(verb, decision);
        let id = if verb == Verb::Retry { &decision.ask.mission } else { &decision.id };
        Command { verb, line: format!("{sopd} {} {id} --as {party}{rest}", verb.word()), leads_to }
    })
    .collect()
}

/// A run that stands still is steered: done again, or let go on; without the step; or not at all.
fn standstill(sopd: &str, decision: &Decision, party: &str) -> Vec<Command> {
    let details = &decision.ask.details;
    let run = &decision.ask.mission;
    let line = |verb: &str, rest: &str, leads_to: &str| Command {
        verb: Verb::Retry,
        line: format!("{sopd} {verb} {run}{rest} --as {party}"),
        leads_to: leads_to.to_owned(),
    };
    let again = if details.get("late") == Some(&json!(true)) { "resume" } else { "retry" };
    let leads_to = details.get("retry").and_then(Value::as_str).unwrap_or_default();
    let mut lines = vec![line(again, "", leads_to)];
    if let Some(step) = details.get("step").and_then(Value::as_u64).filter(|step| *step > 0) {
        let rest = format!(" --step {step} --reason 'why'");
        lines.push(line("skip", &rest, "the step is left out, and the run goes on"));
    }
    if let Some(back) = details.get("back").and_then(Value::as_u64) {
        let rest = format!(" --step {back} --reason 'what to change'");
        let leads_to = format!("step {back} and what comes after it are done again, with your reason");
        lines.push(line("retry", &rest, &leads_to));
    }
    if let (Some(step), true) = (details.get("step"), details.get("by_hand") == Some(&json!(true))) {
        let rest = format!(" --step {step} --note 'what you found'");
        lines.push(line("complete", &rest, "you did the step by hand, and the run goes on with it"));
    }
    lines.insert(lines.len().min(2), line("cancel", " --reason 'why'", "the run ends"));
    lines
}

/// A step is not answered but handed in.
fn task(sopd: &str, decision: &Decision, party: &str) -> Command {
    let step = decision.ask.details.get("step").map(ToString::to_string).unwrap_or_default();
    let run = &decision.ask.mission;
    Command {
        verb: Verb::Complete,
        line: format!(
            "{sopd} complete {run} --step {step} --as {party} --note 'what you did' --artifact FILE"
        ),
        leads_to: "hand it in, with a note, a file, or both".to_owned(),
    }
}

/// What follows the party: words to fill in, and the hash that binds the answer to what is asked about.
fn rest(verb: Verb, decision: &Decision) -> String {
    let words = words(verb, decision);
    match verb {
        Verb::Approve | Verb::Reject | Verb::Revise | Verb::Edit => {
            format!(" --hash {}{words}", decision.ask.hash.binding())
        }
        Verb::Answer | Verb::Complete | Verb::Retry => words.to_owned(),
    }
}

fn words(verb: Verb, decision: &Decision) -> &'static str {
    match verb {
        Verb::Approve if decision.needs_override() => " --override 'why it may fail'",
        Verb::Approve | Verb::Complete | Verb::Retry => "",
        Verb::Reject => " --reason 'why not'",
        Verb::Revise => " --comment 'what to change'",
        Verb::Edit => " --file EDITED.md",
        Verb::Answer if decision.ask.kind == DecisionKind::Assignment => " --file DRAFT.md",
        Verb::Answer => " --text 'your answer'",
    }
}
