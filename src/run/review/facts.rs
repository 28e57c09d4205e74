//! What happened in a run beside the plain course, from its log: tries with their reasons, what people said and how
//! long they were waited for, what was refused, replaced, sent back or overridden.

use crate::base::problem::Result;
use crate::base::text::{shortened, visible};
use crate::decision::{self, DecisionKind, Verb};
use crate::journal::{Event, events_of};
use crate::run::result::duration;
use rusqlite::Connection;
use serde_json::Value;

/// Characters of one fact.
const LONGEST: usize = 500;
/// Facts looked through; a run has far fewer.
const MOST: u32 = 10_000;

/// One sentence for each fact that a reader of the review should know, in the order of time.
pub(super) fn told(db: &Connection, run: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for event in events_of(db, Some(run), 0, MOST)? {
        found.extend(sentence(db, &event)?.map(|words| line(&words)));
    }
    Ok(found)
}

/// On one line, as long as a sentence may be: what people write stands whole with its decision.
fn line(words: &str) -> String {
    shortened(&visible(&words.split_whitespace().collect::<Vec<_>>().join(" ")), LONGEST)
}

fn sentence(db: &Connection, event: &Event) -> Result<Option<String>> {
    let fact: Value = serde_json::from_str(&event.text).unwrap_or_default();
    let text = |name: &str| fact.get(name).and_then(Value::as_str).unwrap_or_default();
    let step = fact.get("stepNumber").and_then(Value::as_u64).unwrap_or_default();
    Ok(match event.kind.as_str() {
        "decision_resolved" => Some(answered(db, text("decision"))?),
        "decision_expired" => {
            let asked = decision::one(db, text("decision"))?.ask;
            Some(format!("nobody answered “{}” in time: {}", asked.title, asked.on_deadline.then()))
        }
        "decision_escalated" => {
            let title = decision::one(db, text("decision"))?.ask.title;
            Some(format!("“{title}” was late and went to those above as well"))
        }
        "step_retried" => {
            let attempt = fact.get("attempt").and_then(Value::as_u64).unwrap_or(1);
            Some(format!("try {attempt} of step {step} failed: {}", text("error")))
        }
        "step_failed" => Some(format!("step {step} failed: {}", text("error"))),
        "step_asks" => Some(format!("step {step} could not be done so: {}", text("error"))),
        "work_refused" => Some(format!("the result of step {step} was refused: {}", text("error"))),
        "work_done" => broken(&fact).map(|words| format!("step {step} was not shown to keep to {words}")),
        "run_retried" => Some(again(&fact)),
        "steps_reopened" => Some(format!("it went back to step {step}, as the SOP says")),
        "step_rolled_back" => Some(format!("step {step} was to be undone")),
        "done_judged" => {
            let doubt = fact.pointer("/verdict/unsure").and_then(Value::as_str);
            doubt.map(|doubt| format!("the definition of done was in doubt: {doubt}"))
        }
        "run_control" => {
            let paused = fact.pointer("/asked/pause/reason").and_then(Value::as_str);
            paused.map(|why| format!("{} paused it: {why}", text("by")).trim_end_matches(": ").to_owned())
        }
        _ => None,
    })
}

fn again(fact: &Value) -> String {
    let text = |name: &str| fact.get(name).and_then(Value::as_str).unwrap_or_default();
    let by = text("by");
    match fact.get("back_to").and_then(Value::as_u64) {
        Some(back) => format!("{by} sent it back to step {back}: {}", text("reason")),
        None if text("reason").is_empty() => format!("{by} had it tried again"),
        None => format!("{by} had it tried again: {}", text("reason")),
    }
}

/// What somebody said to what was asked, and after how long.
fn answered(db: &Connection, id: &str) -> Result<String> {
    let one = decision::one(db, id)?;
    let Some(answer) = &one.answer else { return Ok(format!("“{}” was answered", one.ask.title)) };
    let did = match (answer.verb, one.ask.kind) {
        (Verb::Approve, _) => "said yes to",
        (Verb::Reject, _) => "said no to",
        (Verb::Answer, DecisionKind::Result) => "put other words in the place of what was given at",
        (Verb::Complete, _) => "did",
        (Verb::Retry, _) => "wanted another try at",
        _ => "answered",
    };
    let waited = duration(answer.at.0 - one.requested_at.0);
    let said = answer.text.trim();
    let words = if said.is_empty() { String::new() } else { format!(": {said}") };
    Ok(format!("{} {did} “{}” after {waited}{words}", answer.by, one.ask.title))
}

fn broken(fact: &Value) -> Option<String> {
    let verdicts = fact.get("verdicts").and_then(Value::as_array)?;
    let doubted = verdicts.iter().filter(|verdict| verdict.get("kept") == Some(&Value::Bool(false)));
    let words: Vec<String> = doubted
        .filter_map(|verdict| verdict.get("constraint").and_then(Value::as_str))
        .map(|words| format!("“{words}”"))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
