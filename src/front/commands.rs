//! The commands that answer a decision, ready to be typed.

use crate::decision::{Decision, DecisionKind, Verb};
use serde::Serialize;
use serde_json::Value;

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
    let told = |verb: Verb| decision.ask.details.get(detail(verb)).and_then(Value::as_str);
    let stuck = decision.ask.kind == DecisionKind::Stuck;
    let verbs = decision.ask.kind.verbs().iter().filter(|verb| !stuck || told(**verb).is_some());
    verbs
        .map(|verb| {
            if *verb == Verb::Complete {
                return task(sopd, decision, party);
            }
            let rest = rest(*verb, decision);
            let id = if *verb == Verb::Retry { &decision.ask.mission } else { &decision.id };
            Command {
                verb: *verb,
                line: format!("{sopd} {} {id} --as {party}{rest}", verb.word()),
                leads_to: told(*verb)
                    .map_or_else(|| usual(*verb, decision.ask.kind).to_owned(), str::to_owned),
            }
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

/// Under which name the details of a stuck mission explain a verb.
fn detail(verb: Verb) -> &'static str {
    match verb {
        Verb::Retry => "retry",
        other => other.word(),
    }
}

fn rest(verb: Verb, decision: &Decision) -> &'static str {
    let failed =
        decision.ask.details.get("failed").and_then(Value::as_array).is_some_and(|failed| !failed.is_empty());
    match verb {
        Verb::Approve if failed && decision.ask.kind == DecisionKind::Publish => {
            " --override 'why it may fail'"
        }
        Verb::Approve | Verb::Complete | Verb::Retry => "",
        Verb::Reject => " --reason 'why not'",
        Verb::Revise => " --comment 'what to change'",
        Verb::Answer if decision.ask.kind == DecisionKind::Assignment => " --file DRAFT.md",
        Verb::Answer => " --text 'your answer'",
    }
}

fn usual(verb: Verb, kind: DecisionKind) -> &'static str {
    match (verb, kind) {
        (Verb::Approve, DecisionKind::Forward) => "pass it on to who signs; this is no signature",
        (Verb::Approve, DecisionKind::Gate) => "let it go ahead, exactly as shown",
        (Verb::Reject, DecisionKind::Gate) => "the run pauses with your reason",
        (Verb::Approve, DecisionKind::Result) => "take it as it is",
        (Verb::Answer, DecisionKind::Result) => "put your words in its place",
        (Verb::Reject, DecisionKind::Task | DecisionKind::Result) => "the step fails with your reason",
        (Verb::Approve, DecisionKind::Review) => "sign the review",
        (Verb::Answer, DecisionKind::Review) => "sign it with your own words added",
        (Verb::Approve, _) => "sign it: it becomes the active version",
        (Verb::Reject, _) => "end the mission",
        (Verb::Revise, _) => "send it back with your comment",
        (Verb::Answer, DecisionKind::Assignment) => "hand your draft in",
        (Verb::Answer, _) => "answer, and the mission goes on with it",
        (Verb::Complete, _) => "hand it in",
        (Verb::Retry, _) => "try again",
    }
}
