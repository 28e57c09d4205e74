//! Rows that are read as truth, and what the chain says of them.
//!
//! What an append changes of such rows, its last fact says as well: the member `rows` names each with its seal, a hash
//! of its columns. So the chain knows of every row what it was last, and a row that somebody changed, put in or took
//! away past this door differs from it. Where an append changes rows and records no fact, a fact of its own says it.

use super::chain;
use super::tx::Tx;
use crate::base::text::put;
use crate::base::{Digest, problem::Result};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A table whose rows are read as truth. A change of `columns` needs a new journal format, with which all rows are
/// sealed anew as they are found.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Its name.
    pub table: &'static str,
    /// One or two columns that tell its rows apart.
    pub key: (&'static str, Option<&'static str>),
    /// What is compared; the first word of each is a column.
    pub columns: &'static [&'static str],
}

/// The journal's own: a payload that a fact names is there, or its erasure is on record.
pub const KEPT_PAYLOADS: Kept = Kept { table: "blob", key: ("hash", None), columns: &["bytes IS NULL"] };

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

impl Kept {
    /// `run_step sop_run_1 3`: a row's name in facts.
    fn name(&self, (one, two): &(Sql, Sql)) -> String {
        let word = |value: &Sql| match value {
            Sql::Integer(number) => number.to_string(),
            Sql::Text(text) => text.clone(),
            _ => String::new(),
        };
        match self.key.1 {
            None => format!("{} {}", self.table, word(one)),
            Some(_) => format!("{} {} {}", self.table, word(one), word(two)),
        }
    }

    /// Reads the key and all columns, in a form that is the same for the same values.
    fn select(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("quote({column})")).collect();
        let second = self.key.1.unwrap_or("''");
        format!("SELECT {}, {second}, {} FROM {}", self.key.0, columns.join(", "), self.table)
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
        let sql = format!("{} WHERE {} = ?1 AND {second} = ?2", self.select(), self.key.0);
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
    let mut sql =
        "CREATE TEMP TABLE touched(place INTEGER, one, two, PRIMARY KEY(place, one, two)) WITHOUT ROWID;"
            .to_owned();
    for (place, Kept { table, key, columns }) in kept.iter().enumerate() {
        let named: Vec<&str> = columns.iter().filter_map(|column| column.split(' ').next()).collect();
        let changed = format!("UPDATE OF {}", named.join(", "));
        for (nth, (what, row)) in
            [("INSERT", "new"), (changed.as_str(), "new"), ("DELETE", "old")].into_iter().enumerate()
        {
            let second = key.1.map_or("''".to_owned(), |second| format!("{row}.{second}"));
            put(
                &mut sql,
                format_args!(
                    "CREATE TEMP TRIGGER touched_{table}_{nth} AFTER {what} ON main.{table} BEGIN
                   INSERT INTO touched VALUES({place}, {row}.{}, {second}) ON CONFLICT DO NOTHING; END;",
                    key.0
                ),
            );
        }
    }
    Ok(db.execute_batch(&sql)?)
}

/// Seals what an append has touched, in its last fact.
pub(super) fn seal(tx: &Tx<'_>, kept: &[Kept]) -> Result<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    let mut statement = tx.db().prepare_cached("SELECT place, one, two FROM touched")?;
    let mut touched = statement.query([])?;
    while let Some(row) = touched.next()? {
        let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(usize::MAX);
        let Some(kept) = kept.get(place) else { continue };
        let key = (row.get(1)?, row.get(2)?);
        let seal = kept.one(tx.db(), &key)?.unwrap_or_default();
        rows.push((kept.name(&key), Value::from(seal)));
    }
    drop(touched);
    if rows.is_empty() {
        return Ok(());
    }
    // What follows touches no row.
    tx.db().prepare_cached("DELETE FROM touched")?.execute([])?;
    say(tx, rows, tx.last_fact().is_none().then_some(ROWS_KEPT), ROWS_KEPT)
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

/// Seals all rows as they are found: those an older sopd has left.
pub(super) fn found(tx: &Tx<'_>, kept: &[Kept]) -> Result<()> {
    let mut rows = Vec::new();
    for one in kept {
        let mut statement = tx.db().prepare(&one.select())?;
        let read = statement.query_map([], |row| one.read(row))?;
        for row in read {
            let (key, seal) = row?;
            rows.push((one.name(&key), Value::from(seal)));
        }
    }
    say(tx, rows, Some(ROWS_FOUND), ROWS_FOUND)
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
            self.rows.insert(name.clone(), (seq, kind.to_owned(), seal));
        }
    }

    /// How many rows are known only as an older sopd had left them.
    pub(super) fn found(&self) -> usize {
        self.rows.values().filter(|(_, kind, _)| kind == ROWS_FOUND).count()
    }

    /// Compares all rows with what the chain says of them: how many there are, and what differs, a sentence each.
    pub(super) fn compare(mut self, db: &Connection, kept: &[Kept]) -> Result<(usize, Vec<String>)> {
        let (mut rows, mut wrong) = (0, Vec::new());
        for one in kept {
            let mut statement = db.prepare(&one.select())?;
            for row in statement.query_map([], |row| one.read(row))? {
                let (key, found) = row?;
                let name = one.name(&key);
                rows += 1;
                match self.rows.remove(&name) {
                    Some((_, _, said)) if said == found => {}
                    Some((seq, kind, said)) if !said.is_empty() => wrong.push(format!(
                        "row `{name}` is not what fact {seq} ({kind}) left; changed: {}",
                        one.differing(&said, &found)
                    )),
                    _ => wrong.push(format!("row `{name}` is in no fact: somebody else put it in")),
                }
            }
        }
        let gone = self.rows.into_iter().filter(|(_, (_, _, said))| !said.is_empty());
        wrong.extend(
            gone.map(|(name, (seq, kind, _))| {
                format!("row `{name}`, which fact {seq} ({kind}) left, is gone")
            }),
        );
        Ok((rows, wrong))
    }
}
