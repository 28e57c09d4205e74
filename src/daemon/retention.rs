//! What is over goes by itself: the working folders of runs whose retention time has passed, which only their commands
//! used, and where the settings say so, the payloads of these runs.

use super::run_folder::{empty_run_folders, remove_work};
use super::workspace::Workspace;
use crate::base::problem::Result;
use crate::journal;
use crate::run::{self, Actor};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked for what is over.
const PERIOD: Duration = Duration::from_hours(1);

/// When it was last looked.
#[derive(Default)]
pub(super) struct Looked(Option<Instant>);

/// Removes what is over, at the start and every hour. Settings that cannot be read remove nothing.
pub(super) fn look_after(workspace: &Workspace, last: &mut Looked) -> Result<()> {
    if last.0.is_some_and(|at| at.elapsed() < PERIOD) {
        return Ok(());
    }
    last.0 = Some(Instant::now());
    let Ok(snapshot) = workspace.snapshot() else { return Ok(()) };
    let retention = snapshot.settings.retention;
    let now = workspace.journal.clock().now();
    for id in workspace.journal.read(|db| run::over_before(db, now, retention.days))? {
        remove_work(workspace, &id)?;
    }
    if retention.erase {
        erase(workspace, retention.days)?;
    }
    Ok(())
}

fn erase(workspace: &Workspace, days: u32) -> Result<()> {
    let actor = Actor { by: "sopd".to_owned(), os_user: String::new() };
    let erased = workspace.journal.append(move |tx| run::cleanup(tx, days, &actor))?;
    empty_run_folders(workspace, &erased.runs)?;
    if !erased.runs.is_empty() {
        journal::overwrite_erased(&workspace.journal)?;
        tracing::info!(
            runs = erased.runs.len(),
            payloads = erased.payloads,
            "retention erased what was over"
        );
    }
    Ok(())
}
