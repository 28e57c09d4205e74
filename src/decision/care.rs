//! What people do about a decision before anybody decides: who has taken it on, who passed it on, how far it was put
//! off, and whether it has changed since somebody looked. Nothing here decides.

use super::rows::{Decision, text};
use crate::base::{Instant, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

/// What version 2 of the journal adds for inboxes of any length: who is asked, in the order of deadlines, kept in step
/// by the database itself; and what people do about a decision before it is decided.
pub const TABLES_4: &str = "
CREATE TABLE asked(
  party TEXT NOT NULL,
  due INTEGER NOT NULL,                 -- when it is late; 0: it is and stays open; the largest number: never
  decision INTEGER NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY(party, due, decision)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_decision ON asked(decision);
CREATE INDEX decision_queue ON decision(
  coalesce(due_at, CASE WHEN reminders > 0 THEN 0 ELSE 9223372036854775807 END), number) WHERE state = 'open';
CREATE INDEX decision_answered ON decision(number) WHERE state = 'resolved';
CREATE TABLE care(
  decision INTEGER PRIMARY KEY,
  changes INTEGER NOT NULL DEFAULT 0,   -- how often it has changed since it was opened
  claimed_by TEXT,
  claimed_until INTEGER,
  delegated_by TEXT NOT NULL DEFAULT '[]',  -- JSON list of the parties that passed it on
  first_due INTEGER,                    -- its deadline before it was put off
  deferred_to INTEGER                   -- its deadline since it was put off last
) STRICT;
CREATE TABLE looked(
  party TEXT NOT NULL,
  decision INTEGER NOT NULL,
  changes INTEGER NOT NULL,             -- how often it had changed by then
  PRIMARY KEY(party, decision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER asked_opened AFTER INSERT ON decision WHEN new.state = 'open' BEGIN
  INSERT OR IGNORE INTO asked(party, due, decision, kind)
    SELECT value, coalesce(new.due_at, CASE WHEN new.reminders > 0 THEN 0 ELSE 9223372036854775807 END),
      new.number, new.kind FROM json_each(new.asked_of);
END;
CREATE TRIGGER asked_moved AFTER UPDATE OF asked_of, due_at, reminders, state ON decision BEGIN
  DELETE FROM asked WHERE decision = new.number;
  INSERT OR IGNORE INTO asked(party, due, decision, kind)
    SELECT value, coalesce(new.due_at, CASE WHEN new.reminders > 0 THEN 0 ELSE 9223372036854775807 END),
      new.number, new.kind FROM json_each(new.asked_of) WHERE new.state = 'open';
END;
CREATE TRIGGER decision_changed AFTER UPDATE OF asked_of, due_at, reminders, votes ON decision BEGIN
  INSERT INTO care(decision, changes) VALUES(new.number, 1)
    ON CONFLICT(decision) DO UPDATE SET changes = changes + 1;
END;
INSERT OR IGNORE INTO asked(party, due, decision, kind)
  SELECT value, coalesce(due_at, CASE WHEN reminders > 0 THEN 0 ELSE 9223372036854775807 END), number, kind
  FROM decision, json_each(asked_of) WHERE state = 'open';
";

/// Somebody looks after a decision for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who.
    pub by: String,
    /// Until when; nobody's after that.
    pub until: Instant,
}

/// What was done about a decision before it was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Care {
    /// Who has taken it on, as long as that holds.
    pub claim: Option<Claim>,
    /// Who passed it on, oldest first.
    pub delegated_by: Vec<String>,
    /// Its deadline before it was put off.
    pub first_due: Option<Instant>,
    /// How often it has changed since it was opened.
    pub changes: u32,
}

/// What a decision is to somebody who comes to the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Never looked at.
    New,
    /// Changed since it was looked at.
    Changed,
    /// As it was when it was looked at.
    Seen,
}

/// What was done about `decision`; a claim that has lapsed at `now` is none.
pub fn care(db: &Connection, decision: &Decision, now: Instant) -> Result<Care> {
    let sql =
        "SELECT changes, claimed_by, claimed_until, delegated_by, first_due FROM care WHERE decision = ?1";
    let row = db.prepare_cached(sql)?.query_row([decision.number()], |row| {
        let (by, until): (Option<String>, Option<i64>) = (row.get(1)?, row.get(2)?);
        let claim = by.zip(until).map(|(by, until)| Claim { by, until: Instant(until) });
        Ok(Care {
            changes: row.get(0)?,
            claim: claim.filter(|claim| claim.until > now),
            delegated_by: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
            first_due: row.get::<_, Option<i64>>(4)?.map(Instant),
        })
    });
    Ok(row.optional()?.unwrap_or_default())
}

/// What `decision` is to `party`.
pub fn look_of(db: &Connection, decision: &Decision, party: &str) -> Result<Look> {
    let sql = "SELECT looked.changes >= coalesce(care.changes, 0) FROM looked
               LEFT JOIN care ON care.decision = looked.decision WHERE looked.party = ?1 AND looked.decision = ?2";
    let seen: Option<bool> =
        db.prepare_cached(sql)?.query_row((party, decision.number()), |row| row.get(0)).optional()?;
    Ok(match seen {
        None => Look::New,
        Some(false) => Look::Changed,
        Some(true) => Look::Seen,
    })
}

/// Remembers that `party` has looked at `decision` as it is now. No fact: who reads what is nobody's business.
pub fn looked(tx: &Tx<'_>, decision: &Decision, party: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO looked(party, decision, changes)
             VALUES(?1, ?2, coalesce((SELECT changes FROM care WHERE decision = ?2), 0))
             ON CONFLICT(party, decision) DO UPDATE SET changes = excluded.changes",
        )?
        .execute((party, decision.number()))?;
    Ok(())
}

