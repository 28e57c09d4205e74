//! The commands that answer a decision, ready to be typed.

use crate::decision::{Decision, DecisionKind, Verb};
use serde::Serialize;

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

fn rest(verb: Verb, decision: &Decision) -> &'static str {
    match verb {
        Verb::Approve if decision.needs_override() => " --override 'why it may fail'",
        Verb::Approve | Verb::Complete | Verb::Retry => "",
        Verb::Reject => " --reason 'why not'",
        Verb::Revise => " --comment 'what to change'",
        Verb::Answer if decision.ask.kind == DecisionKind::Assignment => " --file DRAFT.md",
        Verb::Answer => " --text 'your answer'",
    }
}
