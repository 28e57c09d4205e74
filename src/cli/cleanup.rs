//! `sopd cleanup --as PARTY`: erase what retention says

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::text::counted;
use crate::daemon;
use crate::run::{self, Actor};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    desk.check_party(&workspace, &args.party, &[])?;
    let days = workspace.snapshot()?.settings.retention.days;
    let actor = Actor { by: args.party, os_user: os_user() };
    let erased = workspace.journal.append(move |tx| run::cleanup(tx, days, &actor))?;
    daemon::empty_run_folders(&workspace, &erased.runs)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/cleanup/1", "days": days, "runs": erased.runs, "payloads": erased.payloads,
        }));
    }
    print::line(&format!(
        "{} of {} that ended more than {days} days ago erased; every fact and its hash stays",
        counted(erased.payloads, "payload"),
        counted(erased.runs.len(), "run")
    ))
}
