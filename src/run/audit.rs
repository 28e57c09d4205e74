//! A run's log in the form of the skill description (requirement D7): one line of JSON for each of its fourteen kinds
//! of event, with that description's field names. The whole story is in the chain; this is the part others can read.

use crate::base::{Digest, Problem, problem::Result};
use crate::journal::{Event, Journal, ROWS};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The fourteen kinds.
pub const KINDS: [&str; 14] = [
    "run_created",
    "run_started",
    "step_started",
    "step_completed",
    "step_failed",
    "approval_requested",
    "approval_granted",
    "approval_rejected",
    "approval_timeout",
    "run_paused",
    "run_resumed",
    "run_completed",
    "run_cancelled",
    "run_retried",
];

/// The line of `event`, `timestamp, eventType, runId, stepNumber, details`; `None` for other kinds. What retention has
/// erased is `null`.
pub fn line(journal: &Journal, event: &Event) -> Result<Option<String>> {
    if !KINDS.contains(&event.kind.as_str()) {
        return Ok(None);
    }
    let mut fact: Map<String, Value> = serde_json::from_str(&event.text).unwrap_or_default();
    if let Some(Value::String(payload)) = fact.get("payload").cloned() {
        let bytes = journal.blob(&Digest(payload))?.unwrap_or_default();
        let more: Map<String, Value> = serde_json::from_slice(&bytes).unwrap_or_default();
        fact.extend(more);
    }
    let (at, step) = (fact.remove("at"), fact.remove("stepNumber"));
    for name in ["kind", "subject", "payload", ROWS] {
        fact.remove(name);
    }
    for value in fact.values_mut() {
        if let Some(hash) = value.get(TRANSIENT).and_then(Value::as_str) {
            let bytes = journal.blob(&Digest(hash.to_owned()))?;
            *value =
                bytes.map_or(Value::Null, |bytes| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    let line = Line {
        timestamp: at.unwrap_or_default(),
        event_type: &event.kind,
        run_id: &event.subject,
        step_number: step.filter(|step| !step.is_null()),
        details: fact,
    };
    let text = serde_json::to_string(&line);
    text.map(Some).map_err(|error| Problem::failed(format!("BUG: an event is not JSON: {error}")))
}

/// The fields in that description's names and order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: Value,
    event_type: &'a str,
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_number: Option<Value>,
    details: Map<String, Value>,
}

/// The member that marks text kept beside the chain, by its hash.
const TRANSIENT: &str = "transient";

/// Text that retention may erase one day: kept beside the chain, and named in it by its hash.
pub(super) fn transient(tx: &crate::journal::Tx<'_>, text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Ok(Value::from(""));
    }
    Ok(json!({ TRANSIENT: tx.blob(text.as_bytes())? }))
}
