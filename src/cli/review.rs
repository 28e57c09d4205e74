//! `sopd review RUN --as PARTY`: the post-run review

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::{self, next, shapes};
use crate::run;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run (sop_run_…), which has ended
    run: String,
    /// For whom you ask: an id on the roster; without it, the review is only shown
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    workspace.journal.read(|db| run::run(db, &args.run))?;
    let before = workspace.journal.head()?.0;
    if let Some(party) = args.party {
        front::ask_review(&desk.command(), &workspace, &party, &args.run)?;
    }
    let next = next::look_on(&workspace, &args.run, before)?;
    let review = front::review(&workspace, &args.run)?;
    if desk.json {
        return print::json(&shapes::review(&next, &review));
    }
    match review.1 {
        Some(text) => print::line(&text)?,
        None => print::line("there is no review yet")?,
    }
    print::line(&next.words(&desk.command()))
}
