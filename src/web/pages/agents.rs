//! The roster: who can do what, with what, and how much each has at hand.

use crate::base::problem::Result;
use crate::daemon::Workspace;
use crate::decision;
use crate::roster::{Agent, AgentStatus, Runtime};
use crate::web::caller::Visitor;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::State;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `GET /agents`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let context = site.work(context).await?;
    site.page(&visitor, "agents.html", &context)
}

fn context(workspace: &Workspace) -> Result<Value> {
    let snapshot = super::snapshot(workspace)?;
    let open = workspace.journal.read(|db| decision::open_for(db, None))?;
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for party in open.iter().flat_map(|decision| &decision.ask.asked_of) {
        *asked.entry(party).or_default() += 1;
    }
    let models = &snapshot.settings.models;
    let thinks = |agent: &Agent| match (agent.head.runtime, models.tier(agent.head.tier)) {
        (Runtime::Person, _) => "a person".to_owned(),
        (Runtime::External, _) => "a program elsewhere".to_owned(),
        (Runtime::Model, Some(model)) => model.model,
        (Runtime::Model, None) => "code (tier 0)".to_owned(),
    };
    let row = |agent: &Agent| {
        let head = &agent.head;
        json!({
            "id": head.id, "title": head.title, "department": head.department, "tier": head.tier,
            "active": head.status == AgentStatus::Active, "reports_to": head.reports_to, "skills": head.skills,
            "roles": head.roles.iter().map(|role| role.word()).collect::<Vec<_>>(), "thinks": thinks(agent),
            "topics": agent.topics.iter().map(|topic| &topic.title).collect::<Vec<_>>(),
            "asked": asked.get(head.id.as_str()).copied().unwrap_or(0), "persona": agent.persona,
        })
    };
    let rows: Vec<Value> = snapshot.roster.agents.values().map(row).collect();
    Ok(json!({ "title": "Agents", "rows": rows }))
}
