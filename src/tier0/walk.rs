//! Walks through an SOP with the values of one scenario, as somebody would who sees nothing else: packet, then
//! step by step. Conditions are evaluated as a run evaluates them.

use super::values::{fits, sample};
use crate::base::exact::of_map;
use crate::brief::Scenario;
use crate::roles::user_test::{ExecuteQuestion, Trace, TraceStep};
use crate::sop::expression::{Scope, holds, names};
use crate::sop::input_type::kind_words;
use crate::sop::{Sop, Step};
use serde_json::{Map, Value};

/// Walks through.
pub fn execute(q: &ExecuteQuestion) -> Trace {
    let sop = match crate::sop::parse("the draft", &q.sop) {
        Ok(sop) => sop,
        Err(problems) => return unreadable(&problems),
    };
    if let Some(why) = refused(&sop, &q.scenario) {
        return refusal(&sop, &why);
    }
    let scope = Scope { inputs: of_map(packet(&sop, &q.scenario)), ..Scope::default() };
    let steps: Vec<TraceStep> = sop.body.steps.iter().map(|step| walk(step, &scope)).collect();
    let stuck: Vec<u32> = steps.iter().filter(|step| !step.lacked.is_empty()).map(|step| step.step).collect();
    let done = stuck.is_empty() && !steps.is_empty() && !sop.body.definition_of_done.trim().is_empty();
    let outcome = if done {
        format!(
            "Every step can be reached, its values and conditions can be computed, and somebody is named for it. Nobody tried the work itself. The end to look for: {}",
            first_line(&sop.body.definition_of_done)
        )
    } else {
        let numbers: Vec<String> = stuck.iter().map(ToString::to_string).collect();
        format!(
            "The end was not reached; something was lacking at step {}.",
            crate::base::text::listed(&numbers)
        )
    };
    Trace { steps, done, refused: false, outcome }
}

fn unreadable(problems: &[crate::base::Problem]) -> Trace {
    let why = problems.first().map_or("it is not in its form", |problem| problem.message.as_str());
    Trace {
        steps: Vec::new(),
        done: false,
        refused: false,
        outcome: format!("The SOP cannot be read: {why}."),
    }
}

/// Why the packet is refused, if it is: a required value is missing, or a value is not of its type. A scenario
/// without any value leaves the packet to the walker.
fn refused(sop: &Sop, scenario: &Scenario) -> Option<String> {
    if scenario.given.is_empty() {
        return None;
    }
    sop.body.inputs.iter().find_map(|input| match scenario.given.get(&input.name) {
        None if input.required && input.default.is_none() => {
            Some(format!("the required input `{}` is missing", input.name))
        }
        Some(value) if !fits(&input.kind, value) => {
            Some(format!("the value of `{}` is not of the type {}", input.name, kind_words(&input.kind)))
        }
        _ => None,
    })
}

fn refusal(sop: &Sop, why: &str) -> Trace {
    let not_reached = |step: &Step| TraceStep {
        step: step.number,
        did: "Not reached: the run is refused before its first step.".to_owned(),
        lacked: String::new(),
        produced: String::new(),
    };
    let steps = sop.body.steps.iter().map(not_reached).collect();
    Trace {
        steps,
        done: false,
        refused: true,
        outcome: format!("Refused as the input packet demands: {why}."),
    }
}

/// Given values, and for what is not given a value of its type (optional ones stay empty).
fn packet(sop: &Sop, scenario: &Scenario) -> Map<String, Value> {
    let mut inputs = Map::new();
    for input in &sop.body.inputs {
        let given = scenario.given.get(&input.name).cloned();
        let value = match given {
            Some(value) => typed(value, &input.kind),
            None if input.default.is_some() => typed(Value::from(input.default.clone()), &input.kind),
            None if input.required => sample(&kind_words(&input.kind), false),
            None => Value::Null,
        };
        inputs.insert(input.name.clone(), value);
    }
    inputs
}

/// `"40"` as a number where the packet says number, `yes` as true where it says yes or no.
fn typed(value: Value, kind: &crate::sop::InputKind) -> Value {
    let text = value.as_str().map(str::to_owned);
    match (kind, text) {
        (crate::sop::InputKind::Number, Some(text)) => {
            text.trim().parse::<f64>().map_or(value, |number| serde_json::json!(number))
        }
        (crate::sop::InputKind::YesNo, Some(text)) => serde_json::json!(text.eq_ignore_ascii_case("yes")),
        _ => value,
    }
}

fn walk(step: &Step, scope: &Scope) -> TraceStep {
    let mut lacked: Vec<String> = Vec::new();
    let taken = match step.when.as_deref().map(|condition| decided(condition, scope)) {
        None => true,
        Some(Ok(holds)) => holds,
        Some(Err(why)) => {
            lacked.push(why);
            true
        }
    };
    if !taken {
        let did =
            format!("Skipped: its condition `{}` does not hold.", step.when.as_deref().unwrap_or_default());
        return TraceStep { step: step.number, did, lacked: String::new(), produced: String::new() };
    }
    if step.text.trim().is_empty() {
        lacked.push("the step does not say what to do".to_owned());
    }
    if step.artifact.is_none() {
        lacked.push("the step does not say what exists afterwards".to_owned());
    }
    let who = step.assignee.as_deref().unwrap_or_else(|| {
        lacked.push("the step does not say who does it".to_owned());
        "nobody"
    });
    let gate = if step.asks() { ", after the approval it asks for" } else { "" };
    let first = crate::sop::prose::sentences(&step.text, 1)
        .into_iter()
        .next()
        .map(|sentence| sentence.text)
        .unwrap_or_default();
    let produced = if lacked.is_empty() { step.artifact.clone().unwrap_or_default() } else { String::new() };
    TraceStep {
        step: step.number,
        did: format!("Reached{gate}, not tried. {who} is to do this: {first}"),
        lacked: lacked.join("; "),
        produced,
    }
}

/// Whether a condition holds. What an earlier step gives is known only in a run; the walk then takes the step.
fn decided(condition: &str, scope: &Scope) -> Result<bool, String> {
    if names(condition).iter().any(|name| name.starts_with("steps.")) {
        return Ok(true);
    }
    holds(condition, scope).map_err(|why| format!("the condition {why}"))
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::sample::SAMPLE;

    #[test]
    fn a_default_stands_for_a_value_nobody_gave() {
        let cells = "| `source`    | choice: demo_form, event, referral";
        let scenario =
            Scenario { text: "A lead.".into(), given: [("lead_id".to_owned(), Value::from("L-1"))].into() };
        let walked = |sop: String| execute(&ExecuteQuestion { sop, scenario: scenario.clone() });
        assert!(walked(SAMPLE.to_owned()).outcome.contains("the required input `source` is missing"));
        let trace = walked(SAMPLE.replace(cells, &format!("{cells}, default: referral")));
        assert!(trace.done, "{trace:?}");
        assert!(trace.steps[0].did.starts_with("Skipped"), "{:?}", trace.steps[0]);
    }

    #[test]
    fn what_an_earlier_step_gives_is_no_hole_and_what_nobody_gives_is_one() {
        let scope = Scope::default();
        assert_eq!(decided("steps.1.total > 3", &scope), Ok(true));
        assert!(decided("inputs.amuont > 3", &scope).unwrap_err().contains("inputs.amuont"));
    }
}
