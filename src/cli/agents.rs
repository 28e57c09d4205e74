//! `sopd agents [ID]`: the roster and what each agent has at hand, or everything that names one of them.

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::{self, AtWork, named};
use crate::roster::{Agent, AgentStatus};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One of them: everything that names it, to be given to somebody else before its file is removed
    id: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    if let Some(id) = args.id {
        return names(desk, &id);
    }
    let agents = front::at_work(&desk.open()?)?;
    if desk.json {
        return print::json(&agents.iter().map(AtWork::shape).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = agents.iter().map(row).collect();
    let head =
        ["agent", "title", "dept", "status", "roles", "tier", "thinks with", "drafts", "judges", "inbox"];
    print::line(&print::table(&head, &rows))
}

fn names(desk: &Desk, id: &str) -> Done {
    let names = named::names(&desk.open()?, id)?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/named/1", "id": id, "named": names }));
    }
    if names.is_empty() {
        return print::line(&format!("nothing names {id}"));
    }
    print::line(&format!("{id} is named here:"))?;
    names.iter().try_for_each(|one| print::line(&format!("- {one}")))
}

fn status(agent: &Agent) -> &'static str {
    match agent.head.status {
        AgentStatus::Active => "active",
        AgentStatus::Planned => "planned",
    }
}

fn row(AtWork { agent, thinks, load, .. }: &AtWork) -> Vec<String> {
    let head = &agent.head;
    let roles: Vec<&str> = head.roles.iter().map(|role| role.word()).collect();
    vec![
        head.id.clone(),
        head.title.clone(),
        head.department.clone(),
        status(agent).to_owned(),
        roles.join(", "),
        head.tier.to_string(),
        thinks.clone(),
        load.drafting.to_string(),
        load.judging.to_string(),
        load.asked.to_string(),
    ]
}
