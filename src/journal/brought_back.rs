//! Timers that were set while the clock showed a later time than it does now: what was to last an hour would last years.

use super::tx::Tx;
use crate::base::{Instant, problem::Result};

/// How far ahead of the clock a moment on record may lie without a word: clocks are set by seconds all the time.
pub const AHEAD: i64 = 60_000;

/// A timer that was set anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtBack {
    /// The workflow that waits for it.
    pub workflow: String,
    /// When it was to fire.
    pub was: Instant,
    /// When it fires now: as long from now as it was to last.
    pub due: Instant,
}

/// Sets every timer that was set in a time yet to come to last, from now, as long as it was to last from then.
pub fn bring_back_timers(tx: &Tx<'_>) -> Result<Vec<BroughtBack>> {
    let now = tx.now();
    let sql = "UPDATE timer SET due_at = ?1 + timer.due_at - step.at FROM step
               WHERE step.workflow = timer.workflow AND step.ordinal = timer.ordinal AND step.at > ?2
               RETURNING timer.workflow, due_at, step.at";
    let read = |row: &rusqlite::Row<'_>| {
        let (workflow, due, set): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(BroughtBack { workflow, was: Instant(due - now.0 + set), due: Instant(due) })
    };
    let mut statement = tx.db().prepare_cached(sql)?;
    let moved = statement.query_map((now.0, now.0.saturating_add(AHEAD)), read)?;
    Ok(moved.collect::<rusqlite::Result<_>>()?)
}
