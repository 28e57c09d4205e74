//! What the driver writes and looks up: steps with their outcomes, and signals that have come.

use super::blob;
use super::driver::CANCEL;
use super::history::{StepRecord, decode_outcome};
use super::tx::Tx;
use super::workflow::Asked;
use crate::base::problem::Result;
use rusqlite::Connection;

impl StepRecord {
    /// The observation of a cancel. It was never asked for, so its ordinal is negative.
    pub(super) fn cancel(position: i64) -> Self {
        Self {
            ordinal: -1 - position,
            kind: CANCEL.to_owned(),
            name: CANCEL.to_owned(),
            key: CANCEL.to_owned(),
            input_hash: String::new(),
            attempt: 1,
            position: Some(position),
            outcome: None,
            at: 0,
        }
    }

    /// Writes the step; an outcome that is already recorded is never replaced.
    pub(super) fn write(&self, tx: &Tx<'_>, workflow: &str, outcome: Option<&str>) -> Result<i64> {
        let outcome = outcome.map(|text| blob::shelve(tx, text)).transpose()?;
        let rows = tx
            .db()
            .prepare_cached(
                "INSERT INTO step(workflow, ordinal, kind, name, key, input_hash, attempt, position, outcome, at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT(workflow, ordinal) DO UPDATE
                 SET attempt = max(attempt, excluded.attempt), position = excluded.position,
                     outcome = excluded.outcome, at = excluded.at
                 WHERE position IS NULL",
            )?
            .execute(rusqlite::params![
                workflow,
                self.ordinal,
                self.kind,
                self.name,
                self.key,
                self.input_hash,
                self.attempt,
                self.position,
                outcome,
                tx.now().0
            ])?;
        if rows == 1 {
            return Ok(tx.now().0);
        }
        Err(crate::base::Problem::store(format!("step {} of {workflow} is already recorded", self.ordinal)))
    }
}

pub(super) fn step_of(asked: &Asked) -> StepRecord {
    StepRecord {
        ordinal: asked.ordinal,
        kind: asked.kind().to_owned(),
        name: asked.name().to_owned(),
        key: asked.key.clone(),
        input_hash: asked.input_hash(),
        attempt: 1,
        position: None,
        outcome: None,
        at: 0,
    }
}

/// A signal nobody has observed yet.
pub(super) struct Arrived {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) payload: String,
}

impl Arrived {
    pub(super) fn oldest(
        db: &Connection,
        workflow: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<Self>> {
        let mut statement = db.prepare_cached(
            "SELECT id, name, payload FROM signal WHERE workflow = ?1 AND position IS NULL ORDER BY id",
        )?;
        let mut rows = statement.query([workflow])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            if wanted(&name) {
                let payload = blob::fetch(db, row.get(2)?)?;
                return Ok(Some(Self { id: row.get(0)?, name, payload }));
            }
        }
        Ok(None)
    }
}

/// What workflows were told, or will be, by signals whose names begin with `prefix`: workflow, name and payload of each.
/// The same signal may come twice, as what came and as what was recorded of it.
pub fn signals_heard(db: &Connection, prefix: &str) -> Result<Vec<(String, String, String)>> {
    let sql = "SELECT workflow, name, outcome FROM step
                 WHERE kind = 'signal' AND position IS NOT NULL AND outcome IS NOT NULL AND name GLOB ?1 || '*'
               UNION ALL SELECT workflow, name, payload FROM signal
                 WHERE (position IS NULL OR position >= 0) AND name GLOB ?1 || '*'";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([prefix])?;
    let mut heard = Vec::new();
    while let Some(row) = rows.next()? {
        // An erased payload says nothing any more.
        let Ok(text) = blob::fetch(db, row.get(2)?) else { continue };
        let payload = match decode_outcome(&text) {
            Ok(Ok(payload)) => payload,
            // What a cancel answered; or a payload as it came.
            Ok(Err(_)) => continue,
            Err(_) => text,
        };
        heard.push((row.get(0)?, row.get(1)?, payload));
    }
    Ok(heard)
}

/// Takes a signal away that nobody sent: what the log does not bear out does not stay among what it does.
pub(super) fn put_out(tx: &Tx<'_>, signal: i64) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM signal WHERE id = ?1")?.execute([signal])?;
    Ok(())
}

pub(super) fn consume(tx: &Tx<'_>, signal: i64, position: i64) -> Result<()> {
    tx.db().prepare_cached("UPDATE signal SET position = ?2 WHERE id = ?1")?.execute((signal, position))?;
    Ok(())
}
