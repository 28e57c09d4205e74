//! One SOP has one open mission: claiming it, waiting for it, giving it up.

use crate::base::problem::Result;
use crate::journal::Tx;
use crate::sop::SopId;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

/// Claims an SOP for a mission. `Some(other)` when an open mission has it: this one is then in the queue.
pub(super) fn claim(tx: &Tx<'_>, sop: &SopId, mission: &str) -> Result<Option<String>> {
    tx.db()
        .prepare_cached("INSERT INTO claim(sop, mission) VALUES(?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((sop.as_str(), mission))?;
    let holder: String = tx
        .db()
        .prepare_cached("SELECT mission FROM claim WHERE sop = ?1")?
        .query_row([sop.as_str()], |row| row.get(0))?;
    if holder == mission {
        return Ok(None);
    }
    tx.db()
        .prepare_cached("INSERT INTO claim_queue(sop, mission) VALUES(?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((sop.as_str(), mission))?;
    Ok(Some(holder))
}

/// The signal a held mission waits for.
pub(super) const CLAIM_FREE: &str = "claim_free";

/// Gives up a mission's claim and its place in the queue, and tells the next in line.
pub(super) fn release(tx: &Tx<'_>, mission: &str) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM claim_queue WHERE mission = ?1")?.execute([mission])?;
    let freed: Vec<String> = tx
        .db()
        .prepare_cached("DELETE FROM claim WHERE mission = ?1 RETURNING sop")?
        .query_map([mission], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for sop in freed {
        let next: Option<String> = tx
            .db()
            .prepare_cached(
                "DELETE FROM claim_queue WHERE number = (SELECT min(number) FROM claim_queue WHERE sop = ?1)
                 RETURNING mission",
            )?
            .query_row([&sop], |row| row.get(0))
            .optional()?;
        if let Some(next) = next {
            tx.db()
                .prepare_cached("INSERT INTO claim(sop, mission) VALUES(?1, ?2)")?
                .execute((&sop, &next))?;
            tx.signal(&next, CLAIM_FREE, &json!(null))?;
        }
    }
    Ok(())
}

/// The open mission that works on that SOP.
pub(super) fn holder(db: &Connection, sop: &SopId) -> Result<Option<String>> {
    let sql = "SELECT mission FROM claim WHERE sop = ?1";
    Ok(db.prepare_cached(sql)?.query_row([sop.as_str()], |row| row.get(0)).optional()?)
}

/// Whether an open mission works on that SOP.
pub fn claimed(db: &Connection, sop: &SopId) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM claim WHERE sop = ?1)";
    Ok(db.prepare_cached(sql)?.query_row([sop.as_str()], |row| row.get(0))?)
}
