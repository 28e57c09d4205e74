//! `sopd cleanup --as PARTY`: erase what retention says

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::base::text::counted;
use crate::daemon;
use crate::journal;
use crate::run::{self, Actor};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// For whom you act: the party that signs publications
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    desk.check_party(&workspace, &args.party, &[])?;
    let snapshot = workspace.snapshot()?;
    let signer = run::signer(&snapshot.settings, &snapshot.roster);
    if args.party != signer {
        return Err(Problem::not_allowed(format!(
            "{} may not erase what runs left: {signer}, who signs publications, may",
            args.party
        ))
        .hint("or let the daemon do it by itself: `retention: { erase: true }` in sopd.yaml")
        .into());
    }
    let days = snapshot.settings.retention.days;
    let actor = Actor { by: args.party, os_user: os_user() };
    let erased = workspace.journal.append(move |tx| run::cleanup(tx, days, &actor))?;
    daemon::empty_run_folders(&workspace, &erased.runs)?;
    journal::overwrite_erased(&workspace.journal)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/cleanup/1", "days": days, "runs": erased.runs, "payloads": erased.payloads,
        }));
    }
    print::line(&format!(
        "{} of {} that ended more than {days} days ago erased, also from the journal's file; every fact and its hash stays. \
         Backups taken before still hold them.",
        counted(erased.payloads, "payload"),
        counted(erased.runs.len(), "run")
    ))
}
