//! The desk of the demo, with a link for each party that acts in it, until somebody stops it.

use super::Desk;
use crate::access;
use crate::base::text::put;
use crate::base::{Kind, problem::Result};
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::cli::up::runtime;
use crate::daemon::{self, Stopping, Until, Workspace};
use crate::journal::Feed;
use crate::settings::{self, Settings};
use crate::web::{self, Serving};
use futures::future::BoxFuture;

/// Where the demo's desk listens when the usual port is taken: on one that is free.
const ANY_PORT: &str = "127.0.0.1:0";

/// Drives and serves the workspace.
pub(super) fn until_stopped(desk: &Desk, workspace: &Workspace) -> Done {
    let open = |workspace: &Workspace, stopping: Stopping| open(workspace, stopping);
    Ok(runtime()?.block_on(daemon::run_beside(&workspace.root, desk.clock.clone(), Until::Stopped, open))?)
}

fn open(workspace: &Workspace, stopping: Stopping) -> Result<Option<BoxFuture<'static, ()>>> {
    let settings = workspace.snapshot().map_err(daemon::first_of)?.settings.clone();
    let serving = listen(workspace, &settings, stopping)?;
    let Some(serving) = serving else { return Ok(None) };
    let path = &settings.publication.interim;
    let mut parties = vec![
        (&path.forwards, "reads it first and passes it on"),
        (&path.signs, "signs it"),
        (&settings.requester, "asks for missions"),
    ];
    parties.dedup_by_key(|(party, _)| *party);
    let mut words = format!("\nThe desk is at {}, until you press Ctrl-C.", serving.address);
    for (party, does) in parties {
        let named = party.clone();
        let secret = workspace.journal.append(move |tx| access::new_link(tx, &named))?;
        let link = web::link_to(&serving.address, &secret);
        put(&mut words, format_args!("\n  as {party}, who {does}, once, within 30 minutes:\n    {link}"));
    }
    // Whoever started us may have closed the output; the desk is there all the same.
    drop(print::line(&words));
    Ok(Some(serving.serve))
}

/// On the address of the settings; on any port of this machine where that one is taken or none is named.
fn listen(workspace: &Workspace, settings: &Settings, stopping: Stopping) -> Result<Option<Serving>> {
    let feed = Feed::start(&workspace.journal, stopping.clone());
    match web::open(workspace, &settings.desk, &feed, stopping.clone()) {
        Ok(Some(serving)) => Ok(Some(serving)),
        Err(problem) if problem.kind != Kind::Conflict => Err(problem),
        _none_or_taken => {
            let desk = settings::Desk { listen: Some(ANY_PORT.to_owned()), ..settings.desk.clone() };
            web::open(workspace, &desk, &feed, stopping)
        }
    }
}
