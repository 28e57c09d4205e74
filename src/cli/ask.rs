//! `sopd ask ID --to PARTY --text T --as PARTY`

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
    /// Whom you ask
    #[arg(long, value_name = "PARTY")]
    to: String,
    /// The question
    #[arg(long)]
    text: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let actor = Desk::actor(args.party.clone());
    let asked = front::ask(&desk.command(), &workspace, &actor, (&args.id, &args.to, &args.text))?;
    if desk.json {
        return print::json(&shapes::as_it_stands(&desk.command(), &workspace, asked)?);
    }
    print::line(&format!("{} waits for {} now: {}", asked.id, args.to, asked.ask.title))?;
    print::line(&format!("  {} answer {} --as {} --text 'the answer'", desk.command(), asked.id, args.to))
}
