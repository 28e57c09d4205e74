//! What a party does about a decision short of deciding it: passing it on, putting it off, taking it on, asking.

use super::party::{check_asked, check_party};
use crate::agent::Snapshot;
use crate::base::trace::is_run;
use crate::base::{Problem, Span, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Claim, Decision, DecisionKind, Given};
use crate::governance::{self, Matter, Parties, sees_missions};
use crate::mission;
use crate::roster::AgentRole;
use crate::run::{self, Actor};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Has `to` asked in the place of the party.
///
/// # Errors
/// Those of [`decision::delegate`]; `NotAllowed` where `to` has no authority to decide it, `NotFound` where nobody
/// knows it.
pub fn delegate(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, to, text): (&str, &str, &str),
) -> Result<Decision> {
    let decision = known(sopd, workspace, actor, id)?;
    check_party(sopd, workspace, to, &[])?;
    may_stand_in(workspace, &decision, (&actor.by, to))?;
    let (given, to) = (given(actor, text), to.to_owned());
    workspace.journal.append(move |tx| decision::delegate(tx, &decision.id, &to, &given))?
}

/// Puts a decision off by so long.
///
/// # Errors
/// Those of [`decision::defer`].
pub fn defer(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, by, text): (&str, Span, &str),
) -> Result<Decision> {
    let decision = known(sopd, workspace, actor, id)?;
    let most = workspace.snapshot().map_err(daemon::first_of)?.settings.decisions.max_deferral;
    let given = given(actor, text);
    workspace.journal.append(move |tx| decision::defer(tx, &decision.id, (by, most), &given))?
}

/// Takes a decision on, for a while.
///
/// # Errors
/// Those of [`decision::claim`].
pub fn claim(sopd: &str, workspace: &Workspace, actor: &Actor, id: &str) -> Result<(Decision, Claim)> {
    let decision = known(sopd, workspace, actor, id)?;
    let given = given(actor, "");
    workspace.journal.append(move |tx| {
        let claimed = decision::claim(tx, &decision.id, &given)?;
        Ok(claimed.map(|claim| (decision, claim)))
    })?
}

/// Gives back what was taken on.
///
/// # Errors
/// Those of [`decision::release`].
pub fn release(sopd: &str, workspace: &Workspace, actor: &Actor, id: &str) -> Result<Decision> {
    let decision = known(sopd, workspace, actor, id)?;
    let given = given(actor, "");
    workspace.journal.append(move |tx| {
        decision::release(tx, &decision.id, &given)?;
        Ok(decision)
    })
}

/// Asks `to` something before deciding; gives the question as it waits now.
///
/// # Errors
/// Those of [`decision::ask`]; `NotAllowed` for a party that sees nothing of missions, `NotFound` for one nobody knows.
pub fn ask(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, to, question): (&str, &str, &str),
) -> Result<Decision> {
    let decision = known(sopd, workspace, actor, id)?;
    check_party(sopd, workspace, to, &[])?;
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    if !sees_missions(&snapshot.settings, &snapshot.roster, to) {
        return Err(Problem::not_allowed(format!("{to} works elsewhere and cannot be asked about missions")));
    }
    let (given, to) = (given(actor, question), to.to_owned());
    workspace.journal.append(move |tx| decision::ask(tx, &decision.id, &to, &given))?
}

fn known(sopd: &str, workspace: &Workspace, actor: &Actor, id: &str) -> Result<Decision> {
    let decision = workspace.journal.read(|db| decision::find(db, id))?;
    check_asked(sopd, workspace, &actor.by, &decision)?;
    Ok(decision)
}

fn given(actor: &Actor, text: &str) -> Given {
    Given {
        by: actor.by.clone(),
        os_user: actor.os_user.clone(),
        text: text.trim().to_owned(),
        ..Given::default()
    }
}

