//! What a party does with a run besides starting, steering and handing in: adjusting it while it is held, its review,
//! and how far its SOP goes without asking.

use super::party::check_party;
use crate::base::{Digest, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::registry::{self, Status};
use crate::run::{self, Actor, Adjustment, Widened, Word};
use crate::sop::SopId;

/// Changes a held run. Gives how it differs from its SOP, in words.
///
/// # Errors
/// Those of [`run::adjust`].
pub fn adjust(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, adjustment): (&str, Adjustment),
) -> Result<Vec<String>, Vec<Problem>> {
    let whole = |problem| vec![problem];
    let plan = run::plan_of(&workspace.journal, id).map_err(whole)?;
    check_party(sopd, workspace, &actor.by, &[]).map_err(whole)?;
    let snapshot = workspace.snapshot()?;
    let (actor, id) = (actor.clone(), id.to_owned());
    let adjusted = workspace
        .journal
        .append(move |tx| run::adjust(tx, &id, &adjustment, (&actor, (*plan).clone(), &snapshot.roster)));
    adjusted.map_err(whole)
}

/// Has the post-run review drafted.
///
/// # Errors
/// Those of [`run::ask_review`].
pub fn ask_review(sopd: &str, workspace: &Workspace, party: &str, id: &str) -> Result<()> {
    workspace.journal.read(|db| run::run(db, id))?;
    check_party(sopd, workspace, party, &[])?;
    let (id, party) = (id.to_owned(), party.to_owned());
    workspace.journal.append(move |tx| run::ask_review(tx, &id, &party)).map(drop)
}

/// The post-run review with its hash, once it is drafted; its words are gone where retention erased them.
///
/// # Errors
/// `NotFound` for an unknown run.
pub fn review(workspace: &Workspace, id: &str) -> Result<(Option<Digest>, Option<String>)> {
    let hash = workspace.journal.read(|db| {
        run::run(db, id)?;
        run::review_of(db, id)
    })?;
    let bytes = hash.as_ref().map(|hash| workspace.journal.blob(hash)).transpose()?.flatten();
    Ok((hash, bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
}

/// A word about how far an SOP goes without asking.
#[derive(Clone, Debug)]
pub struct Autonomy {
    /// One step only.
    pub step: Option<u32>,
    /// Its danger no longer asks a person first; else it asks again.
    pub widen: bool,
    /// Why; goes on record.
    pub reason: String,
}

/// Says how far an SOP goes without asking, where something is said, and gives what holds then.
///
/// # Errors
/// Those of [`run::say`].
pub fn autonomy(
    sopd: &str,
    workspace: &Workspace,
    sop: &SopId,
    said: Option<(&Actor, Autonomy)>,
) -> Result<Widened, Vec<Problem>> {
    let whole = |problem| vec![problem];
    let versions = workspace.journal.read(|db| registry::history(db, sop)).map_err(whole)?;
    if let Some((actor, Autonomy { step, widen, reason })) = said {
        check_party(sopd, workspace, &actor.by, &[]).map_err(whole)?;
        let snapshot = workspace.snapshot()?;
        let signer = run::signer(&snapshot.settings, &snapshot.roster);
        let (by, os_user) = (actor.by.clone(), actor.os_user.clone());
        let word = Word { sop: sop.clone(), step, widen, by, os_user, reason };
        run::say(&workspace.journal, &workspace.root, word, signer).map_err(whole)?;
    }
    let active = versions.iter().find(|row| row.status == Status::Active).or(versions.first());
    let Some(row) = active else { return Ok(Widened::default()) };
    workspace.journal.read(|db| run::widened(db, sop, row.version)).map_err(whole)
}
