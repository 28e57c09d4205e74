//! `sopd runs [--sop SOP] [--state STATE] [--limit N]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::daemon::{self, RunStatus};
use crate::front::next;
use crate::run::{self, RunState, Wanted};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only runs of this SOP
    #[arg(long)]
    sop: Option<String>,
    /// Only runs in this state, e.g. awaiting_approval
    #[arg(long)]
    state: Option<String>,
    /// At most so many, the newest first; without it 20 on the screen, and with --json all
    #[arg(long)]
    limit: Option<u32>,
}

/// How many are shown where nobody says: what fits a screen. A program is given all.
const SHOWN: u32 = 20;

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let wanted = Wanted {
        sop: args.sop.as_deref().map(str::parse).transpose().map_err(Problem::usage)?,
        state: args.state.as_deref().map(RunState::named).transpose()?,
        limit: args.limit.unwrap_or(if desk.json { 0 } else { SHOWN }),
        after: None,
    };
    let workspace = desk.open()?;
    let (found, all) =
        workspace.journal.read(|db| Ok((daemon::run_statuses(db, &wanted)?, run::count(db, &wanted)?)))?;
    let more = all.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    let more = (more > 0).then(|| format!("{more} more: --limit {all} lists them"));
    if desk.json {
        if let Some(more) = &more {
            print::aside(more);
        }
        return print::json(&found.iter().map(crate::front::shapes::run).collect::<Result<Vec<_>, _>>()?);
    }
    if found.is_empty() {
        return print::line(&format!("no run: start one with `{} run SOP --as PARTY`", desk.command()));
    }
    print::line(&print::table(
        &["run", "sop", "stands at", "step", "begun by", "waits for, or how it ended and what came out"],
        &found.iter().map(row).collect::<Vec<_>>(),
    ))?;
    if let Some(more) = more {
        print::line(&more)?;
    }
    let goes_on = found.iter().any(|status| status.ended_at.is_none());
    match next::standing_note(&desk.command(), &workspace).filter(|_| goes_on) {
        Some(note) => print::line(&note),
        None => Ok(()),
    }
}

fn row(status: &RunStatus) -> Vec<String> {
    let step = status.current_step.map_or(String::new(), |step| format!("{step}/{}", status.total_steps));
    let said = match (status.ended_at.is_some(), status.score) {
        (true, Some(score)) => [format!("quality {score} of 100"), run::outcome_line(&status.result)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; "),
        (true, None) => status.reason.clone(),
        (false, _) => status.waiting_for.clone(),
    };
    vec![
        status.id.clone(),
        format!("{} v{}", status.sop, status.version),
        status.state.word().to_owned(),
        step,
        status.initiator.clone(),
        said,
    ]
}
