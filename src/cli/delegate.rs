//! `sopd delegate ID --to PARTY --as PARTY [--comment T]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::{self, shapes};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The decision (D-17), or a mission with just one open decision
    id: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// Who is asked in your place
    #[arg(long, value_name = "PARTY")]
    to: String,
    /// Why; goes on record
    #[arg(long, default_value = "")]
    comment: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let actor = Desk::actor(args.party.clone());
    let decision = front::delegate(&desk.command(), &workspace, &actor, (&args.id, &args.to, &args.comment))?;
    if desk.json {
        return print::json(&shapes::as_it_stands(&desk.command(), &workspace, decision)?);
    }
    print::line(&format!(
        "{} passed {} on to {}, on record as done by {}",
        actor.by, decision.id, args.to, actor.os_user
    ))?;
    print::line(&format!("asked now: {}", decision.ask.asked_of.join(", ")))
}
