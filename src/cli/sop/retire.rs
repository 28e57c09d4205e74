//! `sopd sop retire ID --as PARTY --reason T`

use crate::base::text::listed;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::{self, Actor, next, shapes};
use crate::run::{self, Wanted};
use crate::sop::SopId;

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
    let actor = Desk::actor(args.party);
    let row = front::retire(&desk.command(), &workspace, &actor, (args.id, args.reason.clone()))?;
    if desk.json {
        return print::json(&shapes::retired(&row, &actor, &args.reason));
    }
    let Actor { by, os_user } = actor;
    print::line(&format!(
        "{} v{} is retired by {}, on record as done by {}; its file stays where it is",
        row.id, row.version, by, os_user
    ))?;
    let wanted = Wanted { sop: Some(row.id.clone()), state: None, limit: 0, after: None };
    let runs = workspace.journal.read(|db| run::runs(db, &wanted))?;
    let open: Vec<String> = runs.into_iter().filter(|run| run.ended_at.is_none()).map(|run| run.id).collect();
    if !open.is_empty() {
        let said = format!("still under way, and staying on it: {}", listed(&open));
        print::line(&format!("{said}; `{} cancel RUN` ends one", desk.command()))?;
    }
    next::idle_note(&desk.command(), &workspace).map_or(Ok(()), |note| print::line(&note))
}
