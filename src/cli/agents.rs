//! `sopd agents [ID]`: the roster and what each agent has at hand, or everything that names one of them; and who comes
//! (`new`) and goes (`retire`).

mod new;
mod retire;

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::{self, AtWork, named};
use crate::roster::{Agent, AgentStatus};
use serde_json::json;
use std::io::IsTerminal as _;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// One of them: everything that names it
    id: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Write a new agent's file, and what must name it
    New(new::Args),
    /// Take an agent off the roster: everything that names it is shown, and mended in one step
    Retire(retire::Args),
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    match args.verb {
        Some(Verb::New(args)) => return new::run(desk, args),
        Some(Verb::Retire(args)) => return retire::run(desk, &args),
        None => {}
    }
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

/// Asks at the terminal; an empty answer stands for `usual`. `None` where nobody is there to be asked.
fn asked(question: &str, usual: &str) -> Option<String> {
    if !print::is_terminal() || !std::io::stdin().is_terminal() {
        return None;
    }
    let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
    print::aside(&format!("{question}{shown}"));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    let line = line.trim();
    Some(if line.is_empty() { usual } else { line }.to_owned())
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
