//! `sopd audit verify|export [ID]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::text::counted;
use crate::daemon;
use crate::journal::{self, Event, Order, Search, events_of};
use serde_json::json;

/// Facts read at once.
const PAGE: u32 = 1_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Read the whole log again and compare it with itself, with every row that is read as truth, and with the anchors in
    /// INDEX.md, the git history and the files of anchors
    Verify {
        /// An anchor from outside as well: a file of `Chain: PLACE HASH` lines, or PLACE:HASH
        #[arg(long, value_name = "ANCHOR")]
        against: Vec<String>,
    },
    /// Print the log's anchor of this moment, to be kept somewhere else
    Anchor,
    /// Look through the log, newest first; facts are written as one JSON object per line
    Search(Wanted),
    /// Write the log as one JSON object per line: into a file or a pipe byte for byte, since the hashes rest on that; onto a
    /// terminal with what would command it written out
    Export {
        /// Only this mission
        id: Option<String>,
    },
}

/// What is looked for.
#[derive(Debug, clap::Args)]
pub(super) struct Wanted {
    /// Words anywhere in the fact
    words: Vec<String>,
    /// What it is about: a mission, a run, an SOP, a file
    #[arg(long, default_value = "")]
    subject: String,
    /// What happened, such as `published`
    #[arg(long, default_value = "")]
    kind: String,
    /// Who did it, or whose doing it was
    #[arg(long, default_value = "", value_name = "PARTY")]
    by: String,
    /// From this day on, such as 2026-11-20
    #[arg(long, default_value = "", value_name = "DAY")]
    from: String,
    /// Until this day, which counts
    #[arg(long, default_value = "", value_name = "DAY")]
    until: String,
    /// Most facts written
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::Search(wanted) => search(desk, wanted),
        Verb::Verify { against } => verify(desk, &against),
        Verb::Anchor => anchor(desk),
        Verb::Export { id } => export(desk, id.as_deref()),
    }
}

fn anchor(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    if desk.json {
        let (place, hash) = workspace.journal.head()?;
        return print::json(&json!({ "shape": "sopd/anchor/1", "place": place, "hash": hash }));
    }
    print::line(&daemon::written_down(&workspace)?)
}

fn verify(desk: &Desk, against: &[String]) -> Done {
    let mut named = Vec::new();
    for anchor in against {
        named.extend(daemon::named(anchor)?);
    }
    let workspace = desk.open()?;
    let anchors = daemon::anchors(&workspace).into_iter().chain(named).collect::<Vec<_>>();
    let verified = daemon::verify(&workspace, &anchors)?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/audit/1", "verified": verified }));
    }
    print::line(&format!(
        "the audit log is whole: {}, {} ({} erased), {}{}, {} from outside; it ends in {}",
        counted(usize::try_from(verified.events).unwrap_or(0), "fact"),
        counted(verified.payloads, "payload"),
        verified.erased,
        counted(verified.rows, "row"),
        if verified.found == 0 {
            String::new()
        } else {
            format!(" ({} only known as an older sopd had left them)", verified.found)
        },
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
        print::json_document(&journal::lines(&page))?;
    }
}

fn search(desk: &Desk, wanted: Wanted) -> Done {
    let Wanted { words, subject, kind, by, from, until, limit } = wanted;
    let wanted = Search { subject, kind, party: by, from, until, words: words.join(" ") };
    let newest = Order::NewestBefore(i64::MAX);
    let one_more = limit.saturating_add(1);
    let mut found: Vec<Event> =
        desk.open()?.journal.read(|db| journal::search(db, &wanted, newest, one_more))?;
    let all = usize::try_from(limit).unwrap_or(usize::MAX);
    if found.len() > all {
        found.truncate(all);
        print::aside(&format!("there are older ones: --limit above {limit} writes more of them"));
    }
    print::json_lines(&journal::lines(&found))
}
