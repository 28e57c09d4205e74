//! Who had which part in a mission, as its frozen plan and what was said since tell.

use super::records::mission;
use crate::base::problem::Result;
use crate::decision::{self, Decision, DecisionKind, Verb};
use crate::governance::{Parties, Voice};
use crate::journal::events_of;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// The parties of mission `id`; before it is planned only its requester is known. Who orchestrates is on the roster,
/// not in the plan.
pub fn hands(db: &Connection, id: &str) -> Result<Parties> {
    let requester = mission(db, id)?.requested_by;
    let events = events_of(db, Some(id), 0, MOST)?;
    let fact = |kind: &str| -> Value {
        let last = events.iter().rfind(|event| event.kind == kind);
        last.and_then(|event| serde_json::from_str(&event.text).ok()).unwrap_or_default()
    };
    let (plan, draft) = (fact("plan_made"), fact("synthesis_made"));
    let word = |name: &str| {
        let since = draft.get(name).or_else(|| plan.get(name));
        since.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let workers = plan.get("workers").and_then(Value::as_array).into_iter().flatten();
    Ok(Parties {
        requester,
        owner: word("owner"),
        workers: workers.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        scrutiny: word("scrutiny"),
        user_testing: word("user_testing"),
        orchestrator: String::new(),
        voices: voices(db, id)?,
    })
}

/// Whose words came into the drafts of mission `id` by what it answered, and how.
pub(super) fn voices(db: &Connection, id: &str) -> Result<BTreeMap<String, Voice>> {
    let mut voices = BTreeMap::new();
    for one in decision::all_of_mission(db, id)? {
        let Some((by, voice)) = voice(&one) else { continue };
        let known = voices.entry(by.to_owned()).or_insert(voice);
        *known = voice.max(*known);
    }
    Ok(voices)
}

/// Who spoke into the draft with the answer to `decision`, if anybody: an answer to what authors ask, a wish to have
/// something changed, a part that was passed on. What is said to who decides goes into no draft.
fn voice(decision: &Decision) -> Option<(&str, Voice)> {
    let answer = decision.answer.as_ref()?;
    let voice = match (decision.ask.kind, answer.verb) {
        (DecisionKind::Assignment, Verb::Answer) => Voice::Drafted,
        (DecisionKind::Question, Verb::Answer) if decision::about(decision).is_none() => Voice::Answered,
        (_, Verb::Revise) => Voice::Revised,
        (_, Verb::Edit) => Voice::Edited,
        _ => return None,
    };
    Some((&answer.by, voice))
}
