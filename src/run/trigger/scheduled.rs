//! Schedules: what has fallen due since a schedule last did, and when the next one will.

use super::queue::{Arrival, accept};
use super::wired::Wired;
use super::words;
use crate::base::{Instant, problem::Result};
use crate::journal::{AHEAD, Tx, WORTH_A_WORD};
use crate::run::schedule;
use crate::sop::document::Trigger;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use std::collections::BTreeMap;

/// Takes in what has fallen due of one schedule by the moment of this append. How many moments that were; 0 for
/// triggers that are no schedule.
pub fn fall_due(tx: &Tx<'_>, wired: &Wired) -> Result<usize> {
    let Trigger::Cron(cron) = &wired.trigger else { return Ok(0) };
    let named = words(&wired.trigger);
    let Some(last) = last(tx.db(), wired, &named)? else { return Ok(0) };
    if last > tx.now() {
        return go_on_from_now(tx, wired, (&named, last)).map(|()| 0);
    }
    let moments = schedule::due(cron, last, tx.now());
    if let Some(first) = moments.first().filter(|_| moments.len() == schedule::MOST_DUE)
        && let Some(from) = schedule::next(cron, last).filter(|from| from < first)
    {
        tracing::warn!(sop = %wired.sop, trigger = %named, %from, until = %first, "missed times are left out: too many");
        let body = json!({ "trigger": named, "from": from.to_string(), "until": first.to_string() });
        tx.event(wired.sop.as_str(), "missed_left_out", &body)?;
    }
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

/// The clock showed a later time once. Waiting until it does again would silence the schedule for as long; a moment that
/// was acted on already has its key, and starts nothing twice.
fn go_on_from_now(tx: &Tx<'_>, wired: &Wired, (named, last): (&str, Instant)) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE trigger_state SET last = ?3 WHERE sop = ?1 AND trigger = ?2")?
        .execute((wired.sop.as_str(), named, tx.now().0))?;
    if last.0.saturating_sub(tx.now().0) <= AHEAD {
        return Ok(());
    }
    let said = ahead_in_words(last);
    tracing::warn!(sop = %wired.sop, trigger = %named, "{said}; it goes on from now");
    let body = json!({ "sop": wired.sop, "trigger": named, "acted_on": last.to_string() });
    tx.event(wired.sop.as_str(), SET_BACK_FACT, &body).map(drop)
}

/// The fact that a schedule goes on from an earlier moment than it had acted on.
const SET_BACK_FACT: &str = "schedule_set_back";

fn ahead_in_words(last: Instant) -> String {
    format!("the clock showed a later time once: the schedule has acted on {} already", last.minute())
}

/// What there is to say where a schedule has acted on a moment that the clock has not reached, or had until lately.
pub(super) fn ahead(db: &Connection, wired: &Wired, now: Instant) -> Result<Option<String>> {
    if !matches!(wired.trigger, Trigger::Cron(_)) {
        return Ok(None);
    }
    let named = words(&wired.trigger);
    if let Some(last) = last(db, wired, &named)?
        && last.0.saturating_sub(now.0) > AHEAD
    {
        return Ok(Some(format!("{}; `sopd up` goes on from now", ahead_in_words(last))));
    }
    let sql = "SELECT text ->> 'at', text ->> 'acted_on' FROM event
               WHERE subject = ?1 AND kind = ?2 AND text ->> 'trigger' = ?3 ORDER BY seq DESC LIMIT 1";
    let found: Option<(String, String)> = db
        .prepare_cached(sql)?
        .query_row((wired.sop.as_str(), SET_BACK_FACT, &named), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let since = now.plus_millis(-WORTH_A_WORD).to_string();
    let lately = found.filter(|(at, _)| *at > since && *at <= now.to_string());
    Ok(lately.map(|(at, acted_on)| {
        format!("the clock showed a later time once ({acted_on}); the schedule goes on since {at}")
    }))
}

/// The moment at which the schedule falls due next, seen from `now`; `None` for other triggers, and where no moment
/// is left. With missed moments to be made up for it lies at or before `now`.
pub fn next_due(db: &Connection, wired: &Wired, now: Instant) -> Result<Option<Instant>> {
    let Trigger::Cron(cron) = &wired.trigger else { return Ok(None) };
    let last = last(db, wired, &words(&wired.trigger))?.unwrap_or(now);
    if last > now || !schedule::due(cron, last, now).is_empty() {
        return Ok(Some(now));
    }
    Ok(schedule::next(cron, now))
}

/// The latest moment acted on; `None` for a schedule that no daemon has put in force yet.
fn last(db: &Connection, wired: &Wired, named: &str) -> Result<Option<Instant>> {
    let sql = "SELECT last FROM trigger_state WHERE sop = ?1 AND trigger = ?2";
    let found: Option<Option<i64>> =
        db.prepare_cached(sql)?.query_row((wired.sop.as_str(), named), |row| row.get(0)).optional()?;
    Ok(found.flatten().map(Instant))
}
