//! The JSON of stable shapes: each names its shape, and every face gives the same.

use super::next::Next;
use crate::agent::spent_by_mission;
use crate::base::trace::is_run;
use crate::base::{Digest, Instant, MicroUsd, Problem, problem::Result};
use crate::contract::Finding;
use crate::daemon::{self, MissionStatus, RunStatus, Workspace};
use crate::decision::{self, Answer, Care, Decision, commands};
use crate::registry::VersionRow;
use crate::run::{self, Actor, Delivered, Overview, Started, Widened};
use crate::sop::{SopId, Version};
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

/// Shape `sopd/status/1`: a mission.
pub fn mission(status: &MissionStatus) -> Result<Value> {
    named("sopd/status/1", status)
}

/// Shape `sopd/run/1`.
pub fn run(status: &RunStatus) -> Result<Value> {
    named("sopd/run/1", status)
}

fn named<T: Serialize>(shape: &str, what: &T) -> Result<Value> {
    let mut value = serde_json::to_value(what)
        .map_err(|error| Problem::failed(format!("BUG: a status is not JSON: {error}")))?;
    if let Some(members) = value.as_object_mut() {
        members.insert("shape".to_owned(), shape.into());
    }
    Ok(value)
}

/// Shape `sopd/inbox/1`: a decision, with the command lines that answer it; `sopd` is how they begin.
pub fn decision(sopd: &str, decision: &Decision, now: Instant) -> Value {
    let ask = &decision.ask;
    json!({
        "shape": "sopd/inbox/1",
        "id": decision.id,
        "kind": ask.kind,
        "subject": ask.subject,
        "title": ask.title,
        "why": ask.why,
        "mission": ask.mission,
        "asked_of": ask.asked_of,
        "quorum": ask.quorum,
        "votes": decision.votes,
        "barred": ask.barred,
        "hash": ask.hash,
        "requested_at": decision.requested_at.to_string(),
        "due_at": ask.due_at.map(|due| due.to_string()),
        "overdue": overdue(decision, now),
        "on_deadline": ask.on_deadline,
        "reminders": decision.reminders,
        "state": decision.state,
        "details": ask.details,
        "verbs": ask.kind.verbs(),
        "commands": commands::of(sopd, decision),
    })
}

/// One thing that waits, with what a person who comes to the inbox wants to know of it.
#[derive(Debug)]
pub struct Waiting {
    /// The decision.
    pub decision: Decision,
    /// The newer version of its SOP that a waiting run does not follow.
    pub newer: Option<Version>,
    /// What was done about it so far.
    pub care: Care,
    /// What its mission or run has cost so far.
    pub cost: MicroUsd,
}

/// The open decisions, oldest first.
pub fn inbox(db: &Connection, party: Option<&str>, now: Instant) -> Result<Vec<Waiting>> {
    decision::open_for(db, party)?.into_iter().map(|one| waiting(db, one, now)).collect()
}

/// What there is to know of `decision` besides itself.
pub fn waiting(db: &Connection, decision: Decision, now: Instant) -> Result<Waiting> {
    let newer = newer(db, &decision)?;
    let care = decision::care(db, &decision, now)?;
    let cost = MicroUsd(spent_by_mission(db, &decision.ask.mission)?.micros);
    Ok(Waiting { decision, newer, care, cost })
}

/// One row of [`inbox`] as JSON: `sopd/inbox/1` with what was done about it, and `newer_version` where there is one.
pub fn inbox_row(sopd: &str, row: &Waiting, now: Instant) -> Value {
    let Waiting { decision: one, newer, care, cost } = row;
    let mut object = decision(sopd, one, now);
    let more = json!({
        "then": one.ask.on_deadline.then(), "risk_level": one.ask.details.get("risk_level"), "reversible": !one.is_final(),
        "verdicts": one.ask.details.get("verdicts"), "cost_usd": cost.dollars(),
        "claimed_by": care.claim.as_ref().map(|claim| &claim.by),
        "claimed_until": care.claim.as_ref().map(|claim| claim.until.to_string()),
        "delegated_by": care.delegated_by, "first_due_at": care.first_due.map(|due| due.to_string()),
    });
    if let (Some(members), Value::Object(more)) = (object.as_object_mut(), more) {
        members.extend(more);
        if let Some(newer) = newer {
            members.insert("newer_version".to_owned(), json!(newer));
        }
    }
    object
}

/// [`inbox_row`] of one decision as it stands now.
pub fn as_it_stands(sopd: &str, workspace: &Workspace, one: Decision) -> Result<Value> {
    let now = workspace.journal.clock().now();
    let row = workspace.journal.read(|db| waiting(db, one, now))?;
    Ok(inbox_row(sopd, &row, now))
}

/// The newer version of its SOP that a waiting run does not follow.
pub fn newer(db: &Connection, decision: &Decision) -> Result<Option<Version>> {
    match &decision.ask.mission {
        id if is_run(id) => daemon::newer_version(db, &run::run(db, id)?),
        _ => Ok(None),
    }
}

/// Whether a decision's deadline has passed.
pub fn overdue(decision: &Decision, now: Instant) -> bool {
    decision.ask.due_at.map_or(decision.reminders > 0, |due| due < now)
}

