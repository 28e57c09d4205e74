//! Who may speak at all: a party somebody knows. Whether a known one may act is decided below.

use crate::base::problem::Result;
use crate::daemon::Workspace;

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
