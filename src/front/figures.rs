//! How it goes, in numbers: what is in flight and waits, how long things take, what failed, what it costs.

use crate::base::{Instant, MicroUsd, problem::Result};
use crate::decision;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeMap;

/// Weeks that are looked back on.
pub const WEEKS: usize = 12;
/// Milliseconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Everything a dashboard shows.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Open missions by their state.
    pub missions: BTreeMap<String, u32>,
    /// Runs that have not ended, by their state.
    pub runs: BTreeMap<String, u32>,
    /// Active SOPs.
    pub sops: u32,
    /// What waits for people, who is asked for most first.
    pub waiting: Vec<Waiting>,
    /// The last weeks, the oldest first; the last one ends now.
    pub weeks: Vec<Week>,
    /// Median milliseconds from a mission's arrival to its publication, over the weeks.
    pub to_active: Option<i64>,
    /// Median milliseconds from a question to its answer, over the weeks.
    pub to_answer: Option<i64>,
    /// What may be spent in seven days; `None` is no limit.
    pub week_budget: Option<MicroUsd>,
    /// Of everything this workspace may ever spend, what it has.
    pub total_spent: MicroUsd,
    /// What it may ever spend; `None` is no limit.
    pub total_budget: Option<MicroUsd>,
}

/// What waits for one party.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// Who is asked.
    pub party: String,
    /// Open decisions.
    pub count: u32,
    /// Of these, overdue.
    pub overdue: u32,
    /// When the oldest was asked.
    pub oldest: Instant,
}

/// Seven days.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Week {
    /// Its beginning.
    pub from: i64,
    /// What was spent, in micro-dollars, what is under way counted in full.
    pub micros: i64,
    /// Missions that ended in a publication.
    pub published: u32,
    /// Missions that failed.
    pub failed: u32,
    /// Median milliseconds from arrival to publication of those.
    pub to_active: Option<i64>,
    /// Runs that were completed.
    pub runs_completed: u32,
    /// Runs that failed.
    pub runs_failed: u32,
}

/// The figures at `now`, with these budgets for a week and for ever.
///
/// # Errors
/// Of the journal.
pub fn figures(
    db: &Connection,
    (week_budget, total_budget): (Option<MicroUsd>, Option<MicroUsd>),
    now: Instant,
) -> Result<Figures> {
    let start = now.0 + 1 - WEEK * i64::try_from(WEEKS).unwrap_or(0);
    let (weeks, to_active) = weeks(db, start)?;
    let to_answer = lengths(
        db,
        "SELECT resolved_at - requested_at FROM decision WHERE state = 'resolved' AND resolved_at >= ?1",
        start,
    )?;
    let count = |sql: &str| -> Result<i64> { Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
    Ok(Figures {
        missions: by_state(db, "SELECT state, count(*) FROM mission WHERE ended_at IS NULL GROUP BY state")?,
        runs: by_state(db, "SELECT state, count(*) FROM run WHERE ended_at IS NULL GROUP BY state")?,
        sops: u32::try_from(count("SELECT count(*) FROM sop_version WHERE status = 'active'")?).unwrap_or(0),
        waiting: waiting(db, now)?,
        weeks,
        to_active,
        to_answer: median(to_answer),
        week_budget,
        total_spent: MicroUsd(count(
            "SELECT coalesce(sum(coalesce(micros, reserved_micros)), 0) FROM spend",
        )?),
        total_budget,
    })
}

fn by_state(db: &Connection, sql: &str) -> Result<BTreeMap<String, u32>> {
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn waiting(db: &Connection, now: Instant) -> Result<Vec<Waiting>> {
    let mut all: BTreeMap<String, Waiting> = BTreeMap::new();
    for open in decision::open_for(db, None)? {
        let late = super::shapes::overdue(&open, now);
        for party in &open.ask.asked_of {
            let one = all.entry(party.clone()).or_insert_with(|| Waiting {
                party: party.clone(),
                count: 0,
                overdue: 0,
                oldest: open.requested_at,
            });
            one.count += 1;
            one.overdue += u32::from(late);
            one.oldest = one.oldest.min(open.requested_at);
        }
    }
    let mut waiting: Vec<Waiting> = all.into_values().collect();
    waiting.sort_by_key(|one| std::cmp::Reverse(one.count));
    Ok(waiting)
}

/// The weeks from `start` on, and the median time to Active over all of them.
fn weeks(db: &Connection, start: i64) -> Result<(Vec<Week>, Option<i64>)> {
    let from = |index: usize| start + WEEK * i64::try_from(index).unwrap_or(0);
    let mut weeks: Vec<Week> =
        (0..WEEKS).map(|index| Week { from: from(index), ..Week::default() }).collect();
    let mut times = vec![Vec::new(); WEEKS];
    let index = |at: i64| usize::try_from((at - start).div_euclid(WEEK)).ok();
    let sql = "SELECT at, coalesce(micros, reserved_micros) FROM spend WHERE at >= ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([start])?;
    while let Some(row) = rows.next()? {
        if let Some(week) = index(row.get(0)?).and_then(|index| weeks.get_mut(index)) {
            week.micros += row.get::<_, i64>(1)?;
        }
    }
    let sql = "SELECT ended_at, state, created_at FROM mission WHERE ended_at >= ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([start])?;
    while let Some(row) = rows.next()? {
        let (ended, state, created): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(index) = index(ended) else { continue };
        let (Some(week), Some(times)) = (weeks.get_mut(index), times.get_mut(index)) else { continue };
        match state.as_str() {
            "published" => {
                week.published += 1;
                times.push(ended - created);
            }
            "failed" => week.failed += 1,
            _ => {}
        }
    }
    let mut statement = db.prepare_cached("SELECT ended_at, state FROM run WHERE ended_at >= ?1")?;
    let mut rows = statement.query([start])?;
    while let Some(row) = rows.next()? {
        let state: String = row.get(1)?;
        if let Some(week) = index(row.get(0)?).and_then(|index| weeks.get_mut(index)) {
            week.runs_completed += u32::from(state == "completed");
            week.runs_failed += u32::from(state == "failed");
        }
    }
    let all = median(times.iter().flatten().copied().collect());
    for (week, times) in weeks.iter_mut().zip(times) {
        week.to_active = median(times);
    }
    Ok((weeks, all))
}

fn lengths(db: &Connection, sql: &str, start: i64) -> Result<Vec<i64>> {
    let rows = db.prepare_cached(sql)?.query_map([start], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The middle one.
fn median(mut times: Vec<i64>) -> Option<i64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_nothing_is_nothing() {
        assert_eq!(median(Vec::new()), None);
        assert_eq!(median(vec![9, 1, 5]), Some(5));
    }
}
