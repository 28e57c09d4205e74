//! Schedules: what has fallen due since a schedule last did, and when the next one will.

use super::queue::{Arrival, accept};
use super::wired::Wired;
use super::words;
use crate::base::{Instant, problem::Result};
use crate::journal::Tx;
use crate::run::schedule;
use crate::sop::document::Trigger;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;

/// Most moments that one call of [`fall_due`] takes in; exactly as many say that there may be more.
pub const MOST_AT_ONCE: usize = schedule::MOST_DUE;

/// Takes in what has fallen due of one schedule by the moment of this append. How many moments that were; 0 for
/// triggers that are no schedule.
pub fn fall_due(tx: &Tx<'_>, wired: &Wired) -> Result<usize> {
    let Trigger::Cron(cron) = &wired.trigger else { return Ok(0) };
    let named = words(&wired.trigger);
    let Some(last) = last(tx.db(), wired, &named)? else { return Ok(0) };
    let moments = schedule::due(cron, last, tx.now());
    for moment in &moments {
        accept(
            tx,
            &Arrival {
                sop: wired.sop.clone(),
                trigger: wired.trigger.clone(),
                occurrence: moment.to_string(),
                packet: BTreeMap::new(),
            },
        )?;
    }
    if let Some(latest) = moments.last() {
        tx.db()
            .prepare_cached("UPDATE trigger_state SET last = max(last, ?3) WHERE sop = ?1 AND trigger = ?2")?
            .execute((wired.sop.as_str(), &named, latest.0))?;
    }
    Ok(moments.len())
}

/// The moment at which the schedule falls due next, seen from `now`; `None` for other triggers, and where no moment
/// is left. With missed moments to be made up for it lies at or before `now`.
pub fn next_due(db: &Connection, wired: &Wired, now: Instant) -> Result<Option<Instant>> {
    let Trigger::Cron(cron) = &wired.trigger else { return Ok(None) };
    let last = last(db, wired, &words(&wired.trigger))?.unwrap_or(now);
    if !schedule::due(cron, last, now).is_empty() {
        return Ok(Some(now));
    }
    Ok(schedule::next(cron, last.max(now)))
}

/// The latest moment acted on; `None` for a schedule that no daemon has put in force yet.
fn last(db: &Connection, wired: &Wired, named: &str) -> Result<Option<Instant>> {
    let sql = "SELECT last FROM trigger_state WHERE sop = ?1 AND trigger = ?2";
    let found: Option<Option<i64>> =
        db.prepare_cached(sql)?.query_row((wired.sop.as_str(), named), |row| row.get(0)).optional()?;
    Ok(found.flatten().map(Instant))
}
