//! The roster as every face tells of it.

use super::agents::{Calls, Load, calls, loads};
use crate::base::Problem;
use crate::daemon::Workspace;
use crate::roster::{Agent, Runtime};
use crate::settings::Models;
use serde_json::{Value, json};

/// An agent with what it has at hand, and what it has thought.
#[derive(Clone, Debug)]
pub struct AtWork {
    /// The agent.
    pub agent: Agent,
    /// What it thinks with, in words.
    pub thinks: String,
    /// What it has at hand.
    pub load: Load,
    /// What it has thought.
    pub calls: Calls,
}

/// Everybody on the roster.
///
/// # Errors
/// Every problem of settings and roster.
pub fn at_work(workspace: &Workspace) -> Result<Vec<AtWork>, Vec<Problem>> {
    let snapshot = workspace.snapshot()?;
    let found = workspace.journal.read(|db| Ok((loads(db)?, calls(db)?)));
    let (loads, calls) = found.map_err(|problem| vec![problem])?;
    let models = &snapshot.settings.models;
    let agents = snapshot.roster.agents.values().map(|agent| {
        let load = loads.get(&agent.head.id).copied().unwrap_or_default();
        let calls = calls.get(&agent.head.id).cloned().unwrap_or_default();
        AtWork { thinks: thinks(agent, models), load, calls, agent: agent.clone() }
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

impl AtWork {
    /// Shape `sopd/agents/1`.
    pub fn shape(&self) -> Value {
        let Self { agent, thinks, load, calls } = self;
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
}
