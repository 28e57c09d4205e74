//! What must hold between rows of the engine: nothing seals where a workflow stands, what it has heard or when its next
//! timer fires, since these follow from what is sealed.

use super::tx::Tx;
use crate::base::trace::subject_of;
use crate::base::{Instant, problem::Result};
use rusqlite::Connection;
use serde_json::json;

/// Timers that a workflow waits for and that nothing would fire.
const NOBODY_FIRES: &str = "FROM step JOIN workflow ON workflow.id = step.workflow AND workflow.state <> 'done'
    WHERE step.kind = 'timer' AND step.position IS NULL AND step.outcome IS NULL
      AND NOT EXISTS (SELECT 1 FROM timer WHERE timer.workflow = step.workflow AND timer.ordinal = step.ordinal)
      AND NOT EXISTS (SELECT 1 FROM signal WHERE signal.workflow = step.workflow
                        AND signal.name = 'timer/' || step.ordinal AND signal.position IS NULL)";

/// Each way in which the engine's rows cannot be: which rows, and what is said of one.
const IMPOSSIBLE: [(&str, &str); 6] = [
    (
        "SELECT id || '` cannot be in state `' || state FROM workflow
           WHERE state NOT IN ('ready', 'parked', 'stopped', 'done') OR (state = 'done') <> (ended_at IS NOT NULL)",
        "row `workflow {}`",
    ),
    (
        "SELECT id FROM workflow WHERE state = 'stopped' AND NOT EXISTS (
           SELECT 1 FROM event WHERE subject = substr(id, 1, instr(id || '/', '/') - 1) AND event.kind = 'workflow_stopped'
             AND (text ->> 'workflow' = id OR id LIKE (text ->> 'workflow') || '/%'))",
        "row `workflow {}` is stopped, and no fact says so",
    ),
    (
        "SELECT timer.workflow || ' ' || timer.ordinal FROM timer
           LEFT JOIN step ON step.workflow = timer.workflow AND step.ordinal = timer.ordinal AND step.kind = 'timer'
           WHERE step.ordinal IS NULL OR (timer.brought_back IS NULL AND step.input_hash <> timer.due_at)",
        "row `timer {}` is not due when its step asked for it",
    ),
    ("SELECT step.workflow || ' ' || step.ordinal NOBODY_FIRES", "row `timer {}`, which a step waits for, is gone"),
    (
        "SELECT signal.id FROM signal JOIN workflow ON workflow.id = signal.workflow AND workflow.state <> 'done'
           WHERE signal.position = -1 AND signal.name NOT GLOB 'child/*' AND signal.name NOT GLOB 'timer/*'",
        "row `signal {}` is set aside, and its workflow still waits",
    ),
    (
        "SELECT signal.id FROM signal WHERE signal.position >= 0 AND NOT EXISTS (
           SELECT 1 FROM step WHERE step.workflow = signal.workflow AND step.position = signal.position)",
        "row `signal {}` is not where its workflow heard it",
    ),
];

/// What the engine's rows cannot be, a sentence each.
pub(super) fn impossible(db: &Connection) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (sql, told) in IMPOSSIBLE {
        let mut rows = db.prepare(&sql.replace("NOBODY_FIRES", NOBODY_FIRES))?;
        for row in rows.query_map([], |row| row.get::<_, rusqlite::types::Value>(0))? {
            let which = match row? {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                _ => String::new(),
            };
            wrong.push(told.replace("{}", &which));
        }
    }
    Ok(wrong)
}

/// Sets timers again that somebody took away: what waits for one would wait for ever. How many.
pub(super) fn set_again(tx: &Tx<'_>) -> Result<usize> {
    let sql = format!(
        "INSERT INTO timer(workflow, ordinal, due_at)
           SELECT step.workflow, step.ordinal, CAST(step.input_hash AS INTEGER) {NOBODY_FIRES}"
    );
    let set = tx.db().execute(&sql, [])?;
    if set > 0 {
        tx.event("sopd", "timers_set_again", &json!({ "timers": set }))?;
        tracing::error!(timers = set, "timers that steps wait for were gone: they are set again");
    }
    Ok(set)
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
