//! What a party does with a mission besides answering.

use super::party::check_party;
use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::mission::{self, Control};
use crate::run::Actor;

/// Ends a mission; everything produced so far is kept.
///
/// # Errors
/// Those of [`mission::cancel`].
pub fn cancel_mission(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, text): (&str, &str),
) -> Result<(), Vec<Problem>> {
    let whole = |problem| vec![problem];
    workspace.journal.read(|db| mission::mission(db, id)).map_err(whole)?;
    check_party(sopd, workspace, &actor.by, &[]).map_err(whole)?;
    let publication = workspace.snapshot()?.settings.publication;
    let control = Control {
        mission: id.to_owned(),
        by: actor.by.clone(),
        os_user: actor.os_user.clone(),
        text: text.to_owned(),
    };
    workspace.journal.append(move |tx| mission::cancel(tx, &control, &publication)).map_err(whole)
}
