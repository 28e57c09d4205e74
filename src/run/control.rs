//! What people do to a run while it is under way, by the word of somebody who may say so. Each is a signal to the
//! run's workflow, so it takes effect at a recorded point.

use super::admission::let_in;
use super::copied;
use super::effect::before;
use super::parties::does;
use super::plan::Plan;
use super::records::{self, RunRow};
use super::state::{RunState, StepState};
use crate::base::text::listed;
use crate::base::{Digest, Problem, problem::Result};
use crate::decision;
use crate::journal::{Tx, stopped};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Name of the signal.
pub(super) const CONTROL: &str = "control";
/// The signal a workflow of any kind ends by.
const CANCEL: &str = "cancel";

/// What a person wants of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Begin no further step.
    Pause {
        /// Who.
        by: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Go on after a pause; let a held run go.
    Resume {
        /// Who.
        by: String,
    },
    /// Begin what failed, was rejected or was cut off once more.
    Retry {
        /// Who.
        by: String,
        /// From which step on, where the work goes back to who made it; else from what did not come to a good end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        /// What is to be better, for who made it; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Leave a step out and go on.
    Skip {
        /// Which.
        step: u32,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Take a step that did not come to a good end as done by hand.
    Complete {
        /// Which.
        step: u32,
        /// Who did it.
        by: String,
        /// What it gives.
        given: ByHand,
    },
}

impl Control {
    /// The one step it is about, if it names one that it ends.
    fn of_step(&self) -> Option<u32> {
        match self {
            Self::Skip { step, .. } | Self::Complete { step, .. } => Some(*step),
            Self::Pause { .. } | Self::Resume { .. } | Self::Retry { .. } => None,
        }
    }

    /// Its word on the command line.
    fn word(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Complete { .. } => "complete",
        }
    }
}

/// What somebody hands in for a step that is not theirs by the SOP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// What was done, or found.
    pub note: String,
    /// A file by name, with the hash of its content.
    pub file: Option<(String, Digest)>,
    /// Values for later steps: a JSON object.
    pub outputs: String,
}

/// Whether a step in that state may be done by hand: a no at its gate is no matter of doing it.
pub(super) fn takes_hands(state: StepState) -> bool {
    matches!(state, StepState::Failed | StepState::Interrupted | StepState::Asking)
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The party.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
}

/// Hands `control` to a run, or says why it makes no sense now.
pub fn control(tx: &Tx<'_>, run: &str, control: &Control, (actor, plan): (&Actor, &Plan)) -> Result<()> {
    let row = records::run(tx.db(), run)?;
    let may = allow(&row, actor, plan)?;
    if let Control::Skip { step, .. } = control
        && does(plan, *step, &actor.by)
        && may.len() > 1
    {
        let told = format!("{} does step {step} itself, so another must say that it is left out", actor.by);
        return Err(Problem::not_allowed(told).hint(format!("{} may", listed(&may))));
    }
    sensible(tx, &row, control)?;
    untaken(tx, run, Some(control))?;
    if matches!(control, Control::Retry { .. } | Control::Resume { .. }) && restarted(tx, &row, actor)? {
        return Ok(());
    }
    let payload = serde_json::to_value(control)
        .map_err(|error| Problem::failed(format!("BUG: a control is not JSON: {error}")))?;
    // What is handed in is on record with the step, once it is taken.
    let told = match control {
        Control::Complete { step, by, .. } => json!({ "complete": { "step": step, "by": by } }),
        _ => payload.clone(),
    };
    record(tx, run, "run_control", actor, &json!({ "asked": told }))?;
    tx.signal(run, CONTROL, &payload)
}

/// Cancels a run. Its decisions are void from this moment on.
pub fn cancel(tx: &Tx<'_>, run: &str, reason: &str, (actor, plan): (&Actor, &Plan)) -> Result<()> {
    let row = records::run(tx.db(), run)?;
    allow(&row, actor, plan)?;
    if is_over(tx, &row)? {
        return Err(Problem::conflict(format!("{run} has ended ({})", row.state.word())));
    }
    let words = match reason.trim() {
        "" => format!("{} cancelled it", actor.by),
        reason => format!("{} cancelled it: {reason}", actor.by),
    };
    untaken(tx, run, None)?;
    record(tx, run, "run_cancel_asked", actor, &json!({ "reason": reason }))?;
    decision::void_all(tx, run)?;
    tx.db().prepare_cached("UPDATE run SET reason = ?2 WHERE id = ?1")?.execute((run, tx.clean(&words)))?;
    restart_stopped(tx, run)?;
    tx.signal(run, CANCEL, &Value::Null)?;
    let has_workflow: bool = tx
        .db()
        .prepare_cached("SELECT EXISTS(SELECT 1 FROM workflow WHERE id = ?1)")?
        .query_row([run], |row| row.get(0))?;
    if !has_workflow {
        records::set_run(tx, run, RunState::Cancelled, &words)?;
        tx.event(run, "run_cancelled", &json!({ "reason": words }))?;
        let_in(tx, &row.sop)?;
    }
    Ok(())
}

