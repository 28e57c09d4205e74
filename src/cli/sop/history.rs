//! `sopd sop history SOP`

use super::approval;
use crate::base::Problem;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::shapes;
use crate::registry;
use crate::sop::SopId;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP-REV-x
    sop: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let id: SopId = args.sop.parse().map_err(Problem::usage)?;
    let rows = desk.open()?.journal.read(|db| registry::history(db, &id))?;
    if desk.json {
        return print::json(&rows.iter().map(shapes::sop).collect::<Vec<_>>());
    }
    let cells = rows.iter().map(|row| {
        let mission = row.mission.clone().unwrap_or_default();
        vec![
            row.version.to_string(),
            row.status.word().to_owned(),
            approval(row),
            mission,
            row.sha256.short().to_owned(),
        ]
    });
    let head = ["version", "status", "approved by", "mission", "sha-256"];
    print::line(&format!("{}\n{}", print::bold(id.as_str()), print::table(&head, &cells.collect::<Vec<_>>())))
}
