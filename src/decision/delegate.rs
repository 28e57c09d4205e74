//! Passing a decision on to another party, which is asked in one's place. Whether that party may decide it is for
//! `governance`; here it must not be barred, and nobody passes on what is not asked of them.

use super::answer::{Answer, Given, check_party, record, still_open};
use super::care::{self, care};
use super::rows::{Decision, DecisionKind, Verb, text};
use crate::base::{Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;

/// Asks `to` in the place of `from`, who has left; nobody's word, so the daemon's own doing. Told like an escalation:
/// somebody is asked who was not before.
///
/// # Errors
/// Of the journal.
pub fn hand_on(tx: &Tx<'_>, decision: &Decision, (from, to): (&str, &str), why: &str) -> Result<()> {
    let mut asked_of: Vec<String> = Vec::new();
    for party in &decision.ask.asked_of {
        let party = if party == from { to } else { party };
        if !asked_of.iter().any(|there| there == party) {
            asked_of.push(party.to_owned());
        }
    }
    tx.db()
        .prepare_cached("UPDATE decision SET asked_of = ?2 WHERE number = ?1")?
        .execute((decision.number(), text(&asked_of)?))?;
    care::set_claim(tx, decision, None)?;
    let due = decision.ask.due_at.map(|due| due.to_string());
    let body = json!({
        "decision": decision.id, "asked_of": asked_of, "due_at": due, "last": false, "left": from, "to": to,
        "why": why,
    });
    tx.event(&decision.ask.mission, "decision_escalated", &body).map(drop)
}

/// Closes an assignment of who has left and of whom nobody can hand it in for: with a draft that says so.
///
/// # Errors
/// Of the journal.
pub fn close_for(tx: &Tx<'_>, decision: &Decision, draft: &str) -> Result<()> {
    let answer = Answer {
        verb: Verb::Answer,
        by: "sopd".to_owned(),
        os_user: String::new(),
        at: tx.now(),
        text: draft.to_owned(),
        overriding: None,
        line: None,
        hash: decision.ask.hash.clone(),
        edited: None,
    };
    record(tx, decision, &answer)
}

/// Asks `to` in the place of who says so. The inner problem is that of a deadline which was found to have passed.
///
/// # Errors
/// `NotAllowed` where it is not asked of who says so or `to` may not decide it, `Conflict` where it is closed, or who
/// says so has agreed to it already, `Usage` where `to` is asked anyway.
pub fn delegate(tx: &Tx<'_>, id: &str, to: &str, given: &Given) -> Result<Result<Decision, Problem>> {
    let decision = super::find(tx.db(), id)?;
    check_party(&decision, &given.by)?;
    if let Some(late) = still_open(tx, &decision)? {
        return Ok(Err(late));
    }
    let asked = &decision.ask.asked_of;
    if asked.iter().any(|party| party == to) {
        return Err(Problem::usage(format!("{} is asked of {to} already", decision.id)));
    }
    if let Some(reason) = decision.ask.barred.get(to) {
        return Err(Problem::not_allowed(format!("{to} may not decide this: {reason}")));
    }
    if decision.votes.contains(&given.by) {
        return Err(Problem::conflict(format!("{} has said yes to {} already", given.by, decision.id))
            .hint("there is nothing left to pass on"));
    }
    let instead = |party: &String| if *party == given.by { to.to_owned() } else { party.clone() };
    let asked_of: Vec<String> = asked.iter().map(instead).collect();
    let before = care(tx.db(), &decision, tx.now())?;
    tx.db()
        .prepare_cached("UPDATE decision SET asked_of = ?2 WHERE number = ?1")?
        .execute((decision.number(), text(&asked_of)?))?;
    care::passed_on(tx, &decision, before, &given.by)?;
    tx.event(
        &decision.ask.mission,
        "decision_delegated",
        &json!({
            "decision": decision.id, "by": given.by, "os_user": given.os_user, "to": to, "asked_of": asked_of,
            "text": tx.clean(&given.text),
        }),
    )?;
    super::one(tx.db(), &decision.id).map(Ok)
}

/// Who let the step of a task go ahead, and so does not do it as well.
///
/// # Errors
/// Of the journal.
pub fn let_through(db: &Connection, task: &Decision) -> Result<BTreeSet<String>> {
    if task.ask.kind != DecisionKind::Task {
        return Ok(BTreeSet::new());
    }
    let all = super::all_of_mission(db, &task.ask.mission)?;
    let of_step = |one: &Decision| {
        one.ask.kind == DecisionKind::Gate && one.ask.details.get("step") == task.ask.details.get("step")
    };
    let gates = all.into_iter().filter(of_step);
    Ok(gates.flat_map(|one| one.votes.into_iter().chain(one.answer.map(|answer| answer.by))).collect())
}
