//! Sessions of browsers: they end when idle, when old, or when somebody ends them.

use super::secret::{Secret, hash};
use crate::base::{Instant, Span, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use serde_json::json;

/// Longest name of a browser that is kept, in characters.
const LONGEST_AGENT: usize = 200;
/// A visit is written down at most once in so many milliseconds.
const TOUCH_EVERY: i64 = 60_000;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a visit.
    pub idle: Span,
    /// In all.
    pub longest: Span,
}

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its number.
    pub number: i64,
    /// Whose.
    pub party: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was used last, to a minute.
    pub seen_at: Instant,
}

impl Session {
    fn lives(&self, limits: Limits, now: Instant) -> bool {
        now < limits.idle.after(self.seen_at) && now < limits.longest.after(self.created_at)
    }
    /// Whether its last visit is long enough ago to be written down anew.
    pub fn is_stale(&self, now: Instant) -> bool {
        now.0 - self.seen_at.0 > TOUCH_EVERY
    }
}

/// Begins a session, whatever the browser had before; the answer is its secret.
pub fn begin(tx: &Tx<'_>, party: &str, agent: &str, how: &str) -> Result<Secret> {
    let secret = Secret::new()?;
    let agent: String = agent.chars().take(LONGEST_AGENT).collect();
    let now = tx.now().0;
    tx.db().execute(
        "INSERT INTO session(hash, party, agent, created_at, seen_at) VALUES(?1, ?2, ?3, ?4, ?4)",
        (secret.hash(), party, agent, now),
    )?;
    let number = tx.db().last_insert_rowid();
    tx.event("desk", "signed_in", &json!({ "party": party, "with": how, "session": number }))?;
    Ok(secret)
}

const SELECT: &str =
    "SELECT number, party, agent, created_at, seen_at FROM session WHERE ended_at IS NULL AND";

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        number: row.get(0)?,
        party: row.get(1)?,
        agent: row.get(2)?,
        created_at: Instant(row.get(3)?),
        seen_at: Instant(row.get(4)?),
    })
}

/// The session behind `secret`, while it lasts.
pub fn session_of(db: &Connection, secret: &str, limits: Limits, now: Instant) -> Result<Option<Session>> {
    let sql = format!("{SELECT} hash = ?1");
    let found = db.prepare_cached(&sql)?.query_row([hash(secret)], read).optional()?;
    Ok(found.filter(|session| session.lives(limits, now)))
}

/// A party's open sessions, the newest first.
pub fn open_sessions(db: &Connection, party: &str, limits: Limits, now: Instant) -> Result<Vec<Session>> {
    let sql = format!("{SELECT} party = ?1 ORDER BY number DESC");
    let rows = db.prepare_cached(&sql)?.query_map([party], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().filter(|session| session.lives(limits, now)).collect())
}

/// Writes a visit down.
pub fn touch(tx: &Tx<'_>, number: i64) -> Result<()> {
    tx.db().execute("UPDATE session SET seen_at = ?2 WHERE number = ?1", (number, tx.now().0))?;
    Ok(())
}

/// Ends one session of `party`.
pub fn end(tx: &Tx<'_>, party: &str, number: i64) -> Result<()> {
    let sql = "UPDATE session SET ended_at = ?3 WHERE number = ?1 AND party = ?2 AND ended_at IS NULL";
    if tx.db().execute(sql, (number, party, tx.now().0))? == 1 {
        tx.event("desk", "signed_out", &json!({ "party": party, "session": number }))?;
    }
    Ok(())
}

/// Ends every session of `party`, except that with number `but`.
pub fn end_all(tx: &Tx<'_>, party: &str, but: Option<i64>) -> Result<usize> {
    let sql = "UPDATE session SET ended_at = ?2 WHERE party = ?1 AND ended_at IS NULL AND number IS NOT ?3";
    let ended = tx.db().execute(sql, (party, tx.now().0, but))?;
    tx.event("desk", "signed_out", &json!({ "party": party, "sessions": ended }))?;
    Ok(ended)
}
