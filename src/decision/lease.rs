//! Which worker of a party has taken an assignment, and until when. A lease only keeps workers of one party from
//! doing the same work twice; who may hand it in is the decision's own affair. One that has run out is nobody's.

use super::rows::Decision;
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// The table of leases, as of version 3.
pub const TABLES_3: &str = "
CREATE TABLE lease(
  decision TEXT PRIMARY KEY,            -- D-17, an assignment
  holder TEXT NOT NULL,                 -- which of the party's workers
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Keeps `decision` for `holder` for so many minutes from now. `None` where another worker holds it.
pub fn lease(
    tx: &Tx<'_>,
    decision: &Decision,
    (by, os_user, holder): (&str, &str, &str),
    minutes: i64,
) -> Result<Option<Instant>> {
    let before = current(tx.db(), &decision.id)?;
    if before.as_ref().is_some_and(|(other, until)| other != holder && *until > tx.now()) {
        return Ok(None);
    }
    let until = Instant(tx.now().0.saturating_add(minutes.saturating_mul(MINUTE)));
    tx.db()
        .prepare_cached(
            "INSERT INTO lease(decision, holder, until) VALUES(?1, ?2, ?3)
             ON CONFLICT(decision) DO UPDATE SET holder = excluded.holder, until = excluded.until",
        )?
        .execute((&decision.id, holder, until.0))?;
    let lapsed = before.map(|(other, _)| other).filter(|other| other != holder);
    tx.event(
        &decision.ask.mission,
        "assignment_leased",
        &json!({
            "decision": decision.id, "by": by, "os_user": os_user, "holder": holder, "until": until.to_string(),
            "lapsed": lapsed, "shown": decision.ask.hash,
        }),
    )?;
    Ok(Some(until))
}

/// Refuses work of `holder` on a decision that another worker holds at `now`.
///
/// # Errors
/// `Conflict`.
pub fn held_by_other(db: &Connection, decision: &Decision, holder: &str, now: Instant) -> Result<()> {
    match current(db, &decision.id)? {
        Some((other, until)) if other != holder && until > now => Err(Problem::conflict(format!(
            "{} is held by another worker until {}",
            decision.id,
            until.minute()
        ))
        .hint("`worker_assignments` gives it to you once that has passed")),
        _ => Ok(()),
    }
}

fn current(db: &Connection, decision: &str) -> Result<Option<(String, Instant)>> {
    let sql = "SELECT holder, until FROM lease WHERE decision = ?1";
    let row = db.prepare_cached(sql)?.query_row([decision], |row| Ok((row.get(0)?, Instant(row.get(1)?))));
    Ok(row.optional()?)
}
