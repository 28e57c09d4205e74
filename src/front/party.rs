//! Who may speak at all: a party somebody knows. Whether a known one may act is decided below.

use crate::agent::Snapshot;
use crate::base::text::listed;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::governance::sees_missions;

/// Refuses a party nobody knows, with the names that would do; `sopd` is how a command line begins.
///
/// # Errors
/// `NotFound`.
pub fn check_party(sopd: &str, workspace: &Workspace, party: &str, asked_of: &[String]) -> Result<()> {
    if asked_of.iter().any(|asked| asked == party) {
        return Ok(());
    }
    // With a roster that cannot be read, whoever is asked may still act; the rest is refused below anyway.
    let Ok(Snapshot { settings, roster, .. }) = workspace.snapshot() else { return Ok(()) };
    if roster.get(party).is_some() || settings.requester == party {
        return Ok(());
    }
    let problem =
        Problem::not_found(format!("there is no party `{party}`: nobody on the roster has that id"));
    Err(problem.hint(if asked_of.is_empty() {
        format!("`{sopd} agents` lists the roster")
    } else {
        format!("this is asked of {}", listed(asked_of))
    }))
}

/// Refuses an agent that works elsewhere what is not its own.
///
/// # Errors
/// `NotAllowed`.
pub fn check_sight(workspace: &Workspace, party: &str) -> Result<()> {
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    if sees_missions(&snapshot.roster, party) {
        return Ok(());
    }
    Err(Problem::not_allowed(format!(
        "{party} works elsewhere and sees of missions what its assignments show"
    ))
    .hint("`worker_assignments` shows them"))
}
