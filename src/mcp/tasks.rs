//! Long calls as tasks (the protocol's extension `io.modelcontextprotocol/tasks`). A task is the run or mission a call
//! has started: its id is theirs, and where it stands is read from the journal each time, so that it outlives
//! connections and restarts. It is shown to the party that started it, and asks nothing of that party: what a run or
//! mission asks, it asks of somebody else.

use super::answers::{Place, SOPD, told, whole};
use super::{missions, runs};
use crate::base::trace::is_run;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, MissionStatus, RunStatus};
use crate::front::{self, Scope, Steering};
use crate::journal::last_of;
use crate::mission::MissionState;
use crate::run::RunState;
use rmcp::model::{CallToolResult, DetailedTask, Task, TaskPayload, TaskStatus};
use serde_json::{Map, Value};

/// How often a client may well ask, in milliseconds: steps take seconds, people hours.
const POLL_EVERY: u64 = 2_000;

/// Which member of a tool's result names what it has started; none of one that starts nothing.
pub(super) fn started_by<'a>(tool: &str, result: &'a Value) -> Option<&'a str> {
    let member = match tool {
        "sop_execute" => "runId",
        "mission_submit" => "missionId",
        _ => return None,
    };
    result.get(member)?.as_str()
}

/// Where a task stands.
///
/// # Errors
/// `NotFound` for what is no run or mission the caller has started.
pub(super) fn find(place: &Place, id: &str) -> Result<DetailedTask> {
    let (starter, created, payload, words, changed) = place.workspace.journal.read(|db| {
        let changed = last_of(db, id)?;
        if is_run(id) {
            let run = daemon::run_status(db, id)?;
            let words = [&run.waiting_for, &run.reason].into_iter().find(|words| !words.is_empty()).cloned();
            let payload = of_run(&run)?;
            return Ok((run.initiator, run.created_at, payload, words, changed));
        }
        let mission = daemon::status_of(db, id)?;
        let words =
            [&mission.waiting_for, &mission.reason].into_iter().find(|words| !words.is_empty()).cloned();
        let payload = of_mission(&mission)?;
        Ok((mission.requested_by, mission.created_at, payload, words, changed))
    })?;
    if starter != place.caller.party {
        return Err(Problem::not_found(format!("there is no task `{id}` of {}", place.caller.party)));
    }
    let changed = changed.unwrap_or_else(|| created.clone());
    let mut task = Task::new(id, TaskStatus::Working, created, changed).with_poll_interval_ms(POLL_EVERY);
    if let Some(words) = words {
        task = task.with_status_message(words);
    }
    Ok(DetailedTask::new(task, payload))
}

/// A run that failed is told as its outcome: a person may have it tried again, but nothing comes of it by itself.
fn of_run(run: &RunStatus) -> Result<TaskPayload> {
    match run.state {
        RunState::Completed => done(runs::facts(run), None),
        RunState::Failed => done(runs::facts(run), Some(&run.reason)),
        RunState::Cancelled => Ok(TaskPayload::Cancelled),
        RunState::Pending
        | RunState::WaitingApproval
        | RunState::Running
        | RunState::AwaitingApproval
        | RunState::Paused => Ok(TaskPayload::Working),
    }
}

fn of_mission(mission: &MissionStatus) -> Result<TaskPayload> {
    if !mission.state.ended() {
        return Ok(TaskPayload::Working);
    }
    let why = match mission.state {
        MissionState::Cancelled => return Ok(TaskPayload::Cancelled),
        MissionState::Rejected | MissionState::Failed => Some(mission.reason.as_str()),
        _ => None,
    };
    done(missions::facts(mission)?, why)
}

/// The final status as the result of the call; `why` it did not come to what was wanted.
fn done(fields: Map<String, Value>, why: Option<&str>) -> Result<TaskPayload> {
    let mut value = told(fields);
    if let (Some(why), Some(members)) = (why, value.as_object_mut()) {
        members.insert("success".to_owned(), false.into());
        members.insert("error".to_owned(), why.into());
    }
    let result = match why {
        Some(_) => CallToolResult::structured_error(value),
        None => CallToolResult::structured(value),
    };
    match serde_json::to_value(result) {
        Ok(Value::Object(result)) => Ok(TaskPayload::Completed { result }),
        _ => Err(Problem::failed("BUG: the result of a task is not a JSON object")),
    }
}

/// Cancels the run or mission behind a task, where the caller may; what is over stays as it is.
///
/// # Errors
/// `NotFound` as [`find`], and those of [`front::steer`] and [`front::cancel_mission`].
pub(super) fn cancel(place: &Place, id: &str) -> Result<(), Vec<Problem>> {
    place.caller.need(Scope::Write).map_err(whole)?;
    if find(place, id).map_err(whole)?.status().is_terminal() {
        return Ok(());
    }
    let (actor, words) = (place.caller.actor(), "its task was cancelled");
    if is_run(id) {
        let wish = Steering::Cancel(words.to_owned());
        return front::steer(SOPD, &place.workspace, &actor, (id, wish)).map_err(whole);
    }
    front::cancel_mission(SOPD, &place.workspace, &actor, (id, words))
}
