//! Who had which part in a mission, as its frozen plan says.

use super::records::mission;
use crate::base::problem::Result;
use crate::governance::Parties;
use crate::journal::events_of;
use rusqlite::Connection;
use serde_json::Value;

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// The parties of mission `id`; before it is planned only its requester is known. Who orchestrates is on the roster,
/// not in the plan.
pub fn hands(db: &Connection, id: &str) -> Result<Parties> {
    let requester = mission(db, id)?.requested_by;
    let events = events_of(db, Some(id), 0, MOST)?;
    let plan = events.iter().rfind(|event| event.kind == "plan_made");
    let plan: Value = plan.and_then(|event| serde_json::from_str(&event.text).ok()).unwrap_or_default();
    let word = |name: &str| plan.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let workers = plan.get("workers").and_then(Value::as_array).into_iter().flatten();
    Ok(Parties {
        requester,
        owner: word("owner"),
        workers: workers.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        scrutiny: word("scrutiny"),
        user_testing: word("user_testing"),
        orchestrator: String::new(),
    })
}
