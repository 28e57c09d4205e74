//! `sopd pause|resume|cancel|retry|skip RUN --as PARTY`

use super::desk::{Desk, os_user};
use super::next;
use super::print;
use super::trouble::Done;
use crate::run::{self, Actor, Control};
use serde_json::json;

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
    steer(desk, &run, party.clone(), Wish::Control(Control::Pause { by: party, reason }))
}

pub(super) fn resume(desk: &Desk, args: Args) -> Done {
    let Args { run, party, .. } = args;
    steer(desk, &run, party.clone(), Wish::Control(Control::Resume { by: party }))
}

pub(super) fn retry(desk: &Desk, args: Args) -> Done {
    let Args { run, party, .. } = args;
    steer(desk, &run, party.clone(), Wish::Control(Control::Retry { by: party }))
}

pub(super) fn cancel(desk: &Desk, args: Args) -> Done {
    let Args { run, party, reason } = args;
    steer(desk, &run, party, Wish::Cancel(reason))
}

pub(super) fn skip(desk: &Desk, args: SkipArgs) -> Done {
    let SkipArgs { run, step, party, reason } = args;
    steer(desk, &run, party.clone(), Wish::Control(Control::Skip { step, by: party, reason }))
}

enum Wish {
    Control(Control),
    Cancel(String),
}

fn steer(desk: &Desk, id: &str, party: String, wish: Wish) -> Done {
    let workspace = desk.open()?;
    let plan = run::plan_of(&workspace.journal, id)?;
    desk.check_party(&workspace, &party, &[])?;
    let before = workspace.journal.head()?.0;
    let actor = Actor { by: party, os_user: os_user() };
    let by = actor.by.clone();
    let run_id = id.to_owned();
    workspace.journal.append(move |tx| match &wish {
        Wish::Control(control) => run::control(tx, &run_id, control, (&actor, &plan)),
        Wish::Cancel(reason) => run::cancel(tx, &run_id, reason, (&actor, &plan)),
    })?;
    let next = next::look_on(&workspace, id, before)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/steered/1", "success": true, "run": id, "by": by, "state": next.state, "driven": next.driven,
        }));
    }
    print::line(&next.words(desk))
}
