//! The roster, and what each agent has at hand.

use crate::base::{Problem, problem::Result};
use crate::daemon::{self, MissionStatus, Workspace};
use crate::decision;
use crate::journal::events_of;
use crate::roster::{Agent, Runtime};
use crate::settings::Models;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// What an agent has at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Open missions it drafts for.
    pub drafting: usize,
    /// Open missions it validates.
    pub judging: usize,
    /// Open decisions asked of it.
    pub asked: usize,
}

/// An agent with what it has at hand.
#[derive(Clone, Debug)]
pub struct AtWork {
    /// The agent.
    pub agent: Agent,
    /// What it thinks with, in words.
    pub thinks: String,
    /// What it has at hand.
    pub load: Load,
}

/// Everybody on the roster.
///
/// # Errors
/// Every problem of settings and roster.
pub fn agents(workspace: &Workspace) -> Result<Vec<AtWork>, Vec<Problem>> {
    let snapshot = workspace.snapshot()?;
    let loads = workspace.journal.read(|db| {
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
    });
    let loads = loads.map_err(|problem| vec![problem])?;
    let models = &snapshot.settings.models;
    let agents = snapshot.roster.agents.into_values().map(|agent| {
        let load = loads.get(&agent.head.id).copied().unwrap_or_default();
        AtWork { thinks: thinks(&agent, models), load, agent }
    });
    Ok(agents.collect())
}

fn thinks(agent: &Agent, models: &Models) -> String {
    match (agent.head.runtime, models.tier(agent.head.tier)) {
        (Runtime::Person, _) => "a person".to_owned(),
        (Runtime::External, _) => "a program elsewhere".to_owned(),
        (Runtime::Model, Some(model)) => model.model,
        (Runtime::Model, None) => "code (tier 0)".to_owned(),
    }
}

/// The parties of a mission, as its last plan names them.
fn plan(db: &rusqlite::Connection, mission: &MissionStatus) -> Result<Value> {
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

impl AtWork {
    /// Shape `sopd/agents/1`.
    pub fn shape(&self) -> Value {
        let Self { agent, thinks, load } = self;
        let head = &agent.head;
        json!({
            "shape": "sopd/agents/1",
            "id": head.id,
            "title": head.title,
            "department": head.department,
            "status": head.status,
            "roles": head.roles,
            "runtime": head.runtime,
            "tier": head.tier,
            "thinks_with": thinks,
            "reports_to": head.reports_to,
            "skills": head.skills,
            "topics": agent.topics.iter().map(|topic| &topic.title).collect::<Vec<_>>(),
            "workload": { "drafting": load.drafting, "judging": load.judging, "asked": load.asked },
        })
    }
}
