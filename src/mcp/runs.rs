//! The six tools of the skill description, with its names of arguments and results.

use super::answers::{Place, SOPD, Told, fields, whole};
use super::digits::as_written;
use crate::base::{Problem, exact, problem::Result};
use crate::daemon::{self, RunStatus, Task};
use crate::decision::{self, Decision, DecisionKind, State, Verb};
use crate::front::{self, Answered, Answering, next};
use crate::journal::events_of;
use crate::run::{self, RunState, Wanted, packet};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Facts read at once.
const PAGE: u32 = 1_000;
/// Runs listed where nobody says how many.
const USUAL: u32 = 20;

/// Arguments of `sop_execute`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Execute {
    /// The SOP: SOP-REV-lead-qualification, or lead-qualification where that is one active SOP's name
    sop_name: String,
    /// Its inputs by name: single texts, numbers or booleans
    #[serde(default)]
    params: Map<String, Value>,
    /// auto, supervised, step_by_step or priority_based; without it the SOP's own
    execution_mode: Option<String>,
    /// A repeated start with the same key gives the first run
    idempotency_key: Option<String>,
}

pub(super) fn execute(place: &Place, given: Execute) -> Told {
    let sop = front::sop_named(&place.workspace, &given.sop_name).map_err(whole)?;
    let inputs =
        packet::from_file("params.json", &exact::written(&as_written(given.params))).map_err(whole)?;
    let mode = given.execution_mode.as_deref().map(front::mode).transpose().map_err(whole)?;
    let mut request = front::by_hand(&place.caller.actor(), sop, inputs);
    request.mode = mode;
    request.idempotency_key = given.idempotency_key;
    let before = place.workspace.journal.head().map_err(whole)?.0;
    let started = front::start(SOPD, &place.workspace, request)?;
    let status = look(place, &started.run, before).map_err(whole)?;
    let mut told = fields(json!({
        "runId": status.id, "status": status.state.word(), "currentStep": status.current_step,
        "totalSteps": status.total_steps, "existing": started.existing, "waitingFor": status.waiting_for,
    }));
    if !started.waits.is_empty() {
        told.insert("waits".to_owned(), started.waits.into());
    }
    Ok(place.with_note(told))
}

/// Where the run stands once the daemon, if there is one, has heard of what was done.
fn look(place: &Place, run: &str, before: i64) -> Result<RunStatus> {
    next::look_on(&place.workspace, run, before)?;
    place.workspace.journal.read(|db| daemon::run_status(db, run))
}

/// Arguments of `sop_approve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Approve {
    /// sop_run_…
    run_id: String,
    /// The step that is asked about; left out, the one thing the run asks
    step_number: Option<u32>,
    /// A remark that goes on record
    #[serde(default)]
    comment: String,
    /// The hash that was shown (`asks` of `sop_status`, `decision_show`), at least its first 32 digits: a yes is for
    /// these bytes and no others
    #[schemars(required)]
    hash: Option<String>,
}

pub(super) fn approve(place: &Place, given: Approve) -> Told {
    let Approve { run_id, step_number, comment, hash } = given;
    let decision = asked(place, &run_id, step_number).map_err(whole)?;
    let act = Answering { text: comment, shown: hash, ..Answering::new(decision.id, Verb::Approve) };
    let Answered { decision, .. } = front::answer(SOPD, &place.workspace, &place.caller.actor(), act)?;
    let open = decision.state == State::Open;
    let mut told = fields(json!({
        "runId": run_id, "stepNumber": step_of(&decision), "decisionId": decision.id,
        "status": if open { "awaiting_approval" } else { "approved" },
    }));
    if decision.ask.quorum > 1 {
        told.extend(fields(json!({ "votes": decision.votes, "quorum": decision.ask.quorum })));
    }
    Ok(place.with_note(told))
}

/// Arguments of `sop_reject`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Reject {
    /// sop_run_…
    run_id: String,
    /// The step that is asked about; left out, the one thing the run asks
    step_number: Option<u32>,
    /// Why not; goes on record
    reason: String,
    /// The hash that was shown, at least its first 32 digits; other bytes are then refused
    hash: Option<String>,
}

pub(super) fn reject(place: &Place, given: Reject) -> Told {
    let Reject { run_id, step_number, reason, hash } = given;
    let decision = asked(place, &run_id, step_number).map_err(whole)?;
    let act = Answering { text: reason, shown: hash, ..Answering::new(decision.id, Verb::Reject) };
    let Answered { decision, .. } = front::answer(SOPD, &place.workspace, &place.caller.actor(), act)?;
    // A gate that says no pauses the run; a task or a result that is sent back fails its step.
    let action = if decision.ask.kind == DecisionKind::Gate { "paused" } else { "failed" };
    Ok(place.with_note(fields(json!({
        "runId": run_id, "stepNumber": step_of(&decision), "decisionId": decision.id, "status": "rejected",
        "action": action,
    }))))
}

