//! `sopd sop list`

use super::approval;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::shapes;
use crate::registry::{self, Status};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only active versions
    #[arg(long)]
    active: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let mut rows = desk.open()?.journal.read(registry::all)?;
    rows.retain(|row| !args.active || row.status == Status::Active);
    if desk.json {
        return print::json(&rows.iter().map(shapes::sop).collect::<Vec<_>>());
    }
    if rows.is_empty() {
        return print::line("nothing is published yet");
    }
    let cells = rows.iter().map(|row| {
        vec![
            row.id.to_string(),
            row.version.to_string(),
            row.status.word().to_owned(),
            row.owner.clone(),
            approval(row),
            row.sha256.short().to_owned(),
            row.path.clone(),
        ]
    });
    let head = ["sop", "version", "status", "owner", "approved by", "sha-256", "file"];
    print::line(&print::table(&head, &cells.collect::<Vec<_>>()))
}
