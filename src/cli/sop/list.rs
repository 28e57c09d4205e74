//! `sopd sop list`

use super::approval;
use crate::base::Instant;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::shapes;
use crate::registry::{self, Status, VersionRow};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only active versions
    #[arg(long)]
    active: bool,
    /// Only active versions whose review is due
    #[arg(long)]
    due: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let mut rows = desk.open()?.journal.read(registry::all)?;
    let now = desk.clock.now();
    rows.retain(|row| !(args.active || args.due) || row.status == Status::Active);
    rows.retain(|row| !args.due || row.review_due.is_some_and(|due| due <= now));
    if desk.json {
        return print::json(&rows.iter().map(shapes::sop).collect::<Vec<_>>());
    }
    if rows.is_empty() {
        return print::line(if args.due { "no review is due" } else { "nothing is published yet" });
    }
    let cells = rows.iter().map(|row| {
        vec![
            row.id.to_string(),
            row.version.to_string(),
            row.status.word().to_owned(),
            review(row, now),
            row.owner.clone(),
            approval(row),
            row.sha256.short().to_owned(),
            row.path.clone(),
        ]
    });
    let head = ["sop", "version", "status", "review", "owner", "approved by", "sha-256", "file"];
    print::line(&print::table(&head, &cells.collect::<Vec<_>>()))
}

/// When an active version is to be looked at again.
fn review(row: &VersionRow, now: Instant) -> String {
    match row.review_due.filter(|_| row.status == Status::Active) {
        Some(due) if due <= now => format!("due since {}", due.day()),
        Some(due) => due.day(),
        None => String::new(),
    }
}
