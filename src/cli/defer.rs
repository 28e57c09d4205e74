//! `sopd defer ID --by SPAN --as PARTY [--comment T]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::{Problem, Span};
use crate::front::{self, shapes};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The decision (D-17), or a mission with just one open decision
    id: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// How much later the deadline is to be: `4 hours`, `2 business days`
    #[arg(long, value_name = "SPAN")]
    by: String,
    /// Why; goes on record
    #[arg(long, default_value = "")]
    comment: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let by: Span = args.by.parse().map_err(Problem::usage)?;
    let workspace = desk.open()?;
    let actor = Desk::actor(args.party.clone());
    let decision = front::defer(&desk.command(), &workspace, &actor, (&args.id, by, &args.comment))?;
    if desk.json {
        return print::json(&shapes::as_it_stands(&desk.command(), &workspace, decision)?);
    }
    let due = decision.ask.due_at.map_or_else(String::new, crate::base::Instant::minute);
    print::line(&format!(
        "{} put {} off to {due}, on record as done by {}",
        actor.by, decision.id, actor.os_user
    ))
}
