//! `sopd council request ID|FILE --as PARTY`

use super::desk::Desk;
use super::print;
use super::submit;
use super::trouble::Done;
use crate::base::{Problem, problem::Result};
use crate::brief::{Ask, Brief};
use crate::front::next;
use crate::mission::{self, NewMission};
use serde_json::json;
use std::path::Path;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Ask the council: would a thoughtful outsider catch something we cannot see from inside?
    Request {
        /// A mission (M-…), or any text file it should look at
        what: String,
        /// For whom you act: an id on the roster
        #[arg(long = "as", value_name = "PARTY")]
        party: String,
        /// Bring the very same file once more
        #[arg(long)]
        again: bool,
    },
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    let Verb::Request { what, party, again } = verb;
    let workspace = desk.open()?;
    let file = (!mission::is_id(&what) || Path::new(&what).is_file()).then(|| read(&what)).transpose()?;
    if file.is_none() {
        workspace.journal.read(|db| mission::mission(db, &what))?;
    }
    desk.check_party(&workspace, &party, &[])?;
    let by = party.clone();
    let (id, said) = match file {
        None => {
            let id = what.clone();
            workspace.journal.append(move |tx| mission::call_council(tx, &what, &by))?;
            (id, "it is held with the next round")
        }
        Some((name, text)) => {
            let new = NewMission {
                brief: brief(&name, &text),
                text,
                file: name,
                requester: by,
                again,
                dropped: false,
            };
            (
                workspace.journal.append(move |tx| mission::review(tx, &new))?,
                "its answer will be in council.md",
            )
        }
    };
    if desk.json {
        return print::json(&json!({ "shape": "sopd/council/1", "mission": id, "by": party }));
    }
    print::line(&format!("{party} has called the council for {id}; {said}"))?;
    next::idle_note(&desk.command(), &workspace).map_or(Ok(()), |note| print::line(&note))
}

fn read(what: &str) -> Result<(String, String)> {
    let path = Path::new(what);
    if !path.is_file() {
        return Err(
            Problem::not_found(format!("`{what}` is neither a mission nor a file")).hint("see `sopd status`")
        );
    }
    submit::read(path)
}

/// The file as it is: its first heading is the title, and nothing in it is taken for a mission's head.
fn brief(name: &str, text: &str) -> Brief {
    let heading = text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim);
    let title = heading.filter(|title| !title.is_empty()).unwrap_or(name);
    Brief { title: title.to_owned(), text: text.to_owned(), ask: Ask::default() }
}
