//! Who may speak at all, and at which addresses an agent that works elsewhere may: one list for every face, and
//! whatever is not on it is refused. Whether a known party may do what it wants is decided below.

use crate::base::{Kind, Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::Decision;
use crate::governance::{may_still_answer, sees_missions};

/// What an agent that works elsewhere may use, by method and route: its own part of the inbox, its own assignments
/// and steps (each looked at again where it is shown or answered), and its own account. Every other address is refused, also
/// one that is added some day.
pub const OPEN_TO_OUTSIDE: [(&str, &str); 18] = [
    ("GET", "/api/v1/inbox"),
    ("GET", "/api/v1/decisions/{id}"),
    ("POST", "/api/v1/decisions/{id}/answer"),
    ("POST", "/api/v1/decisions/{id}/reject"),
    ("POST", "/api/v1/decisions/{id}/claim"),
    ("POST", "/api/v1/decisions/{id}/release"),
    ("POST", "/api/v1/runs/{id}/steps/{n}/complete"),
    ("GET", "/api/v1/tokens"),
    ("POST", "/api/v1/tokens/{number}/revoke"),
    ("GET", "/sign-in"),
    ("GET", "/sign-in/{secret}"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/{secret}"),
    ("POST", "/sign-out"),
    ("GET", "/account"),
    ("POST", "/account/password"),
    ("POST", "/account/sessions"),
    ("POST", "/account/tokens"),
];

/// Refuses a party nobody knows or that has left, with the names that would do; `sopd` is how a command line begins.
///
/// # Errors
/// `NotFound`, `NotAllowed`; why the roster cannot be read.
pub fn check_party(sopd: &str, workspace: &Workspace, party: &str, asked_of: &[String]) -> Result<()> {
    workspace.check_party(party, asked_of).map_err(|problem| match asked_of {
        [] if problem.hint.is_none() => problem.hint(format!("`{sopd} agents` lists the roster")),
        _ => problem,
    })
}

/// Refuses an answer to a decision of a party that may not give it any more, whatever it may have been asked.
///
/// # Errors
/// Those of [`check_party`]; `NotAllowed`.
pub(super) fn check_asked(sopd: &str, workspace: &Workspace, party: &str, decision: &Decision) -> Result<()> {
    check_party(sopd, workspace, party, &decision.ask.asked_of)?;
    if !decision.ask.asked_of.iter().any(|asked| asked == party) {
        // Of whom it is asked instead is told below.
        return Ok(());
    }
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    let asked = (party, decision.ask.kind);
    may_still_answer(&snapshot.settings, &snapshot.roster, asked).map_err(|reason| {
        Problem::not_allowed(format!("{reason}, and {} asks for that", decision.id))
            .hint("what was asked of it moves on; see `sopd inbox`")
    })
}

/// Refuses an agent that works elsewhere what is not its own.
///
/// # Errors
/// `NotAllowed`.
pub fn check_sight(workspace: &Workspace, party: &str) -> Result<()> {
    workspace.check_party(party, &[])?;
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    if sees_missions(&snapshot.settings, &snapshot.roster, party) {
        return Ok(());
    }
    Err(Problem::not_allowed(format!(
        "{party} works elsewhere and sees of missions what its assignments show"
    ))
    .hint("`worker_assignments` shows them"))
}

/// Lets in whoever shows a credential of `party`, while that is at work here.
///
/// # Errors
/// `NotAllowed`: a credential is no question about who exists.
pub fn let_in(workspace: &Workspace, party: &str) -> Result<()> {
    let refused = |problem: Problem| Problem { kind: Kind::NotAllowed, ..problem };
    workspace.check_party(party, &[]).map_err(refused)
}

/// Lets `party` in at an address, named by method and route: whoever has left nowhere, and an agent that works
/// elsewhere only at those of [`OPEN_TO_OUTSIDE`].
///
/// # Errors
/// Those of [`check_party`] and [`check_sight`].
pub fn admit(workspace: &Workspace, party: &str, (method, route): (&str, &str)) -> Result<()> {
    let method = if method == "HEAD" { "GET" } else { method };
    if OPEN_TO_OUTSIDE.contains(&(method, route)) {
        return let_in(workspace, party);
    }
    let_in(workspace, party)?;
    check_sight(workspace, party)
}
