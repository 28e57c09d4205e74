//! What a workflow is told of a decision must stand in the log: a row alone lets nobody through.

use super::answer::Answer;
use crate::base::{Digest, Kind, problem::Result};
use crate::journal::{is_linked, signals_heard};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

/// What the signals begin with that tell of decisions.
pub(super) const PREFIX: &str = "decision/";

/// Whether the log bears out the signal `name` with `payload`: for an answer, the fact that just this party said just
/// this; for its absence, the fact that the deadline came or nobody is asked any more. Other signals tell of no decision.
///
/// # Errors
/// Of the journal.
pub fn witness(db: &Connection, name: &str, payload: &str) -> Result<bool> {
    let Some(id) = name.strip_prefix(PREFIX) else { return Ok(true) };
    let decision = match super::one(db, id) {
        Err(problem) if problem.kind == Kind::NotFound => return Ok(false),
        found => found?,
    };
    let Ok(answer) = serde_json::from_str::<Option<Answer>>(payload) else { return Ok(false) };
    let kinds =
        if answer.is_some() { ("decision_resolved", "") } else { ("decision_expired", "decision_void") };
    let sql = "SELECT seq, text, hash FROM event
               WHERE subject = ?1 AND kind IN (?2, ?3) AND text ->> 'decision' = ?4 ORDER BY seq DESC LIMIT 1";
    let fact: Option<(i64, String, String)> = db
        .prepare_cached(sql)?
        .query_row((&decision.ask.mission, kinds.0, kinds.1, id), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((seq, text, hash)) = fact else { return Ok(false) };
    Ok(is_linked(db, (seq, &text, &hash))? && answer.is_none_or(|answer| says(&text, &answer)))
}

/// What workflows were told of decisions that no fact bears out, a sentence each.
///
/// # Errors
/// Of the journal.
pub fn unwitnessed(db: &Connection) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (workflow, name, payload) in signals_heard(db, PREFIX)? {
        if !witness(db, &name, &payload)? {
            found.push(format!("no fact bears out what {workflow} was told by `{name}`"));
        }
    }
    found.dedup();
    Ok(found)
}

/// Whether a fact tells of this very answer. Facts of older journals name no hash.
fn says(fact: &str, answer: &Answer) -> bool {
    let fact: Value = serde_json::from_str(fact).unwrap_or_default();
    let same = |name: &str, value: Value| fact.get(name) == Some(&value);
    same("by", json!(answer.by))
        && same("verb", json!(answer.verb))
        && answer.edited.as_ref().is_none_or(|edited| same("edited", json!(Digest::of(edited))))
        && (fact.get("hash").is_none() || same("hash", json!(answer.hash)))
}
