//! `sopd review RUN --as PARTY`: the post-run review

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::problem::Result;
use crate::daemon::Workspace;
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
    let next = match args.party {
        Some(party) => {
            front::ask_review(&desk.command(), &workspace, &party, &args.run)?;
            next::look_on(&workspace, &args.run, before)?
        }
        None => next::now(&workspace, &args.run)?,
    };
    let review = front::review(&workspace, &args.run)?;
    if desk.json {
        return print::json(&shapes::review(&next, &review));
    }
    match review.1 {
        Some(text) => print::line(&text)?,
        None => print::line(&none(desk, &workspace, (&args.run, review.0.is_some()))?)?,
    }
    print::line(&next.words(&desk.command()))
}

/// Why there is nothing to read, and what to do about it.
fn none(desk: &Desk, workspace: &Workspace, (run, drafted): (&str, bool)) -> Result<String> {
    let sopd = desk.command();
    let (row, asked) =
        workspace.journal.read(|db| Ok((run::run(db, run)?, run::is_review_asked(db, run)?)))?;
    Ok(match (drafted, asked) {
        (true, _) => format!("the words of the review of {run} are no longer kept; their hash is on record"),
        (false, true) => match next::idle_note(&sopd, workspace) {
            Some(note) => format!("the review of {run} is asked for and not drafted yet; {note}"),
            None => format!("the review of {run} is being drafted; `{sopd} review {run}` shows it"),
        },
        (false, false) if row.state.ended() => {
            format!("nobody has asked for a review of {run} yet: `{sopd} review {run} --as PARTY` does")
        }
        (false, false) => format!("{run} has no review: a run is reviewed when it has ended"),
    })
}
