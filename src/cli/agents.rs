//! `sopd agents`: the roster, and what each agent has at hand.

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::daemon::{self, MissionStatus};
use crate::decision;
use crate::journal::events_of;
use crate::roster::{Agent, AgentStatus, Runtime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// What an agent has at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    /// Open missions it drafts for.
    drafting: usize,
    /// Open missions it validates.
    judging: usize,
    /// Open decisions asked of it.
    asked: usize,
}

pub(super) fn run(desk: &Desk) -> Done {
    let workspace = desk.open()?;
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
    })?;
    let agents = snapshot.roster.agents.values();
    let models = &snapshot.settings.models;
    let thinks = |agent: &Agent| match (agent.head.runtime, models.tier(agent.head.tier)) {
        (Runtime::Person, _) => "a person".to_owned(),
        (Runtime::External, _) => "a program elsewhere".to_owned(),
        (Runtime::Model, Some(model)) => model.model,
        (Runtime::Model, None) => "code (tier 0)".to_owned(),
    };
    if desk.json {
        let object = |agent: &Agent| object(agent, &thinks(agent), &load(&loads, agent));
        return print::json(&agents.map(object).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> =
        agents.map(|agent| row(agent, &thinks(agent), &load(&loads, agent))).collect();
    let head =
        ["agent", "title", "dept", "status", "roles", "tier", "thinks with", "drafts", "judges", "inbox"];
    print::line(&print::table(&head, &rows))
}

fn load(loads: &BTreeMap<String, Load>, agent: &Agent) -> Load {
    loads.get(&agent.head.id).copied().unwrap_or_default()
}

/// The parties of a mission, as its last plan names them.
fn plan(db: &rusqlite::Connection, mission: &MissionStatus) -> crate::base::problem::Result<Value> {
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

fn status(agent: &Agent) -> &'static str {
    match agent.head.status {
        AgentStatus::Active => "active",
        AgentStatus::Planned => "planned",
    }
}

fn object(agent: &Agent, thinks: &str, load: &Load) -> Value {
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

fn row(agent: &Agent, thinks: &str, load: &Load) -> Vec<String> {
    let head = &agent.head;
    let roles: Vec<&str> = head.roles.iter().map(|role| role.word()).collect();
    vec![
        head.id.clone(),
        head.title.clone(),
        head.department.clone(),
        status(agent).to_owned(),
        roles.join(", "),
        head.tier.to_string(),
        thinks.to_owned(),
        load.drafting.to_string(),
        load.judging.to_string(),
        load.asked.to_string(),
    ]
}
