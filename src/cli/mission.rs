//! `sopd mission cancel|retry ID --as PARTY`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::daemon::Workspace;
use crate::front::{self, next, shapes};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// End a mission; everything produced so far is kept
    Cancel(Args),
    /// Try again where a mission is stuck or was stopped
    Retry(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mission (M-…)
    id: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// A remark that goes on record
    #[arg(long, default_value = "")]
    comment: String,
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::Cancel(args) => cancel(desk, args),
        Verb::Retry(args) => retry(desk, args),
    }
}

fn retry(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let (before, actor) = (workspace.journal.head()?.0, Desk::actor(args.party));
    front::retry_mission(&desk.command(), &workspace, &actor, (&args.id, &args.comment))?;
    tell(desk, &workspace, (&args.id, "tried again", &actor.by), before)
}

fn cancel(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let (before, actor) = (workspace.journal.head()?.0, Desk::actor(args.party));
    front::cancel_mission(&desk.command(), &workspace, &actor, (&args.id, &args.comment))?;
    tell(desk, &workspace, (&args.id, "cancelled", &actor.by), before)
}

fn tell(desk: &Desk, workspace: &Workspace, (id, said, by): (&str, &str, &str), before: i64) -> Done {
    let next = next::look_on(workspace, id, before)?;
    if desk.json {
        return print::json(&shapes::asked(&next, (said, by)));
    }
    print::line(&format!("{id} is to be {said}, as {by} says"))?;
    print::line(&next.words(&desk.command()))
}
