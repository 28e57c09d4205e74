//! Rows that are read as truth, and what the chain says of them.
//!
//! What an append changes of such rows, its last fact says as well: the member `rows` names each with its seal, a hash
//! of its columns. So the chain knows of every row what it was last, and a row that somebody changed, put in or took
//! away past this door differs from it. Where an append changes rows and records no fact, a fact of its own says it.
//!
//! What workflows are told is written with nearly every append, mostly without a fact: those rows wait, in a table of
//! the journal, for the next fact of whichever process, whatever it is about.

use super::chain;
use super::tx::Tx;
use crate::base::text::put;
use crate::base::{Digest, problem::Result};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are read as truth. A change of `columns` needs a new journal format, with which they are sealed anew as
/// they are found.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// What they are called in facts: the table, or a part of its columns that is written on its own.
    pub name: &'static str,
    /// Their table.
    pub table: &'static str,
    /// One or two columns that tell its rows apart.
    pub key: (&'static str, Option<&'static str>),
    /// What is compared; the first word of each is a column.
    pub columns: &'static [&'static str],
    /// Of rows that wait for the next fact: the column that is not null once they are whole.
    pub written: Option<&'static str>,
    /// The journal format that seals these columns first.
    pub since: i64,
}

/// The journal's own: a payload that a fact names is there, or its erasure is on record.
pub const KEPT_PAYLOADS: Kept = Kept::of("blob", ("hash", None), &["bytes IS NULL"]);

/// What workflows began with, which a replay believes.
pub const KEPT_WORKFLOWS: Kept =
    Kept::of("workflow", ("id", None), &["kind", "version", "parent", "input", "created_at"])
        .written("created_at")
        .since(6);
/// What workflows came to.
pub const KEPT_ENDS: Kept = Kept { name: "workflow_end", ..KEPT_WORKFLOWS }
    .of_columns(&["state", "outcome", "ended_at"])
    .written("ended_at");
/// What each workflow was told on its way. Written once.
pub const KEPT_STEPS: Kept = Kept::of(
    "step",
    ("workflow", Some("ordinal")),
    &["kind", "name", "key", "input_hash", "position", "outcome"],
)
.written("position");
/// What workflows are to be told.
pub const KEPT_SIGNALS: Kept =
    Kept::of("signal", ("id", None), &["workflow", "name", "payload", "at"]).written("at").since(6);
/// Timers that were set anew because the clock was; all others fire when their step says.
pub const KEPT_TIMERS: Kept = Kept::of("timer", ("workflow", Some("ordinal")), &["due_at", "brought_back"])
    .written("brought_back")
    .since(6);

/// The member of a fact that seals rows.
pub const ROWS: &str = "rows";
/// The kind of facts that do nothing else, and what they are about.
const ROWS_KEPT: &str = "rows_kept";
const SUBJECT: &str = "rows";
/// The kind of facts that seal what an older sopd had left.
const ROWS_FOUND: &str = "rows_found";
/// Digits of a seal that bind the whole row; four more for each column say which one differs.
const WHOLE: usize = 32;
const EACH: usize = 4;
/// Rows that one fact seals: about 30 KiB.
const MOST_AT_ONCE: usize = 250;
/// The rows an append touches, and those that wait for the next fact.
const TOUCHED: &str = "touched";
const UNSEALED: &str = "unsealed";

/// What format 5 adds: rows that are written and in no fact yet.
pub const TABLES_5: &str = "
CREATE TABLE unsealed(
  kept TEXT NOT NULL,                   -- the table of the row
  one ANY NOT NULL,                     -- its key, as in facts
  two ANY NOT NULL,
  PRIMARY KEY(kept, one, two)
) STRICT, WITHOUT ROWID;
";

/// What format 6 adds.
pub const TABLES_6: &str = "
ALTER TABLE timer ADD COLUMN brought_back INTEGER; -- when it was set anew because the clock was
UPDATE timer SET brought_back = due_at FROM step
  WHERE step.workflow = timer.workflow AND step.ordinal = timer.ordinal AND step.input_hash <> timer.due_at;
-- A start looks for what waits without a timer: few of all steps are such.
CREATE INDEX step_timer ON step(workflow, ordinal) WHERE kind = 'timer' AND position IS NULL AND outcome IS NULL;
";

