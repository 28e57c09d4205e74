//! `sopd agents`: the roster, and what each agent has at hand.

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::agents::{self, Calls, Load};
use crate::roster::{Agent, AgentStatus, Runtime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn run(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let snapshot = workspace.snapshot()?;
    let (loads, calls) = workspace.journal.read(|db| Ok((agents::loads(db)?, agents::calls(db)?)))?;
    let roster = snapshot.roster.agents.values();
    let models = &snapshot.settings.models;
    let thinks = |agent: &Agent| match (agent.head.runtime, models.tier(agent.head.tier)) {
        (Runtime::Person, _) => "a person".to_owned(),
        (Runtime::External, _) => "a program elsewhere".to_owned(),
        (Runtime::Model, Some(model)) => model.model,
        (Runtime::Model, None) => "code (tier 0)".to_owned(),
    };
    if desk.json {
        let thought = |agent: &Agent| calls.get(&agent.head.id).cloned().unwrap_or_default();
        let object = |agent: &Agent| object(agent, &thinks(agent), (&load(&loads, agent), &thought(agent)));
        return print::json(&roster.map(object).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> =
        roster.map(|agent| row(agent, &thinks(agent), &load(&loads, agent))).collect();
    let head =
        ["agent", "title", "dept", "status", "roles", "tier", "thinks with", "drafts", "judges", "inbox"];
    print::line(&print::table(&head, &rows))
}

fn load(loads: &BTreeMap<String, Load>, agent: &Agent) -> Load {
    loads.get(&agent.head.id).copied().unwrap_or_default()
}

fn status(agent: &Agent) -> &'static str {
    match agent.head.status {
        AgentStatus::Active => "active",
        AgentStatus::Planned => "planned",
    }
}

fn object(agent: &Agent, thinks: &str, (load, calls): (&Load, &Calls)) -> Value {
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
        "workload": load,
        "calls": calls,
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
