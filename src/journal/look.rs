//! Looking through the audit log: by subject, kind, party, time and words.

use super::chain::Event;
use crate::base::text::put;
use crate::base::{Problem, problem::Result};
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

/// Longest text that is looked for, in bytes: more than any id, far less than a fact.
const MAX_WORDS: usize = 200;

/// What is looked for; an empty field means whatever there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A mission, a run, an SOP, a file, `desk` …, exactly.
    pub subject: String,
    /// What happened, exactly: `published`.
    pub kind: String,
    /// Who did it, or whose doing it was.
    pub party: String,
    /// From this day on: `2026-11-20`.
    pub from: String,
    /// Until this day, which counts.
    pub until: String,
    /// Words anywhere in the fact, large and small letters alike.
    pub words: String,
}

/// Which end is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first, those before this place.
    NewestBefore(i64),
    /// The oldest first, those after this place.
    OldestAfter(i64),
}

impl Search {
    /// Refuses what cannot be looked for.
    pub fn check(&self) -> Result<()> {
        for day in [&self.from, &self.until] {
            if !day.is_empty() && day.parse::<chrono::NaiveDate>().is_err() {
                return Err(Problem::usage(format!("`{day}` is not a day")).hint("write it like 2026-11-20"));
            }
        }
        let all = [&self.subject, &self.kind, &self.party, &self.words];
        if all.iter().any(|text| text.len() > MAX_WORDS) {
            return Err(Problem::usage(format!("at most {MAX_WORDS} bytes are looked for")));
        }
        Ok(())
    }

    /// The conditions, and the values of their question marks.
    fn conditions(&self) -> (String, Vec<Value>) {
        let (mut sql, mut values) = (String::new(), Vec::new());
        let mut and = |text: &str, condition: &str| {
            if !text.trim().is_empty() {
                sql.push_str(" AND ");
                sql.push_str(condition);
                values.push(Value::from(text.trim().to_owned()));
            }
        };
        and(&self.subject, "subject = ?");
        and(&self.kind, "kind = ?");
        and(
            &self.party,
            "? IN (json_extract(text, '$.by'), json_extract(text, '$.party'), json_extract(text, '$.agent'))",
        );
        and(&self.from, "substr(json_extract(text, '$.at'), 1, 10) >= ?");
        and(&self.until, "substr(json_extract(text, '$.at'), 1, 10) <= ?");
        and(&self.words, "instr(lower(text), lower(?)) > 0");
        (sql, values)
    }
}

/// Facts as they are written out, one JSON object per line. The fact stands there as stored, so that whoever reads it
/// can hash it again.
pub fn lines(facts: &[Event]) -> String {
    let mut out = String::new();
    for Event { seq, hash, text, .. } in facts {
        put(&mut out, format_args!("{{\"seq\":{seq},\"hash\":\"{hash}\",\"fact\":{text}}}\n"));
    }
    out
}

/// The facts that fit, at most `limit`.
///
/// # Errors
/// `Usage` for what cannot be looked for.
pub fn search(db: &Connection, wanted: &Search, order: Order, limit: u32) -> Result<Vec<Event>> {
    wanted.check()?;
    let (conditions, values) = wanted.conditions();
    let (place, seq, direction) = match order {
        Order::NewestBefore(seq) => ("seq < ?", seq, "DESC"),
        Order::OldestAfter(seq) => ("seq > ?", seq, "ASC"),
    };
    let sql = format!(
        "SELECT seq, subject, kind, text, hash FROM event WHERE {place}{conditions} ORDER BY seq {direction} LIMIT {limit}"
    );
    let values = std::iter::once(Value::from(seq)).chain(values);
    let read = |row: &Row<'_>| {
        let (seq, subject, kind) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Event { seq, subject, kind, text: row.get(3)?, hash: row.get(4)? })
    };
    let rows = db
        .prepare_cached(&sql)?
        .query_map(rusqlite::params_from_iter(values), read)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
