//! A run's rows: where it stands, its steps as tasks, its artifacts.

use super::state::{RunState, StepState};
use crate::base::{Digest, Exacts, Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::journal::columns::{json, parsed, word};
use crate::sop::document::ExecutionMode;
use crate::sop::{SopId, Version};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// `sop_run_…`.
    pub id: String,
    /// The SOP.
    pub sop: SopId,
    /// The version it is bound to.
    pub version: Version,
    /// Hash of that version's bytes.
    pub sha256: Digest,
    /// Where it stands.
    pub state: RunState,
    /// Why it waits or how it ended, in words; empty while it goes on.
    pub reason: String,
    /// The mode it runs in, `priority_based` resolved.
    pub mode: ExecutionMode,
    /// Who decided to run it.
    pub initiator: String,
    /// What started it: `manual`, `webhook /path`, `cron …`, `files …`, `step sop_run_…#3`.
    pub trigger: String,
    /// Hash of the packet, a blob.
    pub packet: Digest,
    /// Hash of the plan, a blob.
    pub plan: Digest,
    /// When it was asked for.
    pub created_at: Instant,
    /// When its first step or gate began.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Completion quality, 0 to 100, of a completed one.
    pub score: Option<u8>,
}

/// One step of a run: a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRow {
    /// From 1.
    pub number: u32,
    /// Imperative.
    pub title: String,
    /// `command`, `http`, `sop`, `wait`, `person` or `agent`.
    pub work: String,
    /// Where it stands.
    pub state: StepState,
    /// Why, in words, where the state alone does not say it.
    pub reason: String,
    /// Who does it.
    pub assignee: String,
    /// What whoever does it must be able to do.
    pub skills: Vec<String>,
    /// Steps before it.
    pub depends_on: Vec<u32>,
    /// What exists afterwards.
    pub artifact: Option<String>,
    /// When it must be done: its begin and its limit. A forecast until it begins.
    pub due_at: Option<Instant>,
    /// How often it was begun.
    pub visits: u32,
    /// Tries in its last visit.
    pub attempts: u32,
    /// When it was begun last.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// How far its result can be relied on, percent; of agents' work.
    pub confidence: Option<u8>,
    /// What it gave to later steps.
    pub outputs: Exacts,
    /// The end of what it printed or said.
    pub said: String,
    /// The file it left, by name, with the hash of its content.
    pub files: Vec<(String, Digest)>,
}

/// Stands in the reason of a step that somebody left out, after the name.
const LEFT_OUT: &str = " left it out: ";

/// That somebody left a step out, or a run that had not begun.
pub(super) fn left_out(by: &str, reason: &str) -> String {
    format!("{by}{LEFT_OUT}{reason}")
}

impl StepRow {
    /// Whether a person left it out, in place of its own condition or the silence at its gate.
    pub(super) fn is_left_out(&self) -> bool {
        // An id on the roster has no blank in it, so the words of a condition are never taken for it.
        self.state == StepState::Skipped
            && self.reason.split_once(LEFT_OUT).is_some_and(|(by, _)| !by.contains(' '))
    }

    /// Who sent the work back and why, where the step is to be done again for that.
    pub(super) fn sent_back(&self) -> Option<&str> {
        let by = self.reason.split_once(SENT_BACK).map(|(by, _)| by);
        by.filter(|by| !by.contains(' ')).map(|_by| self.reason.as_str())
    }

    /// Whether it was done after its own time was up. Before it began there was only a forecast.
    pub(super) fn is_late(&self) -> bool {
        let done = self.state == StepState::Completed;
        done && matches!((self.due_at, self.ended_at), (Some(due), Some(end)) if end > due)
    }
}

/// Stands in the reason of a step that is to be done again, between who sent it back and the words for its doer.
const SENT_BACK: &str = " sent it back: ";

/// That somebody wants a step done again, and what is to be better.
pub(super) fn sent_back(by: &str, reason: &str) -> String {
    format!("{by}{SENT_BACK}{reason}")
}

