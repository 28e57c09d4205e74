//! `sopd claim ID --as PARTY [--release]`

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
    /// Give it back
    #[arg(long)]
    release: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let actor = Desk::actor(args.party.clone());
    let sopd = desk.command();
    let (decision, until) = if args.release {
        (front::release(&sopd, &workspace, &actor, &args.id)?, None)
    } else {
        let (decision, claim) = front::claim(&sopd, &workspace, &actor, &args.id)?;
        (decision, Some(claim.until))
    };
    if desk.json {
        return print::json(&shapes::as_it_stands(&sopd, &workspace, decision)?);
    }
    print::line(&match until {
        Some(until) => format!("{} has taken {} on until {}", actor.by, decision.id, until.minute()),
        None => format!("{} has given {} back", actor.by, decision.id),
    })
}
