//! Deadlines: what a decision's rule does when nobody answered, and closing what has lost its subject.

use super::answer::Answer;
use super::deadline::signal_of;
use super::rows::{Decision, OnDeadline, State, text};
use crate::base::{Instant, Span, problem::Result};
use crate::journal::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the deadline found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapsed {
    /// An answer had come before.
    Answered(Answer),
    /// The rule ended it: rejected, or the assumption stands.
    Expired,
    /// It was asked again; the next deadline, if there is one.
    Extended(Option<Instant>),
    /// It was put off meanwhile: its rule applies then.
    Deferred(Instant),
    /// It is void.
    Void,
}

/// Applies the deadline rule of `id`. `escalate_to` is who is asked as well under [`OnDeadline::Escalate`]; who is
/// asked again has `period` from now, however late the rule was applied. After `most` reminders or escalations the
/// decision stays open without a deadline and counts as overdue.
pub fn lapse(tx: &Tx<'_>, id: &str, escalate_to: &[String], (period, most): (Span, u32)) -> Result<Lapsed> {
    let decision = super::one(tx.db(), id)?;
    match (decision.state, decision.answer.clone()) {
        (State::Resolved, Some(answer)) => return Ok(Lapsed::Answered(answer)),
        (State::Expired, _) => return Ok(Lapsed::Expired),
        (State::Open, _) => {}
        _ => return Ok(Lapsed::Void),
    }
    match decision.ask.on_deadline {
        OnDeadline::Remind => extend(tx, &decision, &[], (period, most)),
        OnDeadline::Escalate => extend(tx, &decision, escalate_to, (period, most)),
        _ends => {
            expire(tx, &decision)?;
            Ok(Lapsed::Expired)
        }
    }
}

/// What has become of a deadline that is not due any more: somebody has put it off, or its rule was applied in an
/// attempt that a crash cut off.
pub(super) fn moved_on(db: &rusqlite::Connection, decision: &Decision) -> Result<Lapsed> {
    let deferred = super::care::was_put_off(db, decision)?;
    Ok(match decision.ask.due_at {
        Some(due) if deferred => Lapsed::Deferred(due),
        due => Lapsed::Extended(due),
    })
}

fn extend(tx: &Tx<'_>, decision: &Decision, more: &[String], (period, most): (Span, u32)) -> Result<Lapsed> {
    let last = decision.reminders + 1 >= most;
    let due = (!last).then(|| period.after(tx.now()));
    let mut asked_of = decision.ask.asked_of.clone();
    for party in more.iter().filter(|party| !decision.ask.barred.contains_key(*party)) {
        if !asked_of.contains(party) {
            asked_of.push(party.clone());
        }
    }
    tx.db()
        .prepare_cached(
            "UPDATE decision SET reminders = reminders + 1, due_at = ?2, asked_of = ?3 WHERE number = ?1",
        )?
        .execute((decision.number(), due.map(|due| due.0), text(&asked_of)?))?;
    let kind = if more.is_empty() { "decision_reminded" } else { "decision_escalated" };
    tx.event(
        &decision.ask.mission,
        kind,
        &json!({ "decision": decision.id, "asked_of": asked_of, "due_at": due.map(|due| due.to_string()), "last": last }),
    )?;
    Ok(Lapsed::Extended(due))
}

/// Records that the deadline won.
pub(super) fn expire(tx: &Tx<'_>, decision: &Decision) -> Result<()> {
    close(tx, decision, "expired")?;
    tx.event(
        &decision.ask.mission,
        "decision_expired",
        &json!({ "decision": decision.id, "rule": decision.ask.on_deadline }),
    )?;
    super::ask::closed(tx, decision)?;
    let nothing: Option<Answer> = None;
    let signal = serde_json::to_value(nothing).unwrap_or_default();
    tx.signal(&decision.ask.workflow, &signal_of(&decision.id), &signal)
}

pub(super) fn close(tx: &Tx<'_>, decision: &Decision, state: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE decision SET state = ?2, resolved_at = ?3 WHERE number = ?1")?
        .execute((decision.number(), state, tx.now().0))?;
    Ok(())
}

/// Voids the open decisions of one step of a run: the step is left out, or open again.
pub fn void_of(tx: &Tx<'_>, run: &str, step: u32) -> Result<()> {
    for decision in super::open_of_mission(tx.db(), run)? {
        if decision.ask.details.get("step") == Some(&json!(step)) {
            close(tx, &decision, "void")?;
            tx.event(run, "decision_void", &json!({ "decision": decision.id }))?;
        }
    }
    Ok(())
}

/// Voids the open decisions of a run that workflows asked for whose ids begin with `workflow`.
pub fn void_asked_by(tx: &Tx<'_>, run: &str, workflow: &str) -> Result<()> {
    for decision in super::open_of_mission(tx.db(), run)? {
        if decision.ask.workflow.starts_with(workflow) {
            close(tx, &decision, "void")?;
            tx.event(run, "decision_void", &json!({ "decision": decision.id }))?;
        }
    }
    Ok(())
}

/// Voids every open decision of a mission: what they asked about has ended or changed.
pub fn void_all(tx: &Tx<'_>, mission: &str) -> Result<()> {
    for decision in super::open_of_mission(tx.db(), mission)? {
        close(tx, &decision, "void")?;
        tx.event(mission, "decision_void", &json!({ "decision": decision.id }))?;
    }
    Ok(())
}