/// Refuses a word that would be lost: one before it, about the same matter, waits to be taken. `None` is a cancel, which
/// ends whatever else was said.
fn untaken(tx: &Tx<'_>, run: &str, control: Option<&Control>) -> Result<()> {
    let sql =
        "SELECT name, payload FROM signal WHERE workflow = ?1 AND position IS NULL AND name IN (?2, ?3)";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let waiting: Vec<(String, String)> = tx
        .db()
        .prepare_cached(sql)?
        .query_map((run, CONTROL, CANCEL), read)?
        .collect::<std::result::Result<_, _>>()?;
    for (name, payload) in waiting {
        let before = if name == CANCEL { None } else { serde_json::from_str::<Control>(&payload).ok() };
        let (both_steps, ends) = (before.as_ref().zip(control), name == CANCEL);
        let apart = both_steps.is_some_and(|(one, other)| match (one.of_step(), other.of_step()) {
            (Some(one), Some(other)) => one != other,
            _ => matches!(one, Control::Pause { .. }) || matches!(other, Control::Pause { .. }),
        });
        if ends || (control.is_some() && !apart) {
            // One that cannot be read here is long: a step's result.
            let said = before.as_ref().map_or(if ends { CANCEL } else { "complete" }, Control::word);
            let problem =
                Problem::conflict(format!("`{said}` was said of {run} before, and waits to be taken"));
            return Err(problem.hint("it is taken while `sopd up` drives the workspace; see `sopd status`"));
        }
    }
    Ok(())
}

/// The initiator, the owner, whoever signs, and those above the owner may: all of them.
pub(super) fn allow<'a>(row: &'a RunRow, actor: &Actor, plan: &'a Plan) -> Result<Vec<&'a str>> {
    let owner = &plan.sop.head.owner;
    let above = plan.chiefs.get(owner).map(String::as_str);
    let mut may = vec![row.initiator.as_str()];
    for party in [Some(owner.as_str()), above, Some(plan.last_resort.as_str())].into_iter().flatten() {
        if !may.contains(&party) {
            may.push(party);
        }
    }
    if may.contains(&actor.by.as_str()) {
        return Ok(may);
    }
    Err(Problem::not_allowed(format!("{} may not decide this; {} may", actor.by, listed(&may))))
}

fn sensible(tx: &Tx<'_>, row: &RunRow, control: &Control) -> Result<()> {
    let state = row.state;
    let no = |what: &str, hint: &str| {
        let problem = Problem::conflict(format!("{} is {}: {what}", row.id, state.word()));
        Err(problem.hint(hint.to_owned()))
    };
    if is_over(tx, row)? {
        return no("it has ended", "start it anew with `sopd run`");
    }
    let stuck = stuck(tx, row)?;
    match control {
        Control::Pause { .. } if row.started_at.is_none() => {
            no("it has not begun", "use `sopd cancel`; `sopd run --hold` starts one that waits for you")
        }
        Control::Skip { .. } if row.started_at.is_none() && !stuck => {
            no("it has not begun", "use `sopd adjust` while it is held, or `sopd cancel`")
        }
        Control::Pause { .. } if matches!(state, RunState::Paused | RunState::Failed) => {
            no("it stands still already", "see `sopd status`")
        }
        Control::Resume { .. } if !stopped(tx.db(), &row.id)?.is_empty() => Ok(()),
        Control::Resume { .. } if state == RunState::Paused && !stuck => Ok(()),
        Control::Resume { .. } if held(tx, row)? => Ok(()),
        Control::Resume { .. } if stuck => {
            no("a step of it did not come to a good end", "use `sopd retry`, `sopd skip` or `sopd cancel`")
        }
        Control::Resume { .. } => no("it is not paused", "see `sopd status`"),
        Control::Retry { .. } if !stuck => no("nothing of it failed", "see `sopd status`"),
        Control::Retry { step: Some(_), .. } if row.started_at.is_none() => {
            no("it has not begun, so nothing can go back to a step", "use `sopd retry` without --step")
        }
        Control::Retry { step: Some(step), .. } if !comes_before_stuck(tx, &row.id, *step)? => {
            no(&format!("step {step} does not come before what holds it up"), "see `sopd status`")
        }
        Control::Complete { step, .. } => {
            let there = records::step(tx.db(), &row.id, *step)?;
            if takes_hands(there.state) {
                return Ok(());
            }
            no(&format!("step {step} is {}", there.state.word()), "see `sopd status`")
        }
        Control::Skip { step, .. } => {
            let there = records::step(tx.db(), &row.id, *step)?;
            match there.state {
                StepState::Completed | StepState::Skipped | StepState::RolledBack => {
                    no(&format!("step {step} is {} already", there.state.word()), "see `sopd status`")
                }
                _ => Ok(()),
            }
        }
        Control::Pause { .. } | Control::Retry { .. } => Ok(()),
    }
}