/// What the run asks about that step, or the one thing it asks.
fn asked(place: &Place, run: &str, step: Option<u32>) -> Result<Decision> {
    place.workspace.journal.read(|db| {
        run::run(db, run)?;
        let Some(step) = step else { return decision::find(db, run) };
        let open = decision::open_of_mission(db, run)?;
        let found = open.into_iter().find(|one| step_of(one) == json!(step));
        found.ok_or_else(|| {
            Problem::not_found(format!("{run} asks nothing about step {step}")).hint("see `sop_status`")
        })
    })
}

/// The step a decision is about; null for the start.
fn step_of(decision: &Decision) -> Value {
    decision.ask.details.get("step").cloned().unwrap_or_default()
}

/// Arguments of `sop_status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Status {
    /// sop_run_…
    run_id: String,
}

pub(super) fn status(place: &Place, given: Status) -> Told {
    let Status { run_id } = given;
    let (status, open) = place
        .workspace
        .journal
        .read(|db| Ok((daemon::run_status(db, &run_id)?, decision::open_of_mission(db, &run_id)?)))
        .map_err(whole)?;
    let mut told = facts(&status);
    told.insert("asks".to_owned(), open.iter().map(asks).collect());
    Ok(place.with_note(told))
}

/// What a run asks, with the hash that a yes names.
fn asks(decision: &Decision) -> Value {
    json!({
        "decisionId": decision.id, "stepNumber": step_of(decision), "title": decision.ask.title,
        "askedOf": decision.ask.asked_of, "hash": decision.ask.hash,
    })
}

/// A run with its steps.
pub(super) fn facts(status: &RunStatus) -> Map<String, Value> {
    let mut told = summary(status);
    told.insert("stepResults".to_owned(), status.tasks.iter().map(step).collect());
    told
}

fn summary(status: &RunStatus) -> Map<String, Value> {
    fields(json!({
        "runId": status.id, "sopName": status.sop, "version": status.version, "status": status.state.word(),
        "currentStep": status.current_step, "totalSteps": status.total_steps, "reason": status.reason,
        "waitingFor": status.waiting_for, "initiator": status.initiator, "trigger": status.trigger,
        "createdAt": status.created_at, "startedAt": status.started_at, "completedAt": status.ended_at,
        "score": status.score,
    }))
}

fn step(task: &Task) -> Value {
    json!({
        "stepNumber": task.number, "title": task.title, "status": task.state.word(), "reason": task.reason,
        "assignee": task.assignee, "output": task.said, "outputs": task.outputs, "confidence": task.confidence,
        "files": task.files.iter().map(|(name, hash)| json!({ "name": name, "sha256": hash })).collect::<Vec<_>>(),
        "attempts": task.attempts, "startedAt": task.started_at, "completedAt": task.ended_at,
    })
}

/// Arguments of `sop_list_runs`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListRuns {
    /// Only runs of this SOP
    sop_name: Option<String>,
    /// Only runs in this state: pending, waiting_approval, running, awaiting_approval, paused, completed, failed, cancelled
    status: Option<String>,
    /// At most so many; 20 without it
    limit: Option<u32>,
}

pub(super) fn list(place: &Place, given: ListRuns) -> Told {
    let sop =
        given.sop_name.map(|name| front::sop_named(&place.workspace, &name)).transpose().map_err(whole)?;
    let state = given.status.as_deref().map(RunState::named).transpose().map_err(whole)?;
    let wanted = Wanted { sop, state, limit: given.limit.unwrap_or(USUAL).max(1), after: None };
    let (found, total) = place
        .workspace
        .journal
        .read(|db| Ok((daemon::run_statuses(db, &wanted)?, run::count(db, &wanted)?)))
        .map_err(whole)?;
    let runs: Vec<Value> = found.iter().map(|status| Value::Object(summary(status))).collect();
    Ok(place.with_note(fields(json!({ "runs": runs, "total": total }))))
}

/// Arguments of `sop_get_audit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Audit {
    /// sop_run_…
    run_id: String,
}

pub(super) fn audit(place: &Place, given: Audit) -> Told {
    let Audit { run_id } = given;
    let journal = &place.workspace.journal;
    journal.read(|db| run::run(db, &run_id)).map_err(whole)?;
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = journal.read(|db| events_of(db, Some(&run_id), after, PAGE)).map_err(whole)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for event in &page {
            events.extend(run::audit::line(journal, event).map_err(whole)?.as_deref().map(fact));
        }
    }
    Ok(fields(json!({ "runId": run_id, "events": events })))
}

/// A line of the log, in the names of the tool's result: `timestamp, type, details`, and the step where it has one.
fn fact(line: &str) -> Value {
    let mut line: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
    let mut take = |name: &str| line.remove(name).unwrap_or_default();
    let mut fact = fields(
        json!({ "timestamp": take("timestamp"), "type": take("eventType"), "details": take("details") }),
    );
    fact.extend(line.into_iter().filter(|(name, _)| name == "stepNumber"));
    Value::Object(fact)
}
