//! `sopd inbox [--for PARTY]`

use super::desk::Desk;
use super::print;
use super::seen;
use super::trouble::Done;
use crate::base::Instant;
use crate::base::text::{counted, put};
use crate::base::trace::is_run;
use crate::daemon;
use crate::decision::{Decision, commands};
use crate::front::shapes;

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
    let now = desk.clock.now();
    let open = workspace.journal.read(|db| shapes::inbox(db, args.party.as_deref(), now))?;
    seen::note(&workspace, open.iter().map(|row| &row.decision));
    if desk.json {
        let sopd = desk.command();
        return print::json(&open.iter().map(|row| shapes::inbox_row(&sopd, row, now)).collect::<Vec<_>>());
    }
    for note in daemon::broken_agents(&workspace) {
        print::line(&format!("to be mended: {note}\n"))?;
    }
    if open.is_empty() {
        let whom = args.party.as_deref().map_or(String::new(), |party| format!(" {party}"));
        return print::line(&format!(
            "nothing waits for{}",
            if whom.is_empty() { " a person" } else { &whom }
        ));
    }
    print::line(&format!("waiting for a person: {}", counted(open.len(), "decision")))?;
    for row in &open {
        print::line(&format!("\n{}", entry(desk, &row.decision, now)))?;
        if let Some(claim) = &row.care.claim {
            print::line(&format!("  {} has taken it on until {}", claim.by, claim.until.minute()))?;
        }
        if let Some(newer) = &row.newer {
            print::line(&format!("  v{newer} of the SOP is active now; the run stays on its own version"))?;
        }
    }
    Ok(())
}

/// One decision for a person: what, why, who, until when, and how to answer.
pub(super) fn entry(desk: &Desk, decision: &Decision, now: Instant) -> String {
    let ask = &decision.ask;
    let mut out = format!(
        "{}\n  why       {}\n  asked of  {}\n  {:8}  {}\n  deadline  {}\n",
        print::bold(&format!("{}  {}", decision.id, ask.title)),
        ask.why,
        ask.asked_of.join(", "),
        if is_run(&ask.mission) { "run" } else { "mission" },
        ask.mission,
        deadline(decision, now),
    );
    let commands = commands::of(&desk.command(), decision);
    let width = commands.iter().map(|command| command.line.chars().count()).max().unwrap_or(0);
    for command in commands {
        put(&mut out, format_args!("  {:width$}  {}\n", command.line, print::dim(&command.leads_to)));
    }
    out
}

fn deadline(decision: &Decision, now: Instant) -> String {
    let Some(due) = decision.ask.due_at else {
        return if shapes::overdue(decision, now) {
            "overdue; it stays open".to_owned()
        } else {
            "none".to_owned()
        };
    };
    let then = decision.ask.on_deadline.then();
    format!("{}, then {then}{}", due.minute(), if shapes::overdue(decision, now) { " (overdue)" } else { "" })
}