/// Refuses a party the rules of authority would not ask. Whoever passed it on may have it back.
fn may_stand_in(workspace: &Workspace, decision: &Decision, (from, to): (&str, &str)) -> Result<()> {
    let refused = rules(workspace, decision)?.refuse(decision, (from, to));
    refused.map_or(Ok(()), |reason| {
        Err(Problem::not_allowed(format!("{} cannot pass to {to}: {reason}", decision.id))
            .hint("delegating gives no right to anybody the rules would not ask"))
    })
}

/// The parties to whom `from` may pass a decision on, and why the others are none of them, each reason once.
///
/// # Errors
/// `NotFound` for a decision there is not.
pub fn stand_ins(workspace: &Workspace, id: &str, from: &str) -> Result<(Vec<String>, Vec<String>)> {
    let decision = workspace.journal.read(|db| decision::one(db, id))?;
    let rules = rules(workspace, &decision)?;
    let (mut able, mut reasons) = (Vec::new(), Vec::new());
    let others = rules.snapshot.roster.active().map(|agent| agent.head.id.as_str());
    for party in
        others.filter(|party| *party != from && !decision.ask.asked_of.iter().any(|one| one == party))
    {
        let barred = decision.ask.barred.get(party).cloned();
        match barred.or_else(|| rules.refuse(&decision, (from, party))) {
            None => able.push(party.to_owned()),
            Some(reason) if reasons.contains(&reason) => {}
            Some(reason) => reasons.push(reason),
        }
    }
    Ok((able, reasons))
}

/// What tells who may decide something in the place of who is asked.
struct Rules {
    snapshot: Arc<Snapshot>,
    /// Who has passed it on, and may have it back.
    before: Vec<String>,
    parties: Parties,
    named: Vec<String>,
    /// Who let the step go ahead that the decision is about.
    let_through: BTreeSet<String>,
}

fn rules(workspace: &Workspace, decision: &Decision) -> Result<Rules> {
    let now = workspace.journal.clock().now();
    let of_run = is_run(&decision.ask.mission);
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    let (before, mut parties, let_through) = workspace.journal.read(|db| {
        let care = decision::care(db, decision, now)?;
        let id = &decision.ask.mission;
        let parties = if of_run { Parties::default() } else { mission::hands(db, id)? };
        Ok((care.delegated_by, parties, decision::let_through(db, decision)?))
    })?;
    let mut orchestrators = snapshot.roster.with_role(AgentRole::Orchestrator);
    parties.orchestrator = orchestrators.next().map(|agent| agent.head.id.clone()).unwrap_or_default();
    drop(orchestrators);
    let step =
        decision.ask.details.get("step").and_then(Value::as_u64).and_then(|step| u32::try_from(step).ok());
    let named = match decision.ask.kind {
        DecisionKind::Gate => run::gate_parties(&workspace.journal, &decision.ask.mission, step)?,
        _ => Vec::new(),
    };
    Ok(Rules { snapshot, before, parties, named, let_through })
}

impl Rules {
    /// Why `to` may not decide it in the place of `from`, if it may not.
    fn refuse(&self, decision: &Decision, (from, to): (&str, &str)) -> Option<String> {
        if self.before.iter().any(|party| party == to) {
            return None;
        }
        if self.let_through.contains(to) {
            return Some(format!("{to} let this step go ahead, and cannot do it as well"));
        }
        let of_run = is_run(&decision.ask.mission);
        let matter = match decision.ask.kind {
            DecisionKind::Publish => Matter::Signature(&self.parties),
            DecisionKind::Forward => Matter::Forwarding(&self.parties),
            DecisionKind::Question if of_run => Matter::Work,
            DecisionKind::Question => Matter::Word(&self.parties),
            DecisionKind::Gate => Matter::Named(&self.named),
            DecisionKind::Stuck
            | DecisionKind::Result
            | DecisionKind::Review
            | DecisionKind::PeriodicReview => Matter::Rank,
            DecisionKind::Task => Matter::Work,
            DecisionKind::Assignment => Matter::Own,
        };
        let (roster, publication) = (&self.snapshot.roster, &self.snapshot.settings.publication);
        governance::stand_in(roster, publication, (from, to), matter).err()
    }
}
