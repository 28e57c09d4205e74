//! `sopd agents`: the roster, and what each agent has at hand.

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::{self, AtWork};
use crate::roster::{Agent, AgentStatus};

pub(super) fn run(desk: &Desk) -> Done {
    let agents = front::at_work(&desk.open()?)?;
    if desk.json {
        return print::json(&agents.iter().map(AtWork::shape).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = agents.iter().map(row).collect();
    let head =
        ["agent", "title", "dept", "status", "roles", "tier", "thinks with", "drafts", "judges", "inbox"];
    print::line(&print::table(&head, &rows))
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
