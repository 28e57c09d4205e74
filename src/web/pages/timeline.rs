//! How a mission or run came to where it stands: the facts a person wants to know, with tries, tokens, cost, and what
//! each agent was shown.

use crate::base::text::counted;
use crate::base::{MicroUsd, problem::Result};
use crate::journal::events_of;
use rusqlite::Connection;
use serde_json::{Value, json};

/// More facts than a mission or run has.
const MOST: u32 = 100_000;
/// Newest entries that are shown; the audit page has all.
const SHOWN: usize = 150;

/// The newest entries, oldest first: when, who, what, and for calls tokens, cost, tries and the receipt.
pub(super) fn of(db: &Connection, subject: &str) -> Result<Vec<Value>> {
    let events = events_of(db, Some(subject), 0, MOST)?;
    let told = |event: &crate::journal::Event| {
        let fact: Value = serde_json::from_str(&event.text).unwrap_or_default();
        let what = words(&event.kind, &fact)?;
        Some(entry(event.seq, &fact, &what))
    };
    let mut entries: Vec<Value> = events.iter().rev().filter_map(told).collect();
    let earlier = entries.len().saturating_sub(SHOWN);
    entries.truncate(SHOWN);
    if let (1.., Some(first)) = (earlier, events.first()) {
        let what = format!("and {earlier} more before what follows: the audit page has all");
        let at = serde_json::from_str::<Value>(&first.text).unwrap_or_default();
        entries.push(entry(first.seq, &json!({ "at": text(&at, "at") }), &what));
    }
    entries.reverse();
    Ok(entries)
}

fn text<'a>(fact: &'a Value, name: &str) -> &'a str {
    fact.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(fact: &Value, name: &str) -> i64 {
    fact.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn entry(seq: i64, fact: &Value, what: &str) -> Value {
    let who = ["agent", "by", "chair"].into_iter().map(|name| text(fact, name)).find(|name| !name.is_empty());
    let tokens = fact.get("tokens").map(|tokens| number(tokens, "input") + number(tokens, "output"));
    let cost = fact.get("cost_micros").and_then(Value::as_i64).map(|micros| MicroUsd(micros).dollars());
    json!({
        "seq": seq, "at": text(fact, "at"), "who": who.unwrap_or_default(), "what": what, "tokens": tokens, "cost": cost,
        "tries": fact.get("requests").or_else(|| fact.get("attempt")), "millis": fact.get("duration_ms"),
        "model": fact.get("model"), "receipt": fact.get("receipt"), "confidence": fact.get("confidence"),
        "said": text(fact, "text"),
    })
}

/// What a fact means to a person; nothing for facts only machines care about.
fn words(kind: &str, fact: &Value) -> Option<String> {
    let list = |name: &str| {
        let items = fact.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let count = |name: &str, noun: &str| counted(usize::try_from(number(fact, name)).unwrap_or(0), noun);
    let (decision, round) = (text(fact, "decision"), number(fact, "round"));
    Some(match kind {
        "mission_received" => format!("handed in {}", text(fact, "file")),
        "plan_made" => {
            format!("planned {} v{} for {}", text(fact, "sop"), text(fact, "version"), list("workers"))
        }
        "contract_frozen" => format!("contract frozen: {}", count("assertions", "assertion")),
        "model_called" => {
            format!("{}: {}", text(fact, "role").replace('_', " "), text(fact, "outcome"))
        }
        "draft_received" => format!("drafted {}, round {round}", count("items", "item")),
        "synthesis_made" => {
            format!(
                "drafts merged, round {round}: {}, {} blocking",
                count("findings", "finding"),
                number(fact, "blocking")
            )
        }
        "council_held" => format!("council held with {}: {}", list("members"), count("findings", "finding")),
        "verdicts_given" => format!(
            "{} judged, round {round}: {}",
            counted(fact.get("verdicts").and_then(Value::as_array).map_or(0, Vec::len), "assertion"),
            if fact.get("passed") == Some(&json!(true)) {
                "all that blocks has passed"
            } else {
                "something blocks"
            }
        ),
        "review_confirmed" => format!("still right; looked at again on {}", text(fact, "next")),
        "decision_requested" => format!("{decision} asked of {}: {}", list("asked_of"), text(fact, "title")),
        "decision_vote" => {
            format!("{decision}: yes, {} of {}", number(fact, "votes"), number(fact, "quorum"))
        }
        "decision_resolved" => format!("{decision}: {}", text(fact, "verb")),
        "decision_reminded" => format!("{decision}: {} reminded", list("asked_of")),
        "decision_escalated" => format!("{decision} escalated to {}", list("asked_of")),
        "decision_expired" => format!("{decision}: nobody answered in time; {}", text(fact, "rule")),
        "decision_delegated" => format!("{decision} passed on to {}", text(fact, "to")),
        "decision_deferred" => format!("{decision} put off to {}", text(fact, "due_at")),
        "decision_claimed" => format!("{decision} taken on"),
        "decision_released" => format!("{decision} given back"),
        "question_asked" => format!("{} asked of {}", text(fact, "question"), text(fact, "to")),
        "published" => "published".to_owned(),
        "mission_closed" => format!("ended: {}", text(fact, "reason")),
        "run_started" | "run_completed" | "run_failed" | "run_cancelled" | "run_paused" | "run_resumed" => {
            format!("{} {}", kind.replace('_', " "), text(fact, "reason")).trim().to_owned()
        }
        "step_started" | "step_completed" | "step_failed" | "step_skipped" => {
            format!("step {} {}", number(fact, "stepNumber"), kind.trim_start_matches("step_"))
        }
        "approval_requested" | "approval_granted" | "approval_rejected" | "approval_timeout" => {
            format!("step {}: {}", number(fact, "stepNumber"), kind.replace('_', " "))
        }
        _ => return None,
    })
}
