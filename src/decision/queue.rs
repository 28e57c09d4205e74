//! The inbox as pages: what waits in the order of deadlines, however much it is, and how fast parties answer.

use super::rows::{COLUMNS, Decision, DecisionKind, read, text};
use crate::base::{Instant, problem::Result};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// When an open decision is late, as the queue is sorted: 0 where it is and stays open, the largest number where it never is.
const DUE: &str = "coalesce(due_at, CASE WHEN reminders > 0 THEN 0 ELSE 9223372036854775807 END)";
/// Newest answers that medians are made of: what counts is how it goes now.
const ANSWERS: u32 = 500;

/// What of the inbox is looked at.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Only what this party is asked.
    pub party: Option<String>,
    /// Only this kind.
    pub kind: Option<DecisionKind>,
    /// Only what is late now.
    pub overdue: Option<Instant>,
}

/// How long a party takes to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTime {
    /// The party.
    pub party: String,
    /// The median of its newest answers, in milliseconds.
    pub median: i64,
    /// How many those are.
    pub answers: usize,
}

impl Queue {
    /// At most `limit` of it from place `from` on, what is due first at first, and how many there are.
    pub fn page(&self, db: &Connection, (from, limit): (u32, u32)) -> Result<(Vec<Decision>, u32)> {
        let kind = self.kind.as_ref().map(text).transpose()?;
        let late = self.overdue.map_or(i64::MAX, |now| now.0);
        let below = if self.overdue.is_some() { "<" } else { "<=" };
        let (inner, due) = match self.party {
            Some(_) => ("asked WHERE party = ?1".to_owned(), "due"),
            None => ("decision WHERE state = 'open' AND ?1 IS NULL".to_owned(), DUE),
        };
        let number = if self.party.is_some() { "decision" } else { "number" };
        let found = format!("{inner} AND {due} {below} ?2 AND (?3 IS NULL OR kind = ?3)");
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT {number} AS place, {due} AS late FROM {found} ORDER BY {due}, {number} LIMIT ?4 OFFSET ?5)
             JOIN decision ON decision.number = place ORDER BY late, place"
        );
        let rows = db
            .prepare_cached(&sql)?
            .query_map((&self.party, late, &kind, limit, from), read)?
            .collect::<rusqlite::Result<_>>()?;
        let sql = format!("SELECT count(*) FROM {found}");
        let count = db.prepare_cached(&sql)?.query_row((&self.party, late, &kind), |row| row.get(0))?;
        Ok((rows, count))
    }
}

/// How much waits for each party.
pub fn queues(db: &Connection) -> Result<BTreeMap<String, u32>> {
    let sql = "SELECT party, count(*) FROM asked GROUP BY party";
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

/// How long each party takes to answer (requirement B5), by its name.
pub fn response_times(db: &Connection) -> Result<Vec<ResponseTime>> {
    let sql = "SELECT json_extract(answer, '$.by'), resolved_at - requested_at FROM decision
               WHERE state = 'resolved' AND answer IS NOT NULL ORDER BY number DESC LIMIT ?1";
    let mut by_party: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([ANSWERS])?;
    while let Some(row) = rows.next()? {
        by_party.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let median = |(party, mut times): (String, Vec<i64>)| {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        ResponseTime { party, median, answers: times.len() }
    };
    Ok(by_party.into_iter().map(median).collect())
}