/// Whether nothing can come of the run any more. A failed one can be tried again as long as its story goes on.
fn is_over(tx: &Tx<'_>, row: &RunRow) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM workflow WHERE id = ?1 AND state = 'done')";
    let done = tx.db().prepare_cached(sql)?.query_row([&row.id], |row| row.get(0))?;
    Ok(done || matches!(row.state, RunState::Completed | RunState::Cancelled))
}

/// Whether the run stands still for a step, or for its start, and not for somebody's wish.
fn stuck(tx: &Tx<'_>, row: &RunRow) -> Result<bool> {
    if !stopped(tx.db(), &row.id)?.is_empty() {
        return Ok(true);
    }
    let sql = "SELECT EXISTS(SELECT 1 FROM run_step WHERE run = ?1 AND state IN ('failed', 'rejected', 'interrupted', 'asking'))
               OR EXISTS(SELECT 1 FROM run WHERE id = ?1 AND halted = 1 AND started_at IS NULL)";
    Ok(tx.db().prepare_cached(sql)?.query_row([&row.id], |row| row.get(0))?)
}

/// Whether `step` holds the run up, or comes before a step that does.
fn comes_before_stuck(tx: &Tx<'_>, run: &str, step: u32) -> Result<bool> {
    records::step(tx.db(), run, step)?;
    let steps = records::steps(tx.db(), run)?;
    let failed = |row: &&records::StepRow| {
        use StepState::{Asking, Failed, Interrupted, Rejected};
        matches!(row.state, Failed | Rejected | Interrupted | Asking)
    };
    let stuck: Vec<u32> = steps.iter().filter(failed).map(|row| row.number).collect();
    Ok(stuck.contains(&step) || before(&steps, stuck).contains(&step))
}

fn held(tx: &Tx<'_>, row: &RunRow) -> Result<bool> {
    let sql = "SELECT held FROM run WHERE id = ?1";
    Ok(tx.db().prepare_cached(sql)?.query_row([&row.id], |row| row.get(0))?)
}

/// Drives stopped workflows of the run again; whether there were any.
fn restarted(tx: &Tx<'_>, row: &RunRow, actor: &Actor) -> Result<bool> {
    let any = restart_stopped(tx, &row.id)?;
    if any {
        record(tx, &row.id, "run_retried", actor, &json!({ "what": "a stopped workflow" }))?;
        decision::void_asked_by(tx, &row.id, copied::ASKS)?;
    }
    Ok(any)
}

/// Lets a run go on that stood still after its workspace was copied.
pub(super) fn go_on(tx: &Tx<'_>, run: &str, by: &str) -> Result<()> {
    if restart_stopped(tx, run)? {
        tx.event(run, "run_retried", &json!({ "by": by, "what": "it goes on in this workspace" }))?;
    }
    Ok(())
}

fn restart_stopped(tx: &Tx<'_>, run: &str) -> Result<bool> {
    let stopped = stopped(tx.db(), run)?;
    for one in &stopped {
        tx.restart(&one.workflow)?;
    }
    Ok(!stopped.is_empty())
}

fn record(tx: &Tx<'_>, run: &str, kind: &str, actor: &Actor, more: &Value) -> Result<()> {
    let mut body = json!({ "by": actor.by, "os_user": actor.os_user });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    tx.event(run, kind, &body).map(drop)
}
