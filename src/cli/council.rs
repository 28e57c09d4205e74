//! `sopd council request ID --as PARTY`

use super::desk::Desk;
use super::next;
use super::print;
use super::trouble::Done;
use crate::mission;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Ask the council: would a thoughtful outsider catch something we cannot see from inside?
    Request {
        /// The mission (M-…)
        id: String,
        /// For whom you act: an id on the roster
        #[arg(long = "as", value_name = "PARTY")]
        party: String,
    },
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    let Verb::Request { id, party } = verb;
    let workspace = desk.open()?;
    workspace.journal.read(|db| mission::mission(db, &id))?;
    desk.check_party(&workspace, &party, &[])?;
    let (mission, by) = (id.clone(), party.clone());
    workspace.journal.append(move |tx| mission::call_council(tx, &mission, &by))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/council/1", "mission": id, "by": party }));
    }
    print::line(&format!("{party} has called the council for {id}; it is held with the next round"))?;
    next::idle_note(desk, &workspace).map_or(Ok(()), |note| print::line(&note))
}
