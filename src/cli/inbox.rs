//! `sopd inbox [--for PARTY]`

use super::commands;
use super::desk::Desk;
use super::next;
use super::print;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::base::{Instant, problem::Result};
use crate::daemon;
use crate::decision::{self, Decision};
use crate::run;
use crate::sop::Version;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only what this party is asked
    #[arg(long = "for", value_name = "PARTY")]
    party: Option<String>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    if let Some(party) = &args.party {
        desk.check_party(&workspace, party, &[])?;
    }
    let open = workspace.journal.read(|db| {
        let open = decision::open_for(db, args.party.as_deref())?;
        open.into_iter().map(|one| Ok((newer(db, &one)?, one))).collect::<Result<Vec<_>>>()
    })?;
    let now = desk.clock.now();
    if desk.json {
        let objects = open.iter().map(|(newer, decision)| {
            let mut object = object(desk, decision, now);
            if let (Some(newer), Some(members)) = (newer, object.as_object_mut()) {
                members.insert("newer_version".to_owned(), json!(newer));
            }
            object
        });
        return print::json(&objects.collect::<Vec<_>>());
    }
    if open.is_empty() {
        let whom = args.party.as_deref().map_or(String::new(), |party| format!(" {party}"));
        return print::line(&format!(
            "nothing waits for{}",
            if whom.is_empty() { " a person" } else { &whom }
        ));
    }
    print::line(&format!("waiting for a person: {}", counted(open.len(), "decision")))?;
    for (newer, decision) in &open {
        print::line(&format!("\n{}", entry(desk, decision, now)))?;
        if let Some(newer) = newer {
            print::line(&format!("  v{newer} of the SOP is active now; the run stays on its own version"))?;
        }
    }
    Ok(())
}

/// The newer version of its SOP that a waiting run does not follow.
fn newer(db: &rusqlite::Connection, decision: &Decision) -> Result<Option<Version>> {
    match &decision.ask.mission {
        id if next::is_run(id) => daemon::newer_version(db, &run::run(db, id)?),
        _ => Ok(None),
    }
}

/// One decision as JSON, shape `sopd/inbox/1`.
pub(super) fn object(desk: &Desk, decision: &Decision, now: Instant) -> Value {
    let ask = &decision.ask;
    json!({
        "shape": "sopd/inbox/1",
        "id": decision.id,
        "kind": ask.kind,
        "subject": ask.subject,
        "title": ask.title,
        "why": ask.why,
        "mission": ask.mission,
        "asked_of": ask.asked_of,
        "quorum": ask.quorum,
        "votes": decision.votes,
        "barred": ask.barred,
        "hash": ask.hash,
        "requested_at": decision.requested_at.to_string(),
        "due_at": ask.due_at.map(|due| due.to_string()),
        "overdue": decision.overdue(now),
        "on_deadline": ask.on_deadline,
        "reminders": decision.reminders,
        "state": decision.state,
        "details": ask.details,
        "verbs": ask.kind.verbs(),
        "commands": commands::of(desk, decision),
    })
}

/// One decision for a person: what, why, who, until when, and how to answer.
pub(super) fn entry(desk: &Desk, decision: &Decision, now: Instant) -> String {
    let ask = &decision.ask;
    let mut out = format!(
        "{}\n  why       {}\n  asked of  {}\n  {:8}  {}\n  deadline  {}\n",
        print::bold(&format!("{}  {}", decision.id, ask.title)),
        ask.why,
        ask.asked_of.join(", "),
        if next::is_run(&ask.mission) { "run" } else { "mission" },
        ask.mission,
        deadline(decision, now),
    );
    let commands = commands::of(desk, decision);
    let width = commands.iter().map(|command| command.line.chars().count()).max().unwrap_or(0);
    for command in commands {
        put(&mut out, format_args!("  {:width$}  {}\n", command.line, print::dim(&command.leads_to)));
    }
    out
}

fn deadline(decision: &Decision, now: Instant) -> String {
    let Some(due) = decision.ask.due_at else {
        return if decision.overdue(now) { "overdue; it stays open".to_owned() } else { "none".to_owned() };
    };
    let then = decision.ask.on_deadline.then();
    format!("{}, then {then}{}", due.minute(), if decision.overdue(now) { " (overdue)" } else { "" })
}
