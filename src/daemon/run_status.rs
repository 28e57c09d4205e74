//! Where a run stands, in plain words: its tasks, what it waits for, who must act, what it has cost.

use super::status::asked;
use crate::agent::{Spent, spent_by_mission};
use crate::base::{Exacts, Instant, MicroUsd, problem::Result};
use crate::decision;
use crate::journal::{Stopped, stopped};
use crate::registry;
use crate::run::{self, Gave, RunRow, RunState, StepRow};
use crate::sop::Version;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;

/// A run with everything a person asks about it. Stable as JSON, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct RunStatus {
    /// `sop_run_…`.
    pub id: String,
    /// `SOP-REV-lead-qualification`.
    pub sop: String,
    /// The version it is bound to.
    pub version: String,
    /// Hash of that version's bytes.
    pub sha256: String,
    /// Where it stands.
    pub state: RunState,
    /// `started`, `completed` or `failed`: the view of the product requirements.
    pub status: &'static str,
    /// Why it stands still or how it ended, in words.
    pub reason: String,
    /// What it waits for and who must act, one sentence; empty while it goes on or once it is over.
    pub waiting_for: String,
    /// `auto`, `supervised`, `step_by_step`.
    pub mode: Value,
    /// Who decided to run it.
    pub initiator: String,
    /// What started it.
    pub trigger: String,
    /// The first step that is not over; none where all are.
    pub current_step: Option<u32>,
    /// How many steps it has.
    pub total_steps: usize,
    /// US dollars spent on models.
    pub cost_usd: f64,
    /// Tokens used, in and out.
    pub tokens: i64,
    /// When it was asked for, RFC 3339.
    pub created_at: String,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Completion quality, 0 to 100.
    pub score: Option<u8>,
    /// What was taken off for it, one sentence each.
    pub score_parts: Vec<String>,
    /// How it differs from its SOP, one sentence each.
    pub changes: Vec<String>,
    /// A newer version than this run's is active.
    pub newer_version: Option<String>,
    /// What came out of it, so far: what its last completed steps gave.
    pub result: Vec<Gave>,
    /// Its steps as tasks.
    pub tasks: Vec<Task>,
}

/// One step as a task.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    /// From 1.
    pub number: u32,
    /// Imperative.
    pub title: String,
    /// `command`, `http`, `sop`, `wait`, `person` or `agent`.
    pub work: String,
    /// Where it stands.
    pub state: run::StepState,
    /// Why.
    pub reason: String,
    /// Who does it.
    pub assignee: String,
    /// What whoever does it must be able to do.
    pub skills: Vec<String>,
    /// Steps before it.
    pub depends_on: Vec<u32>,
    /// What exists afterwards.
    pub artifact: Option<String>,
    /// When it must be done, RFC 3339.
    pub due_at: Option<String>,
    /// Tries in its last visit.
    pub attempts: u32,
    /// Percent; of agents' work.
    pub confidence: Option<u8>,
    /// What it gave to later steps.
    pub outputs: Exacts,
    /// The end of what it said.
    pub said: String,
    /// Files it left, by name, with their hash.
    pub files: Vec<(String, crate::base::Digest)>,
    /// When it was begun last, RFC 3339.
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    pub ended_at: Option<String>,
}

fn time(at: Option<Instant>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl From<StepRow> for Task {
    fn from(row: StepRow) -> Self {
        Self {
            number: row.number,
            title: row.title,
            work: row.work,
            state: row.state,
            reason: row.reason,
            assignee: row.assignee,
            skills: row.skills,
            depends_on: row.depends_on,
            artifact: row.artifact,
            due_at: time(row.due_at),
            attempts: row.attempts,
            confidence: row.confidence,
            outputs: row.outputs,
            said: row.said,
            files: row.files,
            started_at: time(row.started_at),
            ended_at: time(row.ended_at),
        }
    }
}

/// The status of one run.
pub fn run_status(db: &Connection, id: &str) -> Result<RunStatus> {
    of_row(db, run::run(db, id)?)
}

/// The version of its SOP that is active now, where that is a newer one than the run's.
pub fn newer_version(db: &Connection, run: &RunRow) -> Result<Option<Version>> {
    let active = registry::active(db, &run.sop)?.map(|active| active.version);
    Ok(active.filter(|active| *active > run.version))
}

/// The status of the runs that are wanted, newest first.
pub fn run_statuses(db: &Connection, wanted: &run::Wanted) -> Result<Vec<RunStatus>> {
    run::runs(db, wanted)?.into_iter().map(|row| of_row(db, row)).collect()
}

fn of_row(db: &Connection, row: RunRow) -> Result<RunStatus> {
    let Spent { micros, tokens } = spent_by_mission(db, &row.id)?;
    let steps = run::steps(db, &row.id)?;
    let result = run::outcome(&steps);
    let tasks: Vec<Task> = steps.into_iter().map(Task::from).collect();
    let over = |task: &&Task| !matches!(task.state, run::StepState::Completed | run::StepState::Skipped);
    Ok(RunStatus {
        waiting_for: waiting_for(db, &row)?,
        newer_version: newer_version(db, &row)?.map(|newer| newer.to_string()),
        current_step: tasks.iter().find(over).map(|task| task.number),
        total_steps: tasks.len(),
        sop: row.sop.to_string(),
        version: row.version.to_string(),
        sha256: row.sha256.0,
        status: match row.state {
            RunState::Completed => "completed",
            RunState::Failed | RunState::Cancelled => "failed",
            _ => "started",
        },
        state: row.state,
        reason: row.reason,
        mode: serde_json::to_value(row.mode).unwrap_or_default(),
        initiator: row.initiator,
        trigger: row.trigger,
        cost_usd: MicroUsd(micros).dollars(),
        tokens,
        created_at: row.created_at.to_string(),
        started_at: time(row.started_at),
        ended_at: time(row.ended_at),
        score: row.score,
        score_parts: match row.score {
            Some(_) => run::quality_of(db, &row.id)?.map(|quality| quality.parts).unwrap_or_default(),
            None => Vec::new(),
        },
        changes: run::changes_of(db, &row.id)?,
        result,
        tasks,
        id: row.id,
    })
}

fn waiting_for(db: &Connection, row: &RunRow) -> Result<String> {
    if matches!(row.state, RunState::Completed | RunState::Cancelled) {
        return Ok(String::new());
    }
    if let Some(Stopped { reason, .. }) = stopped(db, &row.id)?.first() {
        return Ok(format!("an operator: it was stopped because {reason}; `sopd retry {}` goes on", row.id));
    }
    let open = decision::open_of_mission(db, &row.id)?;
    if open.is_empty() && matches!(row.state, RunState::Pending | RunState::Paused) {
        return Ok(row.reason.clone());
    }
    Ok(open.iter().map(asked).collect::<Vec<_>>().join("; "))
}
