//! `sopd sop retire ID --as PARTY --reason T`

use crate::cli::desk::{Desk, os_user};
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::next;
use crate::mission::{self, Retire};
use crate::sop::SopId;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The SOP
    id: SopId,
    /// For whom you act: who signs publications
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// Why; it stands in the registry
    #[arg(long)]
    reason: String,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    desk.check_party(&workspace, &args.party, &[])?;
    let snapshot = workspace.snapshot()?;
    let retire = Retire { sop: args.id, by: args.party, os_user: os_user(), reason: args.reason };
    let asked = retire.clone();
    let row = workspace.journal.append(move |tx| mission::retire(tx, &asked, &snapshot))?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/retirement/1", "sop": row.id, "version": row.version, "sha256": row.sha256,
            "status": "archived", "by": retire.by, "os_user": retire.os_user, "reason": retire.reason,
        }));
    }
    print::line(&format!(
        "{} v{} is retired by {}, on record as done by {}; its file stays where it is",
        row.id, row.version, retire.by, retire.os_user
    ))?;
    next::idle_note(&desk.command(), &workspace).map_or(Ok(()), |note| print::line(&note))
}