/// The tables of this layer, as of version 2.
pub const TABLES: &str = "
CREATE TABLE run(
  id TEXT PRIMARY KEY,                  -- sop_run_<id>
  number INTEGER NOT NULL UNIQUE,       -- in the order of asking
  sop TEXT NOT NULL,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,                 -- of the version's bytes
  state TEXT NOT NULL,
  reason TEXT NOT NULL,                 -- why it waits or how it ended, in words; empty while it goes on
  mode TEXT NOT NULL,
  initiator TEXT NOT NULL,
  trigger TEXT NOT NULL,
  idempotency_key TEXT,
  packet TEXT NOT NULL,                 -- hash of a blob
  plan TEXT NOT NULL,                   -- hash of a blob
  slot INTEGER NOT NULL,                -- whether it counts among those under way
  most INTEGER NOT NULL,                -- how many of its SOP may be under way at once
  caller TEXT,                          -- the workflow of the step that waits for its end
  held INTEGER NOT NULL,                -- it waits, adjustable, until somebody lets it go
  halted INTEGER NOT NULL DEFAULT 0,    -- paused or failed: its state is not that of its steps
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  score INTEGER,
  review TEXT,                          -- hash of the post-run review, a blob
  reviewed_by TEXT,                     -- who signed it
  erased_at INTEGER                     -- when retention erased its payloads
) STRICT, WITHOUT ROWID;
CREATE INDEX run_sop ON run(sop, number);
CREATE INDEX run_open ON run(sop, slot, number) WHERE ended_at IS NULL;
CREATE INDEX run_started ON run(sop, started_at);
CREATE UNIQUE INDEX run_key ON run(sop, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TABLE run_step(
  run TEXT NOT NULL,
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  work TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  assignee TEXT NOT NULL,
  skills TEXT NOT NULL,                 -- JSON list
  depends_on TEXT NOT NULL,             -- JSON list of numbers
  artifact TEXT,
  due_at INTEGER,
  visits INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER,
  ended_at INTEGER,
  confidence INTEGER,
  outputs TEXT NOT NULL DEFAULT '{}',   -- JSON object
  said TEXT NOT NULL DEFAULT '',
  files TEXT NOT NULL DEFAULT '[]',     -- JSON list of [name, hash of a blob]
  PRIMARY KEY(run, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE autonomy(
  number INTEGER PRIMARY KEY,
  sop TEXT NOT NULL,
  step INTEGER,                         -- one step, or NULL for the whole SOP
  version TEXT NOT NULL,                -- the one that was active: a word on a step counts for it and its patches
  widened INTEGER NOT NULL,             -- 1 widened, 0 narrowed again; the newest row counts
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX autonomy_sop ON autonomy(sop, number);
";

const SELECT: &str = "SELECT id, sop, version, sha256, state, reason, mode, initiator, trigger, packet, plan,
  created_at, started_at, ended_at, score FROM run";

fn read(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get(0)?,
        sop: parsed(row, 1)?,
        version: parsed(row, 2)?,
        sha256: Digest(row.get(3)?),
        state: word(row, 4)?,
        reason: row.get(5)?,
        mode: word(row, 6)?,
        initiator: row.get(7)?,
        trigger: row.get(8)?,
        packet: Digest(row.get(9)?),
        plan: Digest(row.get(10)?),
        created_at: Instant(row.get(11)?),
        started_at: row.get::<_, Option<i64>>(12)?.map(Instant),
        ended_at: row.get::<_, Option<i64>>(13)?.map(Instant),
        score: row.get(14)?,
    })
}

const SELECT_STEP: &str =
    "SELECT number, title, work, state, reason, assignee, skills, depends_on, artifact, due_at,
  visits, attempts, started_at, ended_at, confidence, outputs, said, files FROM run_step";

fn read_step(row: &Row<'_>) -> rusqlite::Result<StepRow> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Instant));
    Ok(StepRow {
        number: row.get(0)?,
        title: row.get(1)?,
        work: row.get(2)?,
        state: word(row, 3)?,
        reason: row.get(4)?,
        assignee: row.get(5)?,
        skills: json(row, 6)?,
        depends_on: json(row, 7)?,
        artifact: row.get(8)?,
        due_at: time(9)?,
        visits: row.get(10)?,
        attempts: row.get(11)?,
        started_at: time(12)?,
        ended_at: time(13)?,
        confidence: row.get(14)?,
        outputs: json(row, 15)?,
        said: row.get(16)?,
        files: json(row, 17)?,
    })
}

/// One run by its id.
pub fn run(db: &Connection, id: &str) -> Result<RunRow> {
    db.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?
        .ok_or_else(|| Problem::not_found(format!("there is no run `{id}`")).hint("see `sopd runs`"))
}

/// The run that was started with that key.
pub(super) fn of_key(db: &Connection, sop: &SopId, key: &str) -> Result<Option<RunRow>> {
    let sql = format!("{SELECT} WHERE sop = ?1 AND idempotency_key = ?2");
    Ok(db.prepare_cached(&sql)?.query_row((sop.as_str(), key), read).optional()?)
}

/// Which runs are listed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this SOP only.
    pub sop: Option<SopId>,
    /// In this state only.
    pub state: Option<RunState>,
    /// At most so many; 0 is all.
    pub limit: u32,
    /// Older than this run only.
    pub after: Option<String>,
}

/// Runs, newest first.
pub fn runs(db: &Connection, wanted: &Wanted) -> Result<Vec<RunRow>> {
    let limit = if wanted.limit == 0 { -1 } else { i64::from(wanted.limit) };
    let state = wanted.state.map(RunState::word);
    let before = wanted.after.as_deref().map(|id| number(db, id)).transpose()?.unwrap_or(i64::MAX);
    let rows = match &wanted.sop {
        Some(sop) => db
            .prepare_cached(&format!(
                "{SELECT} WHERE sop = ?1 AND number < ?4 AND (?2 IS NULL OR state = ?2) ORDER BY number DESC LIMIT ?3"
            ))?
            .query_map((sop.as_str(), state, limit, before), read)?
            .collect::<Result<_, _>>()?,
        None => db
            .prepare_cached(&format!(
                "{SELECT} WHERE number < ?3 AND (?1 IS NULL OR state = ?1) ORDER BY number DESC LIMIT ?2"
            ))?
            .query_map((state, limit, before), read)?
            .collect::<Result<_, _>>()?,
    };
    Ok(rows)
}

/// The ids of the runs that have not ended.
pub fn open_runs(db: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT id FROM run INDEXED BY run_open WHERE ended_at IS NULL";
    Ok(db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// A run's place in the order of asking.
fn number(db: &Connection, id: &str) -> Result<i64> {
    let row = db.prepare_cached("SELECT number FROM run WHERE id = ?1")?.query_row([id], |row| row.get(0));
    row.optional()?
        .ok_or_else(|| Problem::not_found(format!("there is no run `{id}`")).hint("see `sopd runs`"))
}

/// How many runs are wanted, whatever the limit.
pub fn count(db: &Connection, wanted: &Wanted) -> Result<u32> {
    let sql = "SELECT count(*) FROM run WHERE (?1 IS NULL OR sop = ?1) AND (?2 IS NULL OR state = ?2)";
    let sop = wanted.sop.as_ref().map(SopId::as_str);
    Ok(db.prepare_cached(sql)?.query_row((sop, wanted.state.map(RunState::word)), |row| row.get(0))?)
}

/// How many runs are in each state, by its word.
pub fn by_state(db: &Connection) -> Result<Vec<(String, u32)>> {
    let sql = "SELECT state, count(*) FROM run GROUP BY state ORDER BY state";
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The steps of a run, in order.
pub fn steps(db: &Connection, run: &str) -> Result<Vec<StepRow>> {
    let rows = db
        .prepare_cached(&format!("{SELECT_STEP} WHERE run = ?1 ORDER BY number"))?
        .query_map([run], read_step)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// One step of a run.
pub fn step(db: &Connection, run: &str, number: u32) -> Result<StepRow> {
    db.prepare_cached(&format!("{SELECT_STEP} WHERE run = ?1 AND number = ?2"))?
        .query_row((run, number), read_step)
        .optional()?
        .ok_or_else(|| Problem::not_found(format!("{run} has no step {number}")))
}

/// Records where a step stands, and the run with it. Why it was sent back stands there until it is done again.
pub(super) fn set_step(
    tx: &Tx<'_>,
    (run, number): (&str, u32),
    state: StepState,
    reason: &str,
) -> Result<()> {
    let now = tx.now().0;
    let open = matches!(state, StepState::Pending | StepState::AwaitingApproval | StepState::Running);
    let before = if open && reason.is_empty() { Some(step(tx.db(), run, number)?) } else { None };
    let reason = before.as_ref().and_then(StepRow::sent_back).unwrap_or(reason);
    let (begun, over) = match state {
        StepState::Running => (Some(now), None),
        StepState::Pending | StepState::AwaitingApproval => (None, None),
        _ => (None, Some(now)),
    };
    tx.db()
        .prepare_cached(
            "UPDATE run_step SET state = ?3, reason = ?4, started_at = coalesce(?5, started_at), ended_at = ?6,
               visits = visits + (?5 IS NOT NULL), attempts = iif(?5 IS NULL, attempts, 1)
             WHERE run = ?1 AND number = ?2",
        )?
        .execute((run, number, state.word(), tx.clean(reason), begun, over))?;
    refresh(tx, run)
}

/// Records when a step must be done, now that it begins.
pub(super) fn set_due(tx: &Tx<'_>, (run, number): (&str, u32), due: Option<Instant>) -> Result<()> {
    let sql = "UPDATE run_step SET due_at = ?3 WHERE run = ?1 AND number = ?2";
    tx.db().prepare_cached(sql)?.execute((run, number, due.map(|due| due.0)))?;
    Ok(())
}

/// Makes the state of a run that nobody halted that of its steps.
pub(super) fn refresh(tx: &Tx<'_>, run: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE run SET reason = '', state = CASE
               WHEN EXISTS(SELECT 1 FROM run_step WHERE run = ?1 AND state = 'running') THEN 'running'
               WHEN EXISTS(SELECT 1 FROM run_step WHERE run = ?1 AND state = 'awaiting_approval')
                 THEN 'awaiting_approval'
               ELSE 'running' END
             WHERE id = ?1 AND halted = 0 AND ended_at IS NULL",
        )?
        .execute([run])?;
    Ok(())
}

/// Records a state that is not that of the steps: halted, waiting to begin, ended.
pub(super) fn set_run(tx: &Tx<'_>, run: &str, state: RunState, reason: &str) -> Result<()> {
    let ended = state.ended().then_some(tx.now().0);
    let halted = matches!(state, RunState::Paused | RunState::Failed);
    tx.db()
        .prepare_cached("UPDATE run SET state = ?2, reason = ?3, ended_at = ?4, halted = ?5 WHERE id = ?1")?
        .execute((run, state.word(), tx.clean(reason), ended, halted))?;
    Ok(())
}