impl Kept {
    /// A table whose rows are sealed by the append that changes them.
    pub const fn of(
        table: &'static str,
        key: (&'static str, Option<&'static str>),
        columns: &'static [&'static str],
    ) -> Self {
        Self { name: table, table, key, columns, written: None, since: 5 }
    }

    const fn of_columns(self, columns: &'static [&'static str]) -> Self {
        Self { columns, ..self }
    }

    /// Whole once `column` is not null, and sealed with the next fact.
    const fn written(self, column: &'static str) -> Self {
        Self { written: Some(column), ..self }
    }

    /// Sealed from this journal format on.
    #[must_use]
    pub const fn since(self, format: i64) -> Self {
        Self { since: format, ..self }
    }

    /// `run_step sop_run_1 3`: a row's name in facts.
    fn named(&self, (one, two): &(Sql, Sql)) -> String {
        let word = |value: &Sql| match value {
            Sql::Integer(number) => number.to_string(),
            Sql::Text(text) => text.clone(),
            _ => String::new(),
        };
        match self.key.1 {
            None => format!("{} {}", self.name, word(one)),
            Some(_) => format!("{} {} {}", self.name, word(one), word(two)),
        }
    }

    /// Reads the key and all columns, in a form that is the same for the same values.
    fn select(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("quote({column})")).collect();
        let second = self.key.1.unwrap_or("''");
        let counts = self.written.map_or("1".to_owned(), |column| format!("{column} IS NOT NULL"));
        format!("SELECT {}, {second}, {} FROM {} WHERE {counts}", self.key.0, columns.join(", "), self.table)
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<((Sql, Sql), String)> {
        let mut whole = String::new();
        let mut each = String::new();
        for place in 0..self.columns.len() {
            let text = row.get_ref(place + 2)?.as_str()?;
            whole.push_str(text);
            whole.push('\u{1f}');
            each.extend(Digest::of(text).0.chars().take(EACH));
        }
        let seal = Digest::of(&whole).0.chars().take(WHOLE).chain(each.chars()).collect();
        Ok(((row.get(0)?, row.get(1)?), seal))
    }

    fn one(&self, db: &Connection, (one, two): &(Sql, Sql)) -> Result<Option<String>> {
        let second = self.key.1.unwrap_or("''");
        let sql = format!("{} AND {} = ?1 AND {second} = ?2", self.select(), self.key.0);
        let found = db.prepare_cached(&sql)?.query_row((one, two), |row| self.read(row));
        Ok(found.optional()?.map(|(_, seal)| seal))
    }

    /// The columns that differ between two seals.
    fn differing(&self, said: &str, found: &str) -> String {
        let part = |seal: &str, nth: usize| -> String {
            seal.chars().skip(WHOLE + nth * EACH).take(EACH).collect::<String>()
        };
        let differ = |nth: &usize| part(said, *nth) != part(found, *nth);
        let names = self.columns.iter().enumerate().filter(|(nth, _)| differ(nth));
        let names = names.filter_map(|(_, name)| name.split(' ').next());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Makes this connection notice which rows its statements touch. Others' connections do not: what is not appended
/// through sopd is not sealed.
pub(super) fn watch(db: &Connection, kept: &[Kept]) -> Result<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut sql = format!(
        "CREATE TEMP TABLE {TOUCHED}(kept TEXT, one, two, PRIMARY KEY(kept, one, two)) WITHOUT ROWID;"
    );
    for Kept { name, table, key, columns, written, .. } in kept {
        let named: Vec<&str> = columns.iter().filter_map(|column| column.split(' ').next()).collect();
        let changed = format!("UPDATE OF {}", named.join(", "));
        let list = if written.is_some() { UNSEALED } else { TOUCHED };
        for (nth, (what, row)) in
            [("INSERT", "new"), (changed.as_str(), "new"), ("DELETE", "old")].into_iter().enumerate()
        {
            let second = key.1.map_or("''".to_owned(), |second| format!("{row}.{second}"));
            let counts = written.map_or("1".to_owned(), |column| format!("{row}.{column} IS NOT NULL"));
            put(
                &mut sql,
                format_args!(
                    "CREATE TEMP TRIGGER touched_{name}_{nth} AFTER {what} ON main.{table} WHEN {counts} BEGIN
                   INSERT INTO {list} VALUES('{name}', {row}.{}, {second}) ON CONFLICT DO NOTHING; END;",
                    key.0
                ),
            );
        }
    }
    Ok(db.execute_batch(&sql)?)
}

/// Seals what an append has touched, in its last fact, and with it what waited for one.
pub(super) fn seal(tx: &Tx<'_>, kept: &[Kept]) -> Result<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut rows = take(tx, kept, TOUCHED)?;
    if rows.is_empty() && tx.last_fact().is_none() {
        return Ok(());
    }
    rows.extend(take(tx, kept, UNSEALED)?);
    say(tx, rows, tx.last_fact().is_none().then_some(ROWS_KEPT), ROWS_KEPT)
}

