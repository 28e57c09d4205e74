//! Who may start which SOP, and how.

use super::{Cause, Request};
use crate::agent::Snapshot;
use crate::base::{Problem, problem::Result};
use crate::roster::Agent;
use crate::run::trigger;
use crate::sop::Sop;
use crate::sop::document::Trigger;

pub(super) fn initiator(snapshot: &Snapshot, request: &Request) -> Result<()> {
    let agent = snapshot.roster.get(&request.by);
    if agent.is_some_and(Agent::is_active) {
        return Ok(());
    }
    Err(Problem::not_allowed(format!("{} is not at work in this company, so cannot start a run", request.by))
        .hint("name a party with --as; see `sopd agents`"))
}

/// Whoever is asked last about a run must be there; one who is not is found out before it begins.
pub(super) fn owner(snapshot: &Snapshot, sop: &Sop) -> Result<()> {
    let owner = &sop.head.owner;
    if snapshot.roster.get(owner).is_some_and(Agent::is_active) {
        return Ok(());
    }
    let told = format!("{} is owned by {owner}, who is not at work in this company", sop.head.id);
    Err(Problem::conflict(told).hint("publish a version with another owner, or put the owner back to work"))
}

pub(super) fn trigger(sop: &Sop, request: &Request) -> Result<()> {
    let allowed = match &request.cause {
        Cause::Manual => sop.head.triggers.contains(&Trigger::Manual),
        Cause::Trigger(words) => trigger::lists(sop, words),
        Cause::Step { .. } => true,
    };
    if allowed {
        return Ok(());
    }
    if let Cause::Trigger(words) = &request.cause {
        return Err(Problem::not_allowed(format!(
            "{} v{} has no trigger `{words}`",
            sop.head.id, sop.head.version
        ))
        .hint("see `sopd triggers` for what starts it"));
    }
    Err(Problem::not_allowed(format!(
        "{} is not started by hand: its triggers leave `manual` out",
        sop.head.id
    ))
    .hint("see `sopd triggers` for what starts it"))
}
