//! `sopd mission cancel|retry ID --as PARTY`

use super::decide::{Act, act};
use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::decision::{self, DecisionKind, Verb as Answer};
use crate::front::next;
use crate::mission::{self, Control};
use serde_json::json;

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
        Verb::Cancel(args) => control(desk, args, true),
        Verb::Retry(args) => retry(desk, args),
    }
}

/// An open decision about being stuck takes the retry as its answer; a stopped workflow is driven again.
fn retry(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let open = workspace.journal.read(|db| {
        mission::mission(db, &args.id)?;
        decision::open_of_mission(db, &args.id)
    })?;
    let mut stuck = open.into_iter().filter(|decision| decision.ask.kind == DecisionKind::Stuck);
    match (stuck.next(), stuck.next()) {
        (None, _) => control(desk, args, false),
        (Some(only), None) => {
            let Args { party, comment, .. } = args;
            act(
                desk,
                Act {
                    id: only.id,
                    verb: Answer::Retry,
                    party,
                    text: comment,
                    overriding: None,
                    line: None,
                    shown: None,
                },
            )
        }
        (Some(one), Some(two)) => {
            let problem = Problem::usage(format!(
                "{} is stuck in more than one place: {}, {}",
                args.id, one.id, two.id
            ));
            Err(problem.hint("approve, reject or revise one of them by its own id").into())
        }
    }
}

fn control(desk: &Desk, args: Args, cancel: bool) -> Done {
    let workspace = desk.open()?;
    workspace.journal.read(|db| mission::mission(db, &args.id))?;
    desk.check_party(&workspace, &args.party, &[])?;
    let snapshot = workspace.snapshot()?;
    let before = workspace.journal.head()?.0;
    let control =
        Control { mission: args.id.clone(), by: args.party, os_user: os_user(), text: args.comment };
    let said = if cancel { "cancelled" } else { "tried again" };
    let by = control.by.clone();
    workspace.journal.append(move |tx| {
        let publication = &snapshot.settings.publication;
        if cancel {
            mission::cancel(tx, &control, publication)
        } else {
            mission::retry(tx, &control, publication)
        }
    })?;
    let next = next::look_on(&workspace, &args.id, before)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/mission/1", "mission": args.id, "asked": said, "by": by,
            "state": next.state, "driven": next.driven,
        }));
    }
    print::line(&format!("{} is to be {said}, as {by} says", args.id))?;
    print::line(&next.words(&desk.command()))
}