/// Counts a change that the row of the decision does not show.
pub(super) fn changed(tx: &Tx<'_>, decision: &Decision) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO care(decision, changes) VALUES(?1, 1)
             ON CONFLICT(decision) DO UPDATE SET changes = changes + 1",
        )?
        .execute([decision.number()])?;
    Ok(())
}

/// Sets who looks after `decision`.
pub(super) fn set_claim(tx: &Tx<'_>, decision: &Decision, claim: Option<&Claim>) -> Result<()> {
    changed(tx, decision)?;
    tx.db()
        .prepare_cached("UPDATE care SET claimed_by = ?2, claimed_until = ?3 WHERE decision = ?1")?
        .execute((decision.number(), claim.map(|claim| &claim.by), claim.map(|claim| claim.until.0)))?;
    Ok(())
}

/// Notes that `by` passed `decision` on; whoever looked after it does so no more.
pub(super) fn passed_on(tx: &Tx<'_>, decision: &Decision, mut before: Care, by: &str) -> Result<()> {
    set_claim(tx, decision, None)?;
    before.delegated_by.push(by.to_owned());
    tx.db()
        .prepare_cached("UPDATE care SET delegated_by = ?2 WHERE decision = ?1")?
        .execute((decision.number(), text(&before.delegated_by)?))?;
    Ok(())
}

/// Notes the deadline `decision` had before it was put off for the first time, and the one it has now.
pub(super) fn put_off(tx: &Tx<'_>, decision: &Decision, (first, next): (Instant, Instant)) -> Result<()> {
    changed(tx, decision)?;
    tx.db()
        .prepare_cached("UPDATE care SET first_due = ?2, deferred_to = ?3 WHERE decision = ?1")?
        .execute((decision.number(), first.0, next.0))?;
    Ok(())
}

/// Whether the deadline `decision` has now is one it was put off to.
pub(super) fn was_put_off(db: &Connection, decision: &Decision) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM care WHERE decision = ?1 AND deferred_to = ?2)";
    let due = decision.ask.due_at.map(|due| due.0);
    Ok(db.prepare_cached(sql)?.query_row((decision.number(), due), |row| row.get(0))?)
}
