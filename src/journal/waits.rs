//! What a workflow that waits for a clock waits out: its timers, and what it had been answered before.

use super::blob;
use super::history::decode_outcome;
use crate::base::{Instant, problem::Result};
use rusqlite::Connection;

/// A timer under way in a workflow or below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When it falls due.
    pub due: Instant,
    /// What activities of the asked name had answered before it was set, the last one first.
    pub before: Vec<Answered>,
}

/// The recorded answer of one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its readable key.
    pub key: String,
    /// Its output, JSON; `None` when it failed.
    pub output: Option<String>,
    /// When it was recorded.
    pub at: Instant,
}

/// Answers looked back at; nobody waits more often for one thing.
const MOST_BEFORE: u32 = 8;

/// The timers of `workflow` and of everything below it, the earliest first, each with the answers that `activity` gave
/// in the same workflow before it.
///
/// # Errors
/// When the journal cannot be read.
pub fn waits(db: &Connection, workflow: &str, activity: &str) -> Result<Vec<Wait>> {
    let timers: Vec<(String, i64, i64)> = db
        .prepare_cached(
            "SELECT workflow, ordinal, due_at FROM timer
             WHERE workflow >= ?1 AND workflow < ?1 || '0' AND (workflow = ?1 OR workflow > ?1 || '/')
             ORDER BY due_at",
        )?
        .query_map([workflow], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<std::result::Result<_, _>>()?;
    let before = |workflow: &str, ordinal: i64| before(db, (workflow, ordinal), activity);
    timers
        .into_iter()
        .map(|(workflow, ordinal, due)| Ok(Wait { due: Instant(due), before: before(&workflow, ordinal)? }))
        .collect()
}

fn before(db: &Connection, (workflow, ordinal): (&str, i64), activity: &str) -> Result<Vec<Answered>> {
    let rows: Vec<(String, String, i64)> = db
        .prepare_cached(
            "SELECT key, outcome, at FROM step
             WHERE workflow = ?1 AND ordinal < ?2 AND kind = 'activity' AND name = ?3 AND position IS NOT NULL
             ORDER BY ordinal DESC LIMIT ?4",
        )?
        .query_map((workflow, ordinal, activity, MOST_BEFORE), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<std::result::Result<_, _>>()?;
    rows.into_iter()
        .map(|(key, outcome, at)| {
            let output = decode_outcome(&blob::fetch(db, outcome)?)?.ok();
            Ok(Answered { key, output, at: Instant(at) })
        })
        .collect()
}
