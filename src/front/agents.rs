//! What each agent has at hand, what it has cost, how sure it was, and at which tiers the thinking was done.

use crate::base::{MicroUsd, problem::Result};
use crate::daemon::{self, MissionStatus};
use crate::decision;
use crate::journal::events_of;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// More facts than a mission has.
const MOST: u32 = 100_000;
/// Newest model calls that are counted, for all agents together: some weeks of a busy workspace.
pub const CALLS_COUNTED: u32 = 20_000;

/// What an agent has at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Open missions it drafts for.
    pub drafting: usize,
    /// Open missions it validates.
    pub judging: usize,
    /// Open decisions asked of it.
    pub asked: usize,
}

/// What an agent has thought.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calls {
    /// Answers asked of it, by tier; 0 is code.
    pub by_tier: BTreeMap<u8, u32>,
    /// US dollars.
    pub cost_usd: f64,
    /// Tokens in and out.
    pub tokens: i64,
    /// Mean confidence of what it answered, in percent; `None` where it has answered nothing.
    pub confidence: Option<u8>,
    /// Answers that could not be used, and calls that failed.
    pub unusable: u32,
}

impl Calls {
    /// All its calls.
    pub fn count(&self) -> u32 {
        self.by_tier.values().sum()
    }
}

/// The loads of all who have something at hand, by id.
///
/// # Errors
/// Of the journal.
pub fn loads(db: &Connection) -> Result<BTreeMap<String, Load>> {
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    for mission in daemon::statuses(db, false)? {
        count(&mut loads, &plan(db, &mission)?);
    }
    for decision in decision::open_for(db, None)? {
        for party in decision.ask.asked_of {
            loads.entry(party).or_default().asked += 1;
        }
    }
    Ok(loads)
}

/// The parties of a mission, as its last plan names them.
fn plan(db: &Connection, mission: &MissionStatus) -> Result<Value> {
    let events = events_of(db, Some(&mission.id), 0, MOST)?;
    let last = events.iter().rfind(|event| event.kind == "plan_made");
    Ok(last.and_then(|event| serde_json::from_str(&event.text).ok()).unwrap_or_default())
}

fn count(loads: &mut BTreeMap<String, Load>, plan: &Value) {
    for worker in
        plan.get("workers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        loads.entry(worker.to_owned()).or_default().drafting += 1;
    }
    for part in ["scrutiny", "user_testing"] {
        if let Some(id) = plan.get(part).and_then(Value::as_str).filter(|id| !id.is_empty()) {
            loads.entry(id.to_owned()).or_default().judging += 1;
        }
    }
}

/// The newest calls, by agent.
///
/// # Errors
/// Of the journal.
pub fn calls(db: &Connection) -> Result<BTreeMap<String, Calls>> {
    let sql = format!(
        "SELECT json_extract(text, '$.agent') AS agent, json_extract(text, '$.tier') AS tier, count(*),
           coalesce(sum(json_extract(text, '$.cost_micros')), 0),
           coalesce(sum(json_extract(text, '$.tokens.input') + json_extract(text, '$.tokens.output')), 0),
           coalesce(sum(json_extract(text, '$.confidence')) FILTER (WHERE json_extract(text, '$.outcome') = 'answer'), 0),
           count(*) FILTER (WHERE json_extract(text, '$.outcome') = 'answer')
         FROM (SELECT text FROM event WHERE kind = 'model_called' ORDER BY seq DESC LIMIT {CALLS_COUNTED})
         WHERE agent IS NOT NULL GROUP BY agent, tier"
    );
    let mut all: BTreeMap<String, (Calls, u32, u32)> = BTreeMap::new();
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (calls, sure, answers) = all.entry(row.get(0)?).or_default();
        let count: u32 = row.get(2)?;
        *calls.by_tier.entry(row.get(1)?).or_default() += count;
        calls.cost_usd += MicroUsd(row.get(3)?).dollars();
        calls.tokens += row.get::<_, i64>(4)?;
        *sure += row.get::<_, u32>(5)?;
        let answered: u32 = row.get(6)?;
        *answers += answered;
        calls.unusable += count - answered;
    }
    let mean = |(agent, (calls, sure, answers)): (String, (Calls, u32, u32))| {
        let confidence = sure.checked_div(answers).and_then(|mean| u8::try_from(mean).ok());
        (agent, Calls { confidence, ..calls })
    };
    Ok(all.into_iter().map(mean).collect())
}
