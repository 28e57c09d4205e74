//! Timers that were set while the clock showed a later time than it does now: what was to last an hour would last years.

use super::tx::Tx;
use crate::base::{Instant, problem::Result};

/// How far ahead of the clock a moment on record may lie without a word: clocks are set by seconds all the time.
pub const AHEAD: i64 = 60_000;

/// How long a clock that was set back is worth a word, in milliseconds: whoever looks once a week sees it.
pub const WORTH_A_WORD: i64 = 8 * 24 * 60 * 60 * 1_000;

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
    // One that was set anew before counts from then: the clock may be set back more than once.
    let sql =
        "SELECT timer.workflow, timer.ordinal, timer.due_at, coalesce(timer.brought_back, step.at) AS since
               FROM timer JOIN step ON step.workflow = timer.workflow AND step.ordinal = timer.ordinal
               WHERE since > ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let mut statement = tx.db().prepare_cached(sql)?;
    let found = statement.query_map([now.0.saturating_add(AHEAD)], read)?;
    let set: Vec<(String, i64, i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
    let mut moved = Vec::new();
    for (workflow, ordinal, was, at) in set {
        let due = Instant(now.0.saturating_add(was.saturating_sub(at)));
        tx.db()
            .prepare_cached(
                "UPDATE timer SET due_at = ?3, brought_back = ?4 WHERE workflow = ?1 AND ordinal = ?2",
            )?
            .execute((&workflow, ordinal, due.0, now.0))?;
        moved.push(BroughtBack { workflow, was: Instant(was), due });
    }
    Ok(moved)
}
