//! `sopd pause|resume|cancel|retry|skip RUN --as PARTY`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::decision;
use crate::front::next;
use crate::front::{self, Steering, shapes};
use crate::run::Control;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run (sop_run_…)
    run: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// Why; goes on record
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct RetryArgs {
    /// The run (sop_run_…)
    run: String,
    /// Send the work back to this step: it and everything after it is done again
    #[arg(long)]
    step: Option<u32>,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// What is to be better: whoever does the step again is told
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct SkipArgs {
    /// The run (sop_run_…)
    run: String,
    /// The step
    #[arg(long)]
    step: u32,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// Why; goes on record
    #[arg(long)]
    reason: String,
}

pub(super) fn pause(desk: &Desk, args: Args) -> Done {
    let Args { run, party, reason } = args;
    steer(desk, &run, party.clone(), Steering::Control(Control::Pause { by: party, reason }))
}

pub(super) fn resume(desk: &Desk, args: Args) -> Done {
    let Args { run, party, .. } = args;
    steer(desk, &run, party.clone(), Steering::Control(Control::Resume { by: party }))
}

pub(super) fn retry(desk: &Desk, args: RetryArgs) -> Done {
    let RetryArgs { run, step, party, reason } = args;
    steer(desk, &run, party.clone(), Steering::Control(Control::Retry { by: party, step, reason }))
}

pub(super) fn cancel(desk: &Desk, args: Args) -> Done {
    let Args { run, party, reason } = args;
    steer(desk, &run, party, Steering::Cancel(reason))
}

pub(super) fn skip(desk: &Desk, args: SkipArgs) -> Done {
    let SkipArgs { run, step, party, reason } = args;
    steer(desk, &run, party.clone(), Steering::Control(Control::Skip { step, by: party, reason }))
}

fn steer(desk: &Desk, id: &str, party: String, wish: Steering) -> Done {
    let workspace = desk.open()?;
    let before = workspace.journal.head()?.0;
    let known = workspace.journal.read(|db| decision::open_of_mission(db, id))?;
    let known: Vec<String> = known.into_iter().map(|one| one.id).collect();
    let actor = Desk::actor(party);
    let taken = wish.words(id);
    front::steer(&desk.command(), &workspace, &actor, (id, wish))?;
    let next = next::look_past(&workspace, id, before, &known)?;
    if desk.json {
        return print::json(&shapes::steered(&actor.by, &next));
    }
    print::line(&format!("taken: {taken}"))?;
    print::line(&next.after(&desk.command(), &workspace))
}
