//! Who is let in, and when: the cooldown of an SOP, how many of its runs go on at once, and what becomes of a start
//! beyond that.

use super::start::{Cause, Ready, active, set_off};
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::sop::document::Admission;
use crate::sop::{Sop, SopId};
use rusqlite::OptionalExtension as _;

/// What becomes of a start.
pub(super) enum Admitted {
    Now,
    /// It waits for its turn.
    Later,
    /// That run, which waits already.
    Joins(String),
}

/// Whether a start is let in; the inner problem is the refusal.
pub(super) fn admit(tx: &Tx<'_>, ready: &Ready) -> Result<Result<Admitted, Problem>> {
    let head = &ready.plan.sop.head;
    if matches!(ready.request.cause, Cause::Step { .. }) {
        return Ok(Ok(Admitted::Now));
    }
    let now = active(tx.db(), &head.id)?;
    if now.sha256 != ready.row.sha256 {
        let problem =
            Problem::conflict(format!("{} v{} has just replaced v{}", head.id, now.version, head.version));
        return Ok(Err(problem.hint("start it again")));
    }
    if let Some(problem) = cooling(tx, &ready.plan.sop)? {
        return Ok(Err(problem));
    }
    if has_room(tx, &head.id, ready.most)? {
        return Ok(Ok(Admitted::Now));
    }
    Ok(match head.admission.unwrap_or_default() {
        Admission::Parallel => Ok(Admitted::Now),
        Admission::Hold => Ok(Admitted::Later),
        Admission::Coalesce => Ok(waiting(tx, &head.id)?.map_or(Admitted::Later, Admitted::Joins)),
        Admission::Drop => Err(Problem::conflict(format!(
            "{} runs of {} are under way, and it takes no more at once",
            ready.most, head.id
        ))
        .hint("start it again when one of them has ended; see `sopd runs`")),
    })
}

/// Why the SOP may not start yet, if its cooldown says so.
pub(super) fn cooling(tx: &Tx<'_>, sop: &Sop) -> Result<Option<Problem>> {
    let Some(cooldown) = sop.head.cooldown else { return Ok(None) };
    // A start that the clock has not reached is of a time when it was wrong: it holds nobody up.
    let last: Option<i64> = tx
        .db()
        .prepare_cached("SELECT max(started_at) FROM run WHERE sop = ?1 AND started_at <= ?2")?
        .query_row((sop.head.id.as_str(), tx.now().0), |row| row.get(0))?;
    let free = last.map(|last| cooldown.after(Instant(last)));
    Ok(free.filter(|free| *free > tx.now()).map(|free| {
        Problem::conflict(format!(
            "{} cools down: {cooldown} must pass between two runs; the next may start at {}",
            sop.head.id,
            free.minute()
        ))
    }))
}

/// Whether fewer than `most` runs of `sop` are under way; never counts further than that.
fn has_room(tx: &Tx<'_>, sop: &SopId, most: u32) -> Result<bool> {
    let sql =
        "SELECT count(*) FROM (SELECT 1 FROM run WHERE sop = ?1 AND slot = 1 AND ended_at IS NULL LIMIT ?2)";
    let under_way: u32 = tx.db().prepare_cached(sql)?.query_row((sop.as_str(), most), |row| row.get(0))?;
    Ok(under_way < most)
}

fn waiting(tx: &Tx<'_>, sop: &SopId) -> Result<Option<String>> {
    let sql = "SELECT id FROM run WHERE sop = ?1 AND slot = 0 AND ended_at IS NULL ORDER BY number LIMIT 1";
    Ok(tx.db().prepare_cached(sql)?.query_row([sop.as_str()], |row| row.get(0)).optional()?)
}

/// Gives the places that are free to the starts that wait, oldest first.
pub(super) fn let_in(tx: &Tx<'_>, sop: &SopId) -> Result<()> {
    while let Some(run) = waiting(tx, sop)? {
        let most: u32 = tx
            .db()
            .prepare_cached("SELECT most FROM run WHERE id = ?1")?
            .query_row([&run], |row| row.get(0))?;
        if !has_room(tx, sop, most)? {
            return Ok(());
        }
        tx.db().prepare_cached("UPDATE run SET slot = 1, reason = '' WHERE id = ?1")?.execute([&run])?;
        set_off(tx, &run)?;
    }
    Ok(())
}
