//! `sopd audit verify|export [ID]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::daemon;
use crate::journal::{self, events_of};
use serde_json::json;

/// Facts read at once.
const PAGE: u32 = 1_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Read the whole log again and compare it with itself, INDEX.md and the git history
    Verify,
    /// Write the log as one JSON object per line
    Export {
        /// Only this mission
        id: Option<String>,
    },
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::Verify => verify(desk),
        Verb::Export { id } => export(desk, id.as_deref()),
    }
}

fn verify(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let verified = journal::verify(&workspace.journal, &daemon::anchors(&workspace))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/audit/1", "verified": verified }));
    }
    print::line(&format!(
        "the audit log is whole: {}, {} ({} erased), {} from outside; it ends in {}",
        counted(usize::try_from(verified.events).unwrap_or(0), "fact"),
        counted(verified.payloads, "payload"),
        verified.erased,
        counted(verified.anchors, "anchor"),
        verified.head
    ))
}

fn export(desk: &Desk, id: Option<&str>) -> Done {
    let workspace = desk.open()?;
    if let Some(id) = id {
        // An unknown mission is an error, not an empty file.
        workspace.journal.read(|db| daemon::status_of(db, id))?;
    }
    let mut after = 0;
    loop {
        let page = workspace.journal.read(|db| events_of(db, id, after, PAGE))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        let mut text = String::new();
        for event in &page {
            // As stored: whoever reads the file can hash it again.
            put(
                &mut text,
                format_args!(
                    "{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}\n",
                    event.seq, event.hash, event.text
                ),
            );
        }
        print::raw(&text)?;
    }
}