/// Shape `sopd/answer/1`: what somebody said, and what follows.
pub fn answer(decision: &Decision, answer: &Answer, next: &Next) -> Value {
    json!({
        "shape": "sopd/answer/1",
        "decision": decision.id,
        "mission": decision.ask.mission,
        "verb": answer.verb,
        "by": answer.by,
        "os_user": answer.os_user,
        "at": answer.at.to_string(),
        "hash": answer.hash,
        "override": answer.overriding,
        "next": next.open.iter().map(|open| &open.id).collect::<Vec<_>>(),
        "driven": next.driven,
        "state": next.state,
    })
}

/// Shape `sopd/started/1`: a run that is there now.
pub fn started(started: &Started) -> Value {
    json!({
        "shape": "sopd/started/1", "success": true, "run": started.run, "existing": started.existing,
        "waits": started.waits,
    })
}

/// Shape `sopd/steered/1`: a run that heard of somebody's wish.
pub fn steered(by: &str, next: &Next) -> Value {
    json!({
        "shape": "sopd/steered/1", "success": true, "run": next.id, "by": by, "state": next.state,
        "driven": next.driven,
    })
}

/// Shape `sopd/completed/1`: a step that was handed in.
pub fn completed(step: u32, by: &str, next: &Next) -> Value {
    json!({
        "shape": "sopd/completed/1", "success": true, "run": next.id, "stepNumber": step, "by": by,
        "state": next.state, "driven": next.driven,
    })
}

/// Shape `sopd/mission/1`: a mission that heard of somebody's wish.
pub fn asked(next: &Next, (said, by): (&str, &str)) -> Value {
    json!({
        "shape": "sopd/mission/1", "mission": next.id, "asked": said, "by": by, "state": next.state,
        "driven": next.driven,
    })
}

/// Shape `sopd/submit/1`: a mission that was taken in.
pub fn submitted(mission: &str) -> Value {
    json!({ "shape": "sopd/submit/1", "mission": mission })
}

/// Shape `sopd/retirement/1`: a version that was taken out of use.
pub fn retired(row: &VersionRow, actor: &Actor, reason: &str) -> Value {
    json!({
        "shape": "sopd/retirement/1", "sop": row.id, "version": row.version, "sha256": row.sha256,
        "status": "archived", "by": actor.by, "os_user": actor.os_user, "reason": reason,
    })
}

/// Shape `sopd/autonomy/1`: how far an SOP goes without asking.
pub fn autonomy(sop: &SopId, now: &Widened) -> Value {
    json!({ "shape": "sopd/autonomy/1", "sop": sop, "widened": now.sop, "steps": now.steps })
}

/// Shape `sopd/adjusted/1`: how a held run differs from its SOP now.
pub fn adjusted(run: &str, changes: &[String]) -> Value {
    json!({ "shape": "sopd/adjusted/1", "success": true, "run": run, "changes": changes })
}

/// Shape `sopd/review/1`: a post-run review, and what is asked about it.
pub fn review(next: &Next, (hash, text): &(Option<Digest>, Option<String>)) -> Value {
    json!({
        "shape": "sopd/review/1", "run": next.id, "review": text, "sha256": hash,
        "open": next.open.iter().map(|open| &open.id).collect::<Vec<_>>(),
    })
}

/// Shape `sopd/delivery/1`.
pub fn delivery(delivered: &Delivered) -> Value {
    let mut shaped = json!(delivered);
    if let Some(members) = shaped.as_object_mut() {
        members.insert("shape".to_owned(), json!("sopd/delivery/1"));
        members.insert("success".to_owned(), json!(true));
    }
    shaped
}

/// Shape `sopd/triggers/1`: what will start what.
pub fn triggers(found: &Overview) -> Value {
    let unreadable = found.unreadable.iter().map(|(sop, reason)| json!({ "sop": sop, "reason": reason }));
    json!({
        "shape": "sopd/triggers/1", "triggers": found.triggers, "unreadable": unreadable.collect::<Vec<_>>(),
    })
}

/// Shape `sopd/lint/1`: a finding about a file.
pub fn finding(file: &str, finding: &Finding) -> Value {
    let mut value = json!({ "shape": "sopd/lint/1", "file": file });
    if let (Some(members), Ok(Value::Object(rest))) = (value.as_object_mut(), serde_json::to_value(finding)) {
        members.extend(rest);
    }
    value
}

/// Shape `sopd/sop/1`: a version.
pub fn sop(row: &VersionRow) -> Value {
    json!({
        "shape": "sopd/sop/1",
        "id": row.id,
        "version": row.version,
        "status": row.status,
        "title": row.title,
        "department": row.department,
        "owner": row.owner,
        "risk_level": row.risk_level,
        "trigger": row.trigger,
        "path": row.path,
        "sha256": row.sha256,
        "mission": row.mission,
        "created_by": row.created_by,
        "created_at": row.created_at.to_string(),
        "approved_by": row.approved_by,
        "approved_at": row.approved_at.map(|at| at.to_string()),
        "override": row.overriding,
        "review_due": row.review_due.map(|at| at.to_string()),
    })
}
