//! What a party does about a decision short of deciding it: passing it on, putting it off, taking it on, asking.

use super::party::check_party;
use crate::base::trace::is_run;
use crate::base::{Problem, Span, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Claim, Decision, DecisionKind, Given};
use crate::governance::{self, Matter, Parties, sees_missions};
use crate::mission;
use crate::roster::AgentRole;
use crate::run::{self, Actor};
use serde_json::Value;

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
    check_party(sopd, workspace, &actor.by, &decision.ask.asked_of)?;
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
    let now = workspace.journal.clock().now();
    let care = workspace.journal.read(|db| decision::care(db, decision, now))?;
    if care.delegated_by.iter().any(|party| party == to) {
        return Ok(());
    }
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    let (roster, publication) = (&snapshot.roster, &snapshot.settings.publication);
    let of_run = is_run(&decision.ask.mission);
    let mut parties = if of_run {
        Parties::default()
    } else {
        workspace.journal.read(|db| mission::hands(db, &decision.ask.mission))?
    };
    parties.orchestrator = roster
        .with_role(AgentRole::Orchestrator)
        .next()
        .map(|agent| agent.head.id.clone())
        .unwrap_or_default();
    let step =
        decision.ask.details.get("step").and_then(Value::as_u64).and_then(|step| u32::try_from(step).ok());
    let named = match decision.ask.kind {
        DecisionKind::Gate => run::gate_parties(&workspace.journal, &decision.ask.mission, step)?,
        _ => Vec::new(),
    };
    let matter = match decision.ask.kind {
        DecisionKind::Publish => Matter::Signature(&parties),
        DecisionKind::Forward => Matter::Forwarding(&parties),
        DecisionKind::Question if of_run => Matter::Work,
        DecisionKind::Question => Matter::Word(&parties),
        DecisionKind::Gate => Matter::Named(&named),
        DecisionKind::Stuck | DecisionKind::Result | DecisionKind::Review => Matter::Rank,
        DecisionKind::Task => Matter::Work,
        DecisionKind::Assignment => Matter::Own,
    };
    if decision.ask.kind == DecisionKind::Task {
        not_its_approver(workspace, decision, to)?;
    }
    governance::stand_in(roster, publication, (from, to), matter).map_err(|reason| {
        Problem::not_allowed(format!("{} cannot pass to {to}: {reason}", decision.id))
            .hint("delegating gives no right to anybody the rules would not ask")
    })
}

/// Whoever let a step go ahead does not do it as well.
fn not_its_approver(workspace: &Workspace, task: &Decision, to: &str) -> Result<()> {
    let all = workspace.journal.read(|db| decision::all_of_mission(db, &task.ask.mission))?;
    let of_step = |one: &&Decision| {
        one.ask.kind == DecisionKind::Gate && one.ask.details.get("step") == task.ask.details.get("step")
    };
    let let_through = |one: &Decision| {
        one.votes.iter().any(|by| by == to) || one.answer.as_ref().is_some_and(|answer| answer.by == to)
    };
    if all.iter().filter(of_step).any(let_through) {
        return Err(Problem::not_allowed(format!("{to} let this step go ahead, and cannot do it as well")));
    }
    Ok(())
}
