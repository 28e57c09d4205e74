//! What a party has written about a decision and not sent yet: comments on lines, the words of an answer. It is kept
//! until it is sent, whatever else the party does meanwhile. No fact: what nobody has said is nobody's business.

use super::rows::Decision;
use crate::base::{Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What version 4 of the journal adds for it.
pub const UNSENT_TABLES: &str = "
CREATE TABLE unsent(
  party TEXT NOT NULL,
  decision INTEGER NOT NULL,
  hash TEXT NOT NULL,                   -- of what the party had in front of it while writing
  field TEXT NOT NULL,                  -- of the form: line.12, revise.text
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(party, decision, hash, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX unsent_at ON unsent(at);
";

/// Fields one party may fill in for one decision: every line of the longest draft that is commented on, and some.
const MOST_FIELDS: usize = 400;
/// Longest text of a field, in bytes: a whole draft that is handed in by hand.
const LONGEST: usize = 256 * 1024;
/// How long words that were never sent are kept: 90 days.
const KEPT_MILLIS: i64 = 90 * 86_400_000;

/// What `party` has written about `decision`, by field.
pub fn unsent(db: &Connection, decision: &Decision, party: &str) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT field, text FROM unsent WHERE party = ?1 AND decision = ?2 AND hash = ?3";
    let mut statement = db.prepare_cached(sql)?;
    let key = (party, decision.number(), &decision.ask.hash.0);
    let rows = statement.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Puts the fields in place of what was kept under their names; an empty one is kept no longer.
///
/// # Errors
/// `Usage` for more than anybody writes.
pub fn keep_unsent(
    tx: &Tx<'_>,
    decision: &Decision,
    party: &str,
    fields: &BTreeMap<String, String>,
) -> Result<()> {
    let mut kept = unsent(tx.db(), decision, party)?;
    for (field, text) in fields {
        if text.len() > LONGEST {
            return Err(Problem::usage(format!("a text has at most {} KiB", LONGEST / 1024)));
        }
        if text.trim().is_empty() {
            if kept.remove(field).is_some() {
                forget(tx, decision, party, field)?;
            }
        } else if kept.get(field) != Some(text) {
            put(tx, decision, party, (field, text))?;
            kept.insert(field.clone(), text.clone());
        }
    }
    if kept.len() > MOST_FIELDS {
        return Err(Problem::usage(format!("comment on at most {MOST_FIELDS} lines at a time")));
    }
    let before = tx.now().0 - KEPT_MILLIS;
    tx.db().prepare_cached("DELETE FROM unsent WHERE at < ?1")?.execute([before])?;
    Ok(())
}

/// Forgets what was sent.
pub fn sent<'a>(
    tx: &Tx<'_>,
    decision: &Decision,
    party: &str,
    fields: impl IntoIterator<Item = &'a String>,
) -> Result<()> {
    fields.into_iter().try_for_each(|field| forget(tx, decision, party, field))
}

fn put(tx: &Tx<'_>, decision: &Decision, party: &str, (field, text): (&str, &str)) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO unsent(party, decision, hash, field, text, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET text = excluded.text, at = excluded.at",
        )?
        .execute((party, decision.number(), &decision.ask.hash.0, field, tx.clean(text), tx.now().0))?;
    Ok(())
}

fn forget(tx: &Tx<'_>, decision: &Decision, party: &str, field: &str) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM unsent WHERE party = ?1 AND decision = ?2 AND hash = ?3 AND field = ?4")?
        .execute((party, decision.number(), &decision.ask.hash.0, field))?;
    Ok(())
}