/// The rows of a list with their seals, and empties it.
fn take(tx: &Tx<'_>, kept: &[Kept], list: &str) -> Result<Vec<(String, Value)>> {
    let mut rows = Vec::new();
    let mut statement = tx.db().prepare_cached(&format!("SELECT kept, one, two FROM {list}"))?;
    let mut touched = statement.query([])?;
    while let Some(row) = touched.next()? {
        let name: String = row.get(0)?;
        let Some(kept) = kept.iter().find(|kept| kept.name == name) else { continue };
        let key = (row.get(1)?, row.get(2)?);
        let seal = kept.one(tx.db(), &key)?.unwrap_or_default();
        rows.push((kept.named(&key), Value::from(seal)));
    }
    if !rows.is_empty() {
        tx.db().prepare_cached(&format!("DELETE FROM {list}"))?.execute([])?;
    }
    Ok(rows)
}

/// Says what rows are, in as many facts as it takes: first in the last one of this append, unless a kind is named for
/// one of its own.
fn say(
    tx: &Tx<'_>,
    mut rows: Vec<(String, Value)>,
    mut first: Option<&'static str>,
    further: &'static str,
) -> Result<()> {
    while !rows.is_empty() {
        let part: Map<String, Value> = rows.drain(..rows.len().min(MOST_AT_ONCE)).collect();
        if let Some(kind) = first {
            tx.event(SUBJECT, kind, &json!({}))?;
        }
        chain::add(tx, ROWS, &Value::Object(part))?;
        first = Some(further);
    }
    Ok(())
}

/// Seals rows as they are found: those an older sopd, which wrote format `found`, did not seal.
pub(super) fn found(tx: &Tx<'_>, kept: &[Kept], found: i64) -> Result<()> {
    let mut rows = Vec::new();
    for one in kept.iter().filter(|one| one.since > found) {
        let mut statement = tx.db().prepare(&one.select())?;
        let read = statement.query_map([], |row| one.read(row))?;
        for row in read {
            let (key, seal) = row?;
            rows.push((one.named(&key), Value::from(seal)));
        }
    }
    say(tx, rows, Some(ROWS_FOUND), ROWS_FOUND)
}

/// The names of rows that are in no fact yet.
fn unsealed(db: &Connection, kept: &[Kept]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for one in kept.iter().filter(|one| one.written.is_some()) {
        let mut statement = db.prepare(&format!("SELECT one, two FROM {UNSEALED} WHERE kept = ?1"))?;
        for key in statement.query_map([one.name], |row| Ok((row.get(0)?, row.get(1)?)))? {
            names.insert(one.named(&key?));
        }
    }
    Ok(names)
}

/// What the chain says of rows.
#[derive(Default)]
pub(super) struct Said {
    /// By a row's name: the fact that sealed it last, that fact's kind, and the seal; empty of a row that is gone.
    rows: BTreeMap<String, (i64, String, String)>,
}

impl Said {
    /// Takes in what one more fact says.
    pub(super) fn hear(&mut self, (seq, kind): (i64, &str), fact: &Value) {
        for (name, seal) in fact.get(ROWS).and_then(Value::as_object).into_iter().flatten() {
            let seal = seal.as_str().unwrap_or_default().to_owned();
            // What a workflow was told stays as it was known first, until it is taken away.
            let once = name.split(' ').next() == Some(KEPT_STEPS.name);
            if !once || seal.is_empty() || self.rows.get(name).is_none_or(|(_, _, known)| known.is_empty()) {
                self.rows.insert(name.clone(), (seq, kind.to_owned(), seal));
            }
        }
    }

    /// How many rows are known only as an older sopd had left them.
    pub(super) fn found(&self) -> usize {
        self.rows.values().filter(|(_, kind, _)| kind == ROWS_FOUND).count()
    }

    /// Compares all rows with what the chain says of them: how many there are, and what differs, a sentence each.
    pub(super) fn compare(mut self, db: &Connection, kept: &[Kept]) -> Result<(usize, Vec<String>)> {
        let (mut rows, mut wrong) = (0, Vec::new());
        let unsealed = unsealed(db, kept)?;
        for one in kept {
            let mut statement = db.prepare(&one.select())?;
            for row in statement.query_map([], |row| one.read(row))? {
                let (key, found) = row?;
                let name = one.named(&key);
                rows += 1;
                match self.rows.remove(&name) {
                    Some((_, _, said)) if said == found => {}
                    Some((seq, kind, said)) if !said.is_empty() => wrong.push(format!(
                        "row `{name}` is not what fact {seq} ({kind}) left; changed: {}",
                        one.differing(&said, &found)
                    )),
                    None if unsealed.contains(&name) => {}
                    _ => wrong.push(format!("row `{name}` is in no fact: somebody else put it in")),
                }
            }
        }
        let gone =
            self.rows.into_iter().filter(|(name, (_, _, said))| !said.is_empty() && !unsealed.contains(name));
        wrong.extend(
            gone.map(|(name, (seq, kind, _))| {
                format!("row `{name}`, which fact {seq} ({kind}) left, is gone")
            }),
        );
        Ok((rows, wrong))
    }
}
