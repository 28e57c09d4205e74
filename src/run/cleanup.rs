//! Retention: what runs left behind is erased when its time is over. Facts and hashes stay, and the chain verifies as
//! before; nothing that a decision still waits for is touched.

use super::control::Actor;
use super::review::workflow_of;
use crate::base::{Digest, Instant, Span, problem::Result, span::Unit};
use crate::journal::Tx;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::json;

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Runs whose payloads were erased now.
    pub runs: Vec<String>,
    /// Payloads erased.
    pub payloads: usize,
}

/// The runs whose payloads were erased, now or before.
pub fn erased(db: &Connection) -> Result<Vec<String>> {
    let mut found = db.prepare_cached("SELECT id FROM run WHERE erased_at IS NOT NULL")?;
    Ok(found.query_map([], |row| row.get(0))?.collect::<std::result::Result<_, _>>()?)
}

/// Whether retention has erased what this run left.
pub fn is_erased(db: &Connection, run: &str) -> Result<bool> {
    let mut found = db.prepare_cached("SELECT 1 FROM run WHERE id = ?1 AND erased_at IS NOT NULL")?;
    Ok(found.exists([run])?)
}

/// The runs that ended more than `days` ago, and of whose story nothing goes on.
pub fn over_before(db: &Connection, now: Instant, days: u32) -> Result<Vec<String>> {
    let before = now.0 - Span { count: days, unit: Unit::Day }.millis();
    let sql = "SELECT id FROM run WHERE ended_at < ?1
                 AND NOT EXISTS(SELECT 1 FROM workflow WHERE state <> 'done' AND id = run.id)";
    Ok(db
        .prepare_cached(sql)?
        .query_map([before], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?)
}

/// Erases packets, outputs, files and the working record of runs that ended more than `days` ago. Payloads that a
/// younger run shares stay.
pub fn cleanup(tx: &Tx<'_>, days: u32, actor: &Actor) -> Result<Erased> {
    let before = Instant(tx.now().0 - Span { count: days, unit: Unit::Day }.millis());
    let runs: Vec<String> = tx
        .db()
        .prepare_cached(
            "SELECT id FROM run WHERE ended_at < ?1 AND erased_at IS NULL
               AND NOT EXISTS(SELECT 1 FROM decision WHERE mission = run.id AND state = 'open')
               AND NOT EXISTS(SELECT 1 FROM workflow WHERE state <> 'done'
                                AND (id = run.id OR id = 'review-' || run.id OR id BETWEEN run.id || '/' AND run.id || '0'))",
        )?
        .query_map([before.0], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    let mut erased = Erased { runs, payloads: 0 };
    for run in &erased.runs {
        erased.payloads += erase(tx, run)?;
        let body = json!({ "days": days, "by": actor.by, "os_user": actor.os_user });
        tx.event(run, "payloads_erased", &body)?;
    }
    Ok(erased)
}

fn erase(tx: &Tx<'_>, run: &str) -> Result<usize> {
    let now = tx.now().0;
    tx.db().prepare_cached("UPDATE run SET erased_at = ?2 WHERE id = ?1")?.execute((run, now))?;
    let payloads = tx
        .db()
        .prepare_cached(
            "UPDATE blob SET bytes = NULL, erased_at = ?2 WHERE bytes IS NOT NULL AND hash IN (
               SELECT packet FROM run WHERE id = ?1
               UNION SELECT json_extract(file.value, '$[1]') FROM run_step, json_each(run_step.files) AS file WHERE run = ?1
               UNION SELECT json_extract(text, '$.output.transient') FROM event WHERE subject = ?1
               UNION SELECT json_extract(text, '$.payload') FROM event WHERE subject = ?1)
             AND hash NOT IN (SELECT packet FROM run WHERE erased_at IS NULL)
             AND hash NOT IN (SELECT json_extract(file.value, '$[1]') FROM run JOIN run_step ON run_step.run = run.id,
                                json_each(run_step.files) AS file WHERE run.erased_at IS NULL)",
        )?
        .execute((run, now))?;
    let shelved = shelved(tx, run)?;
    for sql in [
        "UPDATE run_step SET outputs = '{}', said = '' WHERE run = ?1",
        "UPDATE decision SET details = '{}' WHERE mission = ?1",
        // The record of a workflow that is done is never told again.
        "DELETE FROM signal WHERE workflow = ?1 OR workflow BETWEEN ?1 || '/' AND ?1 || '0'",
        "DELETE FROM step WHERE workflow = ?1 OR workflow BETWEEN ?1 || '/' AND ?1 || '0'",
        "UPDATE workflow SET input = '{}', outcome = NULL WHERE id = ?1 OR id BETWEEN ?1 || '/' AND ?1 || '0'",
    ] {
        tx.db().prepare_cached(sql)?.execute([run])?;
    }
    // The review itself is a signed document and stays; the record of its making goes with the rest.
    let review = workflow_of(run);
    for sql in ["DELETE FROM signal WHERE workflow = ?1", "DELETE FROM step WHERE workflow = ?1"] {
        tx.db().prepare_cached(sql)?.execute([&review])?;
    }
    // A run that goes on may have left the same bytes.
    let mut forget = tx.db().prepare_cached(
        "UPDATE blob SET bytes = NULL, erased_at = ?2 WHERE hash = ?1 AND bytes IS NOT NULL
           AND NOT EXISTS(SELECT 1 FROM run JOIN step ON step.workflow >= run.id AND step.workflow < run.id || '0'
                          WHERE run.ended_at IS NULL AND step.outcome = 'blob:' || ?1)
           AND NOT EXISTS(SELECT 1 FROM run JOIN signal ON signal.workflow >= run.id AND signal.workflow < run.id || '0'
                          WHERE run.ended_at IS NULL AND signal.payload = 'blob:' || ?1)",
    )?;
    for hash in shelved {
        forget.execute((&hash.0, now))?;
    }
    Ok(payloads)
}

/// The payloads that the record of a run's workflows was too long without.
fn shelved(tx: &Tx<'_>, run: &str) -> Result<Vec<Digest>> {
    let sql = "SELECT outcome FROM step WHERE (workflow = ?1 OR workflow BETWEEN ?1 || '/' AND ?1 || '0' OR workflow = ?2)
                 AND outcome LIKE 'blob:%'
               UNION SELECT payload FROM signal WHERE (workflow = ?1 OR workflow BETWEEN ?1 || '/' AND ?1 || '0'
                 OR workflow = ?2) AND payload LIKE 'blob:%'
               UNION SELECT outcome FROM workflow WHERE (id = ?1 OR id BETWEEN ?1 || '/' AND ?1 || '0')
                 AND outcome LIKE 'blob:%'";
    let mut found = tx.db().prepare_cached(sql)?;
    let found = found.query_map((run, workflow_of(run)), |row| row.get::<_, String>(0))?;
    let hash = |text: String| text.strip_prefix("blob:").map(|hash| Digest(hash.to_owned()));
    let found: Vec<String> = found.collect::<std::result::Result<_, _>>()?;
    Ok(found.into_iter().filter_map(hash).collect())
}
