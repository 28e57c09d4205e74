//! What must hold between rows of the engine: nothing seals where a workflow stands or when its next timer fires, since
//! both follow from what is sealed.

use super::tx::Tx;
use crate::base::trace::subject_of;
use crate::base::{Instant, problem::Result};
use rusqlite::Connection;
use serde_json::json;

/// What the engine's rows cannot be, a sentence each.
pub(super) fn impossible(db: &Connection) -> Result<Vec<String>> {
    const ENDED: &str = "SELECT id, state FROM workflow
        WHERE state NOT IN ('ready', 'parked', 'stopped', 'done') OR (state = 'done') <> (ended_at IS NOT NULL)";
    const EARLY: &str = "SELECT timer.workflow, timer.ordinal FROM timer
        LEFT JOIN step ON step.workflow = timer.workflow AND step.ordinal = timer.ordinal AND step.kind = 'timer'
        WHERE step.ordinal IS NULL OR (timer.brought_back IS NULL AND step.input_hash <> timer.due_at)";
    let mut wrong = Vec::new();
    let mut rows = db.prepare(ENDED)?;
    for row in rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (id, state) = row?;
        wrong.push(format!("row `workflow {id}` cannot be in state `{state}`"));
    }
    let mut rows = db.prepare(EARLY)?;
    for row in rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
        let (id, ordinal) = row?;
        wrong.push(format!("row `timer {id} {ordinal}` is not due when its step asked for it"));
    }
    Ok(wrong)
}

/// Sets timers that would fire now, and were not asked for so early, to the moment they were asked for.
pub(super) fn set_right(tx: &Tx<'_>, now: Instant) -> Result<()> {
    let sql = "UPDATE timer SET due_at = CAST(step.input_hash AS INTEGER) FROM step
               WHERE step.workflow = timer.workflow AND step.ordinal = timer.ordinal AND step.kind = 'timer'
                 AND timer.due_at <= ?1 AND timer.brought_back IS NULL AND step.input_hash <> timer.due_at
               RETURNING timer.workflow, timer.due_at";
    let mut moved = tx.db().prepare_cached(sql)?;
    let moved: Vec<(String, i64)> =
        moved.query_map([now.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (workflow, due) in moved {
        let body = json!({ "workflow": workflow, "due": Instant(due).to_string() });
        tx.event(subject_of(&workflow), "timer_refused", &body)?;
        tracing::error!(
            workflow,
            "a timer was not asked for so early: it is set to the moment it was asked for"
        );
    }
    Ok(())
}
