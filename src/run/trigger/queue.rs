//! The queue: what has arrived, in the order of arrival, each once, until a run or a refusal has come of it.

use super::{source, words};
use crate::agent::Snapshot;
use crate::base::{Instant, Problem, fault, problem::Result};
use crate::journal::{AHEAD, Journal, Tx};
use crate::run::start::{Cause, Ready, Request, Started, prepare, refused, start};
use crate::sop::SopId;
use crate::sop::document::Trigger;
use rusqlite::{Connection, Row};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Something that wants to start a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Of which SOP.
    pub sop: SopId,
    /// By which of its triggers.
    pub trigger: Trigger,
    /// What makes it this one and no other: the same again is the same arrival.
    pub occurrence: String,
    /// The values it brings.
    pub packet: BTreeMap<String, String>,
}

/// An arrival that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its place in the order of arrival.
    pub id: i64,
    sop: SopId,
    source: String,
    occurrence: String,
    trigger: String,
    packet: BTreeMap<String, String>,
}

/// Writes an arrival down. `false` when it was there before; then nothing changes.
pub fn accept(tx: &Tx<'_>, arrival: &Arrival) -> Result<bool> {
    let Arrival { sop, trigger, occurrence, packet } = arrival;
    let (source, trigger) = (source(trigger), words(trigger));
    let rows = tx
        .db()
        .prepare_cached(
            "INSERT INTO trigger_due(sop, source, occurrence, trigger, packet, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
        )?
        .execute((sop.as_str(), source, occurrence, &trigger, tx.clean(&json!(packet).to_string()), tx.now().0))?;
    if rows == 0 {
        return Ok(false);
    }
    let names: Vec<&String> = packet.keys().collect();
    let body = json!({ "trigger": trigger, "occurrence": occurrence, "inputs": names });
    tx.event(sop.as_str(), "trigger_accepted", &body)?;
    Ok(true)
}

/// Whether that arrival was written down before.
pub fn is_known(db: &Connection, sop: &SopId, trigger: &Trigger, occurrence: &str) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM trigger_due WHERE sop = ?1 AND source = ?2 AND occurrence = ?3)";
    let key = (sop.as_str(), source(trigger), occurrence);
    Ok(db.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

/// What waits, in the order of arrival, at most `most`.
pub fn open_due(db: &Connection, most: u32) -> Result<Vec<Due>> {
    type Raw = (i64, String, String, String, String, String);
    let read = |row: &Row<'_>| -> rusqlite::Result<Raw> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    };
    let sql = "SELECT id, sop, source, occurrence, trigger, packet FROM trigger_due
               WHERE taken_at IS NULL ORDER BY id LIMIT ?1";
    let rows: Vec<Raw> =
        db.prepare_cached(sql)?.query_map([most], read)?.collect::<std::result::Result<_, _>>()?;
    let due = |(id, sop, source, occurrence, trigger, packet): Raw| {
        let packet = serde_json::from_str(&packet)
            .map_err(|error| Problem::store(format!("what trigger {id} brought cannot be read: {error}")))?;
        Ok(Due { id, sop: sop.parse().map_err(Problem::store)?, source, occurrence, trigger, packet })
    };
    rows.into_iter().map(due).collect()
}

/// Forgets arrivals of schedules that were written down in a time yet to come and have not been taken: they come when
/// they are due. How many that were.
pub fn drop_early_arrivals(tx: &Tx<'_>) -> Result<usize> {
    let sql = "DELETE FROM trigger_due WHERE taken_at IS NULL AND source = 'cron' AND at > ?1";
    Ok(tx.db().prepare_cached(sql)?.execute([tx.now().0.saturating_add(AHEAD)])?)
}

/// Starts the run that `due` asks for, or writes down why there is none. Both stand in the same transaction as the
/// end of its waiting, and the run carries the arrival as its key: a crash leaves it waiting or taken, never both.
///
/// # Errors
/// Only where another look may help: the journal cannot be used.
pub fn take(journal: &Journal, root: &Path, snapshot: &Snapshot, due: Due) -> Result<()> {
    let by = snapshot.settings.runs.trigger_party.clone();
    let request = Request {
        sop: due.sop.clone(),
        given: due.packet.clone(),
        mode: None,
        by: by.clone(),
        os_user: String::new(),
        cause: Cause::Trigger(due.trigger.clone()),
        hold: false,
        idempotency_key: Some(format!("trigger/{}/{}", due.source, due.occurrence)),
        pinned: None,
    };
    let taken = match prepare(journal, root, snapshot, request) {
        Ok(ready) => {
            let id = due.id;
            fault::point("trigger/take", "before");
            journal.append(move |tx| start_waiting(tx, &ready, id))
        }
        Err(problem) => Err(problem),
    };
    match taken {
        Err(problem) if !problem.kind.passes() => {
            journal.append(move |tx| refuse(tx, &due, &by, &problem))?;
        }
        other => other?,
    }
    fault::point("trigger/take", "after");
    Ok(())
}

fn start_waiting(tx: &Tx<'_>, ready: &Ready, id: i64) -> Result<()> {
    // A version published since it was prepared is the one to run; the next look prepares it anew.
    if !is_waiting(tx, id)? || ready.is_replaced(tx)? {
        return Ok(());
    }
    let outcome = start(tx, ready)?;
    settle(tx, id, outcome.as_ref())
}

fn refuse(tx: &Tx<'_>, due: &Due, by: &str, problem: &Problem) -> Result<()> {
    if !is_waiting(tx, due.id)? {
        return Ok(());
    }
    refused(tx, &due.sop, (by, &Cause::Trigger(due.trigger.clone())), problem)?;
    settle(tx, due.id, Err(problem))
}

fn is_waiting(tx: &Tx<'_>, id: i64) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM trigger_due WHERE id = ?1 AND taken_at IS NULL)";
    Ok(tx.db().prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// What it brought lies in the run from here on, where retention finds it.
fn settle(tx: &Tx<'_>, id: i64, outcome: std::result::Result<&Started, &Problem>) -> Result<()> {
    let Instant(now) = tx.now();
    let (run, refusal) = match outcome {
        Ok(started) => (Some(&started.run), None),
        Err(problem) => (None, Some(tx.clean(&problem.message))),
    };
    tx.db()
        .prepare_cached(
            "UPDATE trigger_due SET taken_at = ?2, run = ?3, refusal = ?4, packet = '' WHERE id = ?1",
        )?
        .execute((id, now, run, refusal))?;
    Ok(())
}
