//! `sopd sign-in PARTY`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::access;
use crate::base::Problem;
use crate::daemon::{self, Door};
use crate::web;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// For whom: an id on the roster
    party: String,
    /// Also end every session the party has now
    #[arg(long)]
    end_sessions: bool,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let Args { party, end_sessions } = args;
    desk.check_party(&workspace, &party, &[])?;
    let settings = workspace.snapshot()?.settings.desk.clone();
    // Whoever has the port instead would be handed the link.
    if let Some(shut) = daemon::shut_out(&workspace.root) {
        return Err(Problem::conflict(shut)
            .hint("free the port, or name another one in `desk: listen:`")
            .into());
    }
    let there = Door::told(&workspace.root).and_then(|door| door.address);
    let whose = party.clone();
    let secret = workspace.journal.append(move |tx| {
        if end_sessions {
            access::end_all(tx, &whose, None)?;
        }
        access::new_link(tx, &whose)
    })?;
    let address = settings.address.or(there).unwrap_or_else(|| {
        let scheme = if settings.tls_certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", settings.listen.unwrap_or_else(|| "127.0.0.1:8321".to_owned()))
    });
    let link = web::link_to(&address, &secret);
    if desk.json {
        return print::json(&json!({ "shape": "sopd/sign-in/1", "party": party, "link": link }));
    }
    print::line(&format!("signs {party} in, once, within 30 minutes, while `sopd up` runs:\n{link}"))
}
