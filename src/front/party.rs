//! Who may speak at all: a party somebody knows. Whether a known one may act is decided below.

use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::governance::sees_missions;

/// Refuses a party nobody knows, with the names that would do; `sopd` is how a command line begins.
///
/// # Errors
/// `NotFound`.
pub fn check_party(sopd: &str, workspace: &Workspace, party: &str, asked_of: &[String]) -> Result<()> {
    workspace.check_party(party, asked_of).map_err(|problem| match asked_of {
        [] => problem.hint(format!("`{sopd} agents` lists the roster")),
        _ => problem,
    })
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
