//! `sopd council request ID|FILE --as PARTY`

use super::desk::Desk;
use super::print;
use super::submit;
use super::trouble::Done;
use crate::base::{Problem, problem::Result};
use crate::front::{self, ForCouncil, next};
use crate::mission;
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
    let mission = mission::is_id(&what) && !Path::new(&what).is_file();
    let (what, said) = if mission {
        (ForCouncil::Mission(what), "it is held with the next round")
    } else {
        let (name, text) = read(&what)?;
        (ForCouncil::Text { name, text, again }, "its answer will be in council.md")
    };
    let id = front::call_council(&desk.command(), &workspace, &party, what)?;
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
